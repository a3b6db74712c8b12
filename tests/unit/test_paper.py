"""The transcribed numbers: shapes as printed, consistent with each other, true to the source."""

import numpy as np
import pytest
import yaml

from skinlib import paper
from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError

SOURCE = paths.ROOT.parent / "shared" / "paper" / "paper_tables.yaml"
LOGGED = list(paper.logged())

# Rows and columns as the paper prints them (row names left out).
SHAPES = {
    "1": (11, 5), "2": (8, 1), "3": (2, 3), "4": (10, 3), "5": (9, 2), "6": (3, 4), "7": (9, 2),
    "8": (7, 5), "A1": (16, 10), "A2": (12, 8), "A3": (13, 8), "A4": (13, 8), "A5": (4, 7),
}  # fmt: skip
# Our names of the trainings in `logged_truth`.
TRUTH = {
    "InceptionResNetV2 MD (run of table A3/A4, acc 0.89)": "InceptionResNetV2 MD, April",
    "InceptionResNetV2 MD (run of headline accuracy 0.90)": "InceptionResNetV2 MD",
    "InceptionResNetV2 MD (A3/A4 run, Apr 2022, LR schedule)": "InceptionResNetV2 MD, April",
    "InceptionResNetV2 MD (0.90 run, no LR schedule)": "InceptionResNetV2 MD",
    "DenseNet201 MD (paper's run, Apr 2022)": "DenseNet201 MD",
    "MobileNetV3Large MD, cut -34": "MobileNetV3Large MD, tap -34",
}


def logged(name):
    """The training that `logged_truth` calls so."""
    return paper.logged_run(TRUTH.get(name, name.replace("NasNet", "NASNet")))


@pytest.fixture(scope="module")
def source():
    if not SOURCE.is_file():
        pytest.skip("the transcription to compare with is not here")
    return yaml.safe_load(SOURCE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", SHAPES)
def test_a_table_has_the_shape_that_the_paper_prints(number):
    assert list(paper.printed()) == list(SHAPES)
    table = paper.printed()[number]
    assert (len(table.rows), len(table.columns)) == SHAPES[number]
    assert {len(cells) for cells in table.rows.values()} == {len(table.columns)}


def test_class_counts_sum_to_their_total():
    counts = {row: cells[0] for row, cells in paper.printed()["2"].rows.items()}
    assert sum(counts[name] for name in CLASSES) == counts["total"] == 10015


def test_a_missing_cell_is_none():
    assert paper.printed()["5"].value("ResNet152", "AD") is None
    assert paper.printed()["5"].value("VGG16", "AD") is None
    with pytest.raises(DataError, match="no logged training 'VGG'"):
        paper.logged_run("VGG")


def squeeze(name):
    return name.lower().replace(" with augmented data", " ad").replace(
        " with metadata and weightloss", " md"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "theirs", "number"),
    [("paper", "seed", number) for number in ("4", "5", "7", "A3", "A4")]
    + [("journal", "published", number) for number in ("4", "5", "7")],
)
def test_a_table_agrees_with_the_transcription(ours, theirs, number, source):
    expected = source[theirs][f"table_{number}"]["rows"].items()
    found = paper.printed(ours)[number].rows.items()
    assert {row.lower(): list(cells) for row, cells in found} == {
        squeeze(row): list(cells) for row, cells in expected
    }


@pytest.mark.parametrize("number", ["6", "A5"])
def test_a_turned_table_agrees_with_the_transcription(number, source):
    original = source["seed"][f"table_{number}"]["rows"]
    assert np.array(list(paper.printed()[number].rows.values())).T.tolist() == [
        [float(cell) for cell in cells] for cells in original.values()
    ]


@pytest.mark.parametrize("metric", ["f1", "recall", "precision"])
def test_logged_cells_equal_the_truth(metric, source):
    rows = source["logged_truth"][metric]
    assert len(rows) == 14
    for name, cells in rows.items():
        run = logged(name)
        assert getattr(run, metric) == cells[:7], name
        assert round(run.macro[metric], 2) == cells[7], name


