"""Numbers fixed on the validation set, and what they do on a test set."""

import numpy as np
import pandas as pd
import pytest

from skinlib.common.classes import CLASSES
from skinlib.experiments.run import Run, write_predictions
from skinlib.plots import abstention
from skinlib.plots.style import to_svg
from skinlib.stats import operating, operating_tables


@pytest.fixture
def runs(tmp_path):
    """Two runs of 240 images; the second knows more and is overconfident."""
    rng = np.random.default_rng(0)
    lesions = np.arange(240) // 2
    labels = rng.choice(7, 240, p=[0.1, 0.1, 0.1, 0.05, 0.2, 0.4, 0.05])[lesions]
    table = pd.DataFrame(
        {
            "image_id": [f"I{k}" for k in range(240)],
            "lesion_id": [f"L{k}" for k in lesions],
            "dx": [CLASSES[k] for k in labels],
        }
    )
    parts = np.where(lesions < 60, "validation", "test")
    made = {}
    for name, knows, sure in (("plain", 0.5, 1.0), ("sharp", 1.5, 6.0)):
        logits = sure * (rng.normal(0, 1, (240, 7)) + knows * np.eye(7)[labels])
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        write_predictions(tmp_path / name, table, parts, p / p.sum(axis=1, keepdims=True))
        made[name] = Run(tmp_path / name, {"status": "finished"})
    return made


def by_confidence(run):
    """Return by part the confidence of each answer and whether it is wrong, the surest first."""
    frame = run.predictions()
    frame["sure"] = frame[list(CLASSES)].max(axis=1)
    frame["wrong"] = frame[list(CLASSES)].idxmax(axis=1) != frame["label"]
    return {part: rows.sort_values("sure", ascending=False) for part, rows in frame.groupby("part")}


def test_the_least_confidence_is_chosen_on_validation_and_measured_on_the_test_set(runs):
    """By pandas alone: the lowest at which few enough answers are wrong there."""
    fixed = operating.fix(runs["sharp"], risk=0.3)
    parts = by_confidence(runs["sharp"])
    held_out, test = parts["validation"], parts["test"]
    kept = held_out["sure"][held_out["wrong"].expanding().mean() <= 0.3].min()
    assert fixed.confidence == pytest.approx(kept)
    answered = test[test["sure"] >= kept]
    assert 0.2 < len(answered) / len(test) < 0.95
    found = operating.abstention(runs["sharp"], "test", fixed.confidence)
    assert found["answered"].value == pytest.approx(len(answered) / len(test))
    assert found["risk"].value == pytest.approx(answered["wrong"].mean())
    assert found["error"].value == pytest.approx(test["wrong"].mean())
    assert found["risk"].low < found["risk"].value < found["risk"].high


def test_a_run_without_validation_has_nothing_fixed(runs):
    path = runs["sharp"].folder / "predictions.csv"
    frame = pd.read_csv(path)
    frame[frame["part"] == "test"].to_csv(path, index=False)
    assert operating.fix(Run(path.parent, {"status": "finished"})) is None


def test_the_temperature_softens_what_is_overconfident(runs):
    fixed = operating.fix(runs["sharp"])
    assert fixed.temperature > 1
    given = operating.scores(runs["sharp"], "test")
    scaled = operating.scores(runs["sharp"], "test", fixed.temperature)
    assert given["over"].low > 0
    assert scaled["nll"] < given["nll"]
    assert scaled["nll_change"].value == pytest.approx(scaled["nll"] - given["nll"])
    assert given["nll_change"].value == 0
    plain, softer = operating.bins(runs["sharp"], "test", fixed.temperature)
    assert plain["images"].sum() == softer["images"].sum() == 120
    assert operating.bins(runs["sharp"], "test")[1] is None


def test_melanoma_thresholds_reach_their_specificity_on_validation(runs):
    fixed = operating.fix(runs["sharp"])
    for row in operating.melanoma(runs["sharp"], "validation", fixed.thresholds):
        assert row["specificity"].value >= row["aim"]
        assert row["sensitivity"].value == pytest.approx(row["by_curve"].value)


def test_tables_have_a_row_a_model_and_what_was_measured(runs):
    fixed = {name: operating.fix(run, risk=0.3) for name, run in runs.items()}
    fixed = {name: at for name, at in fixed.items() if at.confidence is not None}
    assert "sharp" in fixed
    kept = {
        part: {
            name: operating.abstention(runs[name], part, at.confidence)
            for name, at in fixed.items()
        }
        for part in ("validation", "test")
    }
    table = operating_tables.of_abstention(kept, fixed)
    assert len(table) == 2 * len(fixed)
    row = table.query("Model == 'sharp' and `Test set` == 'test'").iloc[0]
    assert row["Error among the answers"] == kept["test"]["sharp"]["risk"].text()
    given = {name: operating.scores(run, "test") for name, run in runs.items()}
    scaled = {"sharp": operating.scores(runs["sharp"], "test", 2.0)}
    table = operating_tables.of_scores(given, scaled)
    assert list(table["Model"]) == ["plain", "sharp", "sharp"]
    assert list(table["Change of NLL"])[:2] == ["–", "–"]
    curves = {name: operating.curve(run, "test") for name, run in runs.items()}
    table = operating_tables.of_curves(curves, coverage=0.8, risk=0.1)
    assert list(table["Error of the surest 80 %"]) == [c["surest"].text() for c in curves.values()]
    found = {"sharp": operating.melanoma(runs["sharp"], "test", fixed["sharp"].thresholds)}
    assert list(operating_tables.of_melanoma(found)["Specificity aimed at"]) == ["90 %", "95 %"]
    risk = {part: {name: e["risk"] for name, e in each.items()} for part, each in kept.items()}
    assert b"10 % was the aim" in to_svg(abstention.risks(risk, 0.1))


def test_bars_write_their_shares():
    drawn = to_svg(abstention.outcomes({"all": (0.68, 0.28, 0.04)}))
    assert b">68<" in drawn
    assert b">28<" in drawn
    assert b">4<" not in drawn
