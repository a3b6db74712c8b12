"""Tables, sentences and figures of the book, from a run made by hand."""

import numpy as np
import pandas as pd
import pytest
from records import blank

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.experiments import run as runs
from skinlib.experiments import tables
from skinlib.experiments.recipes import PAPER, get_recipe
from skinlib.plots.runs import confusion, learning_curves, roc
from skinlib.plots.style import to_svg


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


def test_an_interval_holds_its_value(pair):
    text = tables.Measured(pair[1]).with_interval("accuracy")
    value, low, high = (float(each.strip("[],")) for each in text.split())
    assert value == 0.5
    assert low < value < high


def test_per_class_counts_by_hand(pair):
    """Eight of ten right a class; the other two of class c went to class c + 1."""
    table = tables.per_class(pair[0])
    assert table["Images"].tolist() == [10] * 7
    assert set(table["Sensitivity"]) == {"0.800"}
    assert set(table["Specificity"]) == {f"{58 / 60:.3f}"}
    assert set(table["Precision"]) == {"0.800"}


def test_recipes_table_has_a_row_for_each_difference_only():
    table = tables.recipes().set_index("Field")
    assert list(table.columns) == [recipe.name for recipe in PAPER]
    assert table.loc["channel_order", "md-as-logged"] == "bgr"
    assert table.loc["split_unit", "clean"] == "lesion"
    assert "attention_heads" not in table.index
    assert (table.nunique(axis=1) > 1).all()


@pytest.mark.parametrize("draw", [learning_curves, confusion, roc])
def test_a_figure_is_the_same_file_every_time(pair, draw):
    first = to_svg(draw(pair[0]))
    assert first == to_svg(draw(pair[0]))
    assert b"<text" in first, "text stays text"


def test_an_unfinished_run_is_not_a_result(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    run = make(tmp_path / "runs" / "s", "c", "clean", 5, status="failed")
    assert not run.finished
