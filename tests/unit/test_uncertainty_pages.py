"""The pages' tables, sentences and figures, from runs in memory."""

import re

import numpy as np
import pandas as pd
import pytest

from skinlib import figures, paths
from skinlib.classes import CLASSES, LONG_NAMES
from skinlib.evidence import asked, subgroups, uncertainty_pages, uncertainty_words
from skinlib.evidence.draws import Estimate
from skinlib.runs import Run, write_predictions

FILES = re.compile(r"\.\./results/(?:tables|figures)/([\w-]+)\.(csv|md|svg)")


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two runs of 240 images, of which the second knows more and promises too much."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    rng = np.random.default_rng(0)
    lesions = np.arange(240) // 2
    labels = rng.choice(7, 240, p=[0.1, 0.1, 0.1, 0.05, 0.2, 0.4, 0.05])[lesions]
    table = pd.DataFrame(
        {
            "image_id": [f"I{k}" for k in range(240)],
            "lesion_id": [f"L{k}" for k in lesions],
            "dx": [CLASSES[k] for k in labels],
            "sex": np.where(rng.random(240) < 0.5, "female", "male"),
            "age": rng.integers(20, 90, 240).astype(float),
            "localization": "back",
            "dx_type": "histo",
        }
    )
    part = np.where(lesions < 60, "validation", "test")
    made = {}
    for name, knows, sure in (("plain", 0.5, 1.0), ("sharp", 1.5, 6.0)):
        logits = sure * (rng.normal(0, 1, (240, 7)) + knows * np.eye(7)[labels])
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        folder = tmp_path / name
        write_predictions(folder, table, part, p / p.sum(axis=1, keepdims=True))
        record = {
            "status": "finished", "run": name, "study": "none", "identity": name,
            "data": {"fingerprint": "0"}, "split": {"hash": "0"},
        }  # fmt: skip
        made[name] = Run(folder, record)
    return made, table


