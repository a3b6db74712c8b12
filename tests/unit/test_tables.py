"""Tables, sentences and figures of the book, from a run made by hand."""

import numpy as np
import pandas as pd
import pytest
from records import blank

from skinlib import figures, paths, prose, runs, tables
from skinlib.classes import CLASSES
from skinlib.recipes import PAPER, get_recipe


def make(folder, name, recipe, right, status="finished"):
    """A run of 70 test images, ten a class, of which `right` a class are classified rightly."""
    labels = np.repeat(np.arange(7), 10)
    predicted = np.where(np.tile(np.arange(10), 7) < right, labels, (labels + 1) % 7)
    probabilities = np.full((70, 7), 0.05)
    probabilities[np.arange(70), predicted] = 0.7
    table = pd.DataFrame(
        {
            "image_id": [f"ISIC_{i:07d}" for i in range(70)],
            "lesion_id": [f"L{i // 2}" for i in range(70)],
            "dx": [CLASSES[label] for label in labels],
        }
    )
    path = folder / name
    path.mkdir(parents=True)
    runs.write_predictions(path, table, ["test"] * 70, probabilities)
    history = [{"epoch": 1, "loss": 2.0, "accuracy": 0.3, "val_loss": 1.9, "val_accuracy": 0.4}]
    runs.write_history(path, history)
    record = blank() | {
        "identity": name, "run": name, "status": status, "backbone": "MobileNetV2",
        "recipe": get_recipe(recipe).to_json(), "changes": {}, "input_size": 96,
        "data": {"name": "ham10000-256px", "fingerprint": "f"}, "seed": 0,
        "split": {"unit": "image", "hash": "h", "lesions_on_both_sides": 3},
        "weights": {"source": "none"}, "device": "cpu", "versions": {"keras": "3", "backend": "b"},
        "epochs": 1, "best_epoch": 1, "selection": "test", "seconds_per_epoch": 2.0,
        "finished": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    runs.write_record(path, record)
    return runs.read_run(path)


@pytest.fixture
def pair(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    folder = tmp_path / "runs" / "s"
    return make(folder, "a", "md-as-logged", 8), make(folder, "b", "clean", 5)


def test_three_columns_show_paper_log_and_ours(pair):
    table = tables.three_columns("MobileNetV2", {"A": pair[0], "B": None}).set_index("Metric")
    assert table.loc["accuracy", "Paper"] == "0.81"
    assert table.loc["accuracy", "Logged"] == "0.8092"
    assert table.loc["accuracy", "A"].startswith("0.800 [")
    assert table.loc["mean recall", "A"].startswith("0.800 [")
    assert set(table["B"]) == {"not run"}
    assert table.loc["one-vs-rest balanced accuracy", "Logged"] == "–"


def test_an_interval_holds_its_value(pair):
    value, (low, high) = tables.Measured(pair[1]).bounds("accuracy")
    assert value == 0.5
    assert low < value < high


def test_per_class_counts_by_hand(pair):
    """Eight of ten right a class; the other two of class c went to class c + 1."""
    table = tables.per_class(pair[0])
    assert table["Images"].tolist() == [10] * 7
    assert set(table["Sensitivity"]) == {"0.800"}
    assert set(table["Specificity"]) == {f"{58 / 60:.3f}"}
    assert set(table["Precision"]) == {"0.800"}


@pytest.mark.parametrize(
    ("value", "text"), [(0.9, "0.90"), (0.8092, "0.8092"), (0.81, "0.81"), (None, "–"), (1, "1.00")]
)
def test_transcribed_numbers_keep_their_digits(value, text):
    assert tables.as_written(value) == text


def test_recipes_table_has_a_row_for_each_difference_only():
    table = tables.recipes().set_index("Field")
    assert list(table.columns) == [recipe.name for recipe in PAPER]
    assert table.loc["channel_order", "md-as-logged"] == "bgr"
    assert table.loc["split_unit", "clean"] == "lesion"
    assert "attention_heads" not in table.index
    assert (table.nunique(axis=1) > 1).all()


def test_findings_quote_the_runs_and_nothing_else(pair):
    text = prose.findings(*pair)
    assert "80.0 % [" in text
    assert "50.0 % [" in text
    assert "96 pixels for 1 epochs" in text
    assert "not run" not in text
    assert "not run" in prose.findings(pair[0], None)


def test_differences_name_what_differs(pair):
    text = prose.differences(*pair)
    assert "3 lesions have photographs on both sides" in text
    assert "ham10000-256px" in text
    assert "kept: 1" in text
    assert "do not exist" in prose.differences(None, None)


def test_a_loss_that_jumps_is_told(pair):
    steady = prose.differences(*pair)
    assert "not steady" not in steady
    rows = [
        {"epoch": i + 1, "loss": loss, "accuracy": 0.3, "val_loss": 1.9, "val_accuracy": 0.4}
        for i, loss in enumerate((2.0, 0.5, 6.25, 1.0))
    ]
    runs.write_history(pair[1].folder, rows)
    text = prose.differences(*pair)
    assert "*clean* was not steady: in epoch 3 its loss rose to 6.25, from 0.50" in text
    assert text.count("What is kept is epoch 1") == prose.steadiness(pair[1]).count("epoch 1") == 1
    assert prose.steadiness(pair[0]).strip() == prose.steadiness(None).strip() == ""
    told = prose.findings(*pair)
    assert "broke in epoch 3, and what is kept of it is epoch 1 of 1." in told
    assert "The same recipe" not in told
    twin = prose.findings(*pair, twin=pair[0])
    assert "The same recipe at 96 pixels, of which epoch 1 of 1 is kept, reaches 80.0 % [" in twin
    assert "The same recipe" not in prose.findings(*pair, twin=pair[1])


@pytest.mark.parametrize("draw", [figures.learning_curves, figures.confusion, figures.roc])
def test_a_figure_is_the_same_file_every_time(pair, draw):
    first = figures.to_svg(draw(pair[0]))
    assert first == figures.to_svg(draw(pair[0]))
    assert b"<text" in first, "text stays text"


def test_an_unfinished_run_is_not_a_result(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    run = make(tmp_path / "runs" / "s", "c", "clean", 5, status="failed")
    assert not run.finished
    assert set(tables.three_columns("MobileNetV2", {"C": run})["C"]) == {"not run"}
