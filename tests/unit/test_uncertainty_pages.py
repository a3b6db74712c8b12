"""The pages' tables, sentences and figures, from runs in memory."""

import re

import numpy as np
import pandas as pd
import pytest

from skinlib import figures, paths
from skinlib.classes import CLASSES
from skinlib.evidence import subgroups, uncertainty_pages, uncertainty_words
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
    assert "in favour of *sharp*" in texts["uncertainty-tests"]
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
    gaps = pd.DataFrame(columns=["first", "second", "metric", "difference"])
    told = uncertainty_words.of_tests(pd.DataFrame(rows, columns=columns), gaps, 100, 90)
    assert "3 pairs" in told
    assert "Those with *a* are told here; the tables have all." in told
    assert told.count("\n* ") == 2
    assert "*c* against *b*" not in told
    two = uncertainty_words.of_tests(pd.DataFrame(rows[:1], columns=columns), gaps, 100, 90)
    assert "told here" not in two


def test_nothing_has_run():
    made = uncertainty_pages.pages({"missing": None}, {})
    check(made)
    assert made[0]["calibration-scores"].to_numpy().tolist() == [["not run"]]