def wanted():
    """Return the files that the two book pages include, by kind."""
    found = {"csv": set(), "md": set(), "svg": set()}
    for page in ("uncertainty", "subgroups"):
        text = (paths.ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
        for name, kind in FILES.findall(text):
            found[kind].add(name)
    return found


def check(made):
    """Everything that the pages include is made, nothing else is, and all of it can be drawn."""
    for content, kind in zip(made, ("csv", "md", "svg"), strict=True):
        assert set(content) == wanted()[kind]
    frames, texts, drawn = made
    assert all(len(frame) for frame in frames.values())
    for text in texts.values():
        assert text.endswith("\n")
        assert not re.search(r"\bnan\b|None", text), text
    assert all(b"<svg" in figures.to_svg(figure) for figure in drawn.values())


def test_pages_of_two_models(runs):
    runs, table = runs
    found = {title: subgroups.measure(run, table, draws=50) for title, run in runs.items()}
    made = uncertainty_pages.pages(runs, found)
    check(made)
    frames, texts, _ = made
    told = texts["uncertainty-tests"]
    assert "Both tests tell their accuracies apart, in favour of *sharp*" in told
    # First less second, as the table and its caption have it.
    right = {name: run.predictions("test") for name, run in runs.items()}
    right = {name: (frame[list(CLASSES)].idxmax(axis=1) == frame["label"]).mean()
             for name, frame in right.items()}  # fmt: skip
    gap = right["plain"] - right["sharp"]
    assert gap < -0.05
    assert f"*plain* against *sharp*: accuracy {gap:+.3f} [" in told
    assert frames["uncertainty-differences"]["Accuracy"][0].startswith(f"{gap:+.3f} [")
    assert "*sharp* promises too much" in texts["calibration-scores"]
    given, scaled = frames["calibration-scores"].query("Model == 'sharp'")["NLL"].astype(float)
    assert scaled < given
    assert list(frames["subgroups-sex"]["Sex"])[-1] == "all images"
    # What is stored for another training of the same title is not shown.
    found["plain"]["identity"] = "older"
    assert "*sharp*" in uncertainty_pages.pages(runs, found)[1]["subgroups-about"]


def test_pages_of_one_model_without_validation(runs):
    (_, run), _ = list(runs[0].items())[1], runs[1]
    path = run.folder / "predictions.csv"
    frame = pd.read_csv(path)
    frame[frame["part"] == "test"].to_csv(path, index=False)
    made = uncertainty_pages.pages({"alone": run}, {})
    check(made)
    assert "needs two" in made[1]["uncertainty-tests"]
    assert "has no validation part" in made[1]["calibration-scores"]
    assert set(made[0]["uncertainty-melanoma"]["Sensitivity"]) == {"–"}


def test_only_pairs_with_the_first_model_are_told():
    columns = ["first", "second", "only_first", "only_second", "holm_image", "holm_lesion"]
    rows = [["a", "b", 9, 1, 0.01, 0.02], ["a", "c", 5, 5, 1.0, 1.0], ["b", "c", 2, 3, 1.0, 1.0]]
    gaps = pd.DataFrame(
        [[*row[:2], "accuracy", Estimate(0.1, 0.05, 0.2)] for row in rows],
        columns=["first", "second", "metric", "difference"],
    )
    told = uncertainty_words.of_tests(pd.DataFrame(rows, columns=columns), gaps, 100, 90)
    assert "3 pairs" in told
    assert "Those with *a* are told here; the tables have all." in told
    assert told.count("\n* ") == 2
    assert "* *a* against *b*: accuracy +0.100 [+0.050, +0.200]. Both tests tell their" in told
    assert "*b* against *c*" not in told
    two = uncertainty_words.of_tests(pd.DataFrame(rows[:1], columns=columns), gaps, 100, 90)
    assert "told here" not in two


def test_the_confidence_of_an_answer_is_chosen_on_validation(runs, monkeypatch):
    """By pandas alone: the lowest at which few enough answers are wrong there."""
    monkeypatch.setattr(uncertainty_pages, "RISK", 0.3)
    frames, texts, _ = uncertainty_pages.pages(runs[0], {})
    row = frames["uncertainty-selective"].set_index("Model").loc["sharp"]
    frame = runs[0]["sharp"].predictions()
    frame["sure"] = frame[list(CLASSES)].max(axis=1)
    frame["wrong"] = frame[list(CLASSES)].idxmax(axis=1) != frame["label"]
    parts = {
        part: rows.sort_values("sure", ascending=False) for part, rows in frame.groupby("part")
    }
    held_out, test = parts["validation"], parts["test"]
    kept = held_out["sure"][held_out["wrong"].expanding().mean() <= 0.3].min()
    answered = test[test["sure"] >= kept]
    assert 0.2 < len(answered) / len(test) < 0.95
    assert row["Least confidence (validation)"] == f"{kept:.3f}"
    assert row["Answered"].startswith(f"{len(answered) / len(test):.3f} [")
    assert row["Error among them"].startswith(f"{answered['wrong'].mean():.3f} [")
    text = next(t for t in texts["uncertainty-selective"].splitlines() if "*sharp*" in t)
    assert f"answers **{100 * len(answered) / len(test):.1f} % [" in text
    assert "Its own curve on the test part would promise 30 % at a coverage of" in text


def test_a_change_that_rounds_to_nothing_is_no_verdict():
    said = uncertainty_words._changed
    assert said(Estimate(2e-5, 1e-5, 4e-4)) == "leaves the NLL as it is, to three places"
    assert said(Estimate(0.002, 0.001, 0.003)).startswith("costs")
    assert said(Estimate(-0.002, -0.003, -0.001)).startswith("gains")
    assert said(Estimate(0.0, -0.001, 0.001)).startswith("leaves open")


def test_the_names_of_models_and_diagnoses_are_explained():
    names = (paths.ROOT / "book" / "_names.md").read_text(encoding="utf-8")
    plain = " ".join(names.split())
    for run in asked.one_seed().values():
        assert f"*{run.record['recipe']['name'].removesuffix('-frozen')}*" in names
    assert "-frozen*" in names
    for code, words in LONG_NAMES.items():
        assert f"*{code}*, {words}" in plain
    for page in ("uncertainty", "subgroups"):
        text = (paths.ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
        assert text.index("```{include} _names.md") < text.index("csv-table")


def test_nothing_has_run():
    made = uncertainty_pages.pages({"missing": None}, {})
    check(made)
    assert made[0]["calibration-scores"].to_numpy().tolist() == [["not run"]]