def test_logged_accuracies_and_areas_equal_the_truth(source):
    rows = source["logged_truth"]["accuracy_and_auc"]["rows"]
    assert len(rows) == 21
    for name, (accuracy, macro, weighted, micro, images) in rows.items():
        run = logged(name)
        found = [run.auc["macro"], run.auc["weighted"], run.auc["micro"]]
        # The transcription has four digits, one of them cut: .94845 stands as .9484.
        np.testing.assert_allclose(found, [macro, weighted, micro], atol=6e-5, err_msg=name)
        assert run.test_images == images
        assert accuracy is None or abs(run.accuracy - accuracy) < 6e-5, name


@pytest.mark.parametrize("name", LOGGED)
def test_a_log_agrees_with_itself(name):
    """The numbers of one notebook, taken from several cells of it, fit together."""
    run = paper.logged_run(name)
    precision, recall, f1 = (np.array(getattr(run, key)) for key in ("precision", "recall", "f1"))
    images = np.array(run.images)
    assert images.sum() == run.test_images
    right = run.accuracy * run.test_images
    assert abs(right - round(right)) < 0.01
    assert abs(recall @ images - right) < 0.006 * run.test_images
    # Two-decimal inputs leave this much room.
    expected = np.divide(2 * precision * recall, precision + recall, where=f1 > 0, out=0 * f1)
    assert np.abs(expected - f1).max() < 0.0151
    for key, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        assert abs(values.mean() - run.macro[key]) < 0.0101
    assert abs(np.mean(run.class_auc) - run.auc["macro"]) < 1e-5
    assert abs(np.average(run.class_auc, weights=images) - run.auc["weighted"]) < 1e-5


@pytest.mark.parametrize("name", [name for name in LOGGED if paper.logged_run(name).tn_fp_fn_tp])
def test_one_vs_rest_counts_give_the_report(name):
    run = paper.logged_run(name)
    for index, counts in enumerate(run.tn_fp_fn_tp):
        if counts is None:
            continue
        tn, fp, fn, tp = counts
        assert tp + fn == run.images[index]
        assert tn + fp == run.test_images - run.images[index]
        assert abs(tp / (tp + fn) - run.recall[index]) < 0.00501
        assert abs(tp / max(tp + fp, 1) - run.precision[index]) < 0.00501


@pytest.mark.parametrize("name", list(paper.load("curves")))
def test_curves_hold_the_epoch_that_was_kept(name):
    run, curve = paper.logged_run(name), paper.load("curves")[name]
    accuracy = np.array(curve["val_accuracy"])
    assert {len(values) for values in curve.values()} == {run.epochs["run"]}
    assert accuracy.argmax() + 1 == run.epochs["kept"]
    assert accuracy.max() == run.held_out["kept"]
    assert accuracy[np.argmin(curve["val_loss"])] == run.held_out["at_lowest_loss"]
    assert abs(accuracy[-10:].mean() - run.held_out["last_ten"]) < 1e-4


@pytest.mark.parametrize("name", list(paper.load("confusion")["logged"]))
def test_a_confusion_matrix_gives_its_report(name):
    run, matrix = paper.logged_run(name), np.array(paper.load("confusion")["logged"][name])
    assert matrix.sum(axis=1).tolist() == run.images
    assert abs(np.trace(matrix) / matrix.sum() - run.accuracy) < 1e-5
    assert np.abs(np.diag(matrix) / matrix.sum(axis=1) - run.recall).max() < 0.00501


@pytest.mark.parametrize("number", ["10", "11"])
def test_the_printed_confusion_matrix_differs_in_one_cell(number):
    """The nv diagonal, whose row then does not sum to the 666 nevi."""
    entry = paper.load("confusion")["journal"][number]
    difference = np.array(entry["counts"]) - paper.load("confusion")["logged"][entry["run"]]
    assert np.argwhere(difference).tolist() == [[5, 5]]
    assert np.array(entry["counts"])[5].sum() != 666
