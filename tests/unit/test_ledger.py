"""The ledger: reasons computed from the numbers, means as in the errata, ours where it was run."""

import re
import types

import numpy as np
import pandas as pd
import pytest
from records import small_run

from skinlib import book, paper
from skinlib.common import paths
from skinlib.data.ham10000 import class_counts
from skinlib.experiments.run import diverged_in, write_history
from skinlib.paper import ledger
from skinlib.paper.ledger import cells, facts, ours, results

# Recomputed means of rows of A3 and A4, worked out by hand from the printed cells.
MEANS = {
    ("A3", "DenseNet201 AD"): 0.7071, ("A3", "VGG16 AD"): 0.5486, ("A3", "DenseNet201 MD"): 0.8357,
    ("A3", "InceptionResNetV2 MD"): 0.7800, ("A3", "ResNet152 MD"): 0.4657,
    ("A3", "MobileNetV3Large MD"): 0.7957, ("A3", "NASNetMobile MD"): 0.7857,
    ("A4", "VGG16 AD"): 0.5186, ("A4", "DenseNet201 MD"): 0.8286,
    ("A4", "InceptionResNetV2 MD"): 0.8171, ("A4", "ResNet152 MD"): 0.5271,
    ("A4", "NASNetLarge MD"): 0.8014, ("A4", "MobileNetV3Large MD"): 0.7957,
}  # fmt: skip


def table(images=4):
    return pd.DataFrame(
        {
            "image_id": [f"ISIC_{i}" for i in range(images)],
            "lesion_id": [f"L{i // 2}" for i in range(images)],
            "dx": ["nv"] * (images - 1) + ["mel"],
            "age": [float("nan"), *[50.0] * (images - 1)],
            "sex": "male",
            "localization": "back",
        }
    )


def gather(real=None, latency=None):
    """Facts with no run, or with the given ones."""
    return facts.Facts(
        ours=ours.Ours(real or {}),
        structures=facts.read_structures(),
        described=facts.read_described(),
        latency=latency,
        counts={"made": class_counts(table())},
        examples=table(),
        data="nowhere",
        data_name="made",
    )


@pytest.fixture(scope="module")
def empty():
    return gather()


@pytest.fixture
def runs(tmp_path, monkeypatch):
    found = gather  # read the committed files before the results move
    stored = facts.read_structures(), facts.read_described()
    monkeypatch.setattr(facts, "read_structures", lambda: stored[0])
    monkeypatch.setattr(facts, "read_described", lambda: stored[1])
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    folder = tmp_path / "runs" / "s"
    pair = [small_run(folder, name, "md-as-logged", right) for name, right in (("a", 8), ("b", 6))]
    return found, pair, small_run(folder, "c", "clean", 5)


def test_every_table_of_the_paper_is_there(empty):
    entries = ledger.entries(empty)
    assert [entry.anchor for entry in entries] == [
        f"paper-table-{number.lower()}" for number in paper.printed()
    ]
    for entry in entries:
        assert not entry.frame.empty
        assert entry.frame.map(lambda cell: isinstance(cell, str)).to_numpy().all(), entry.anchor
        stars = entry.frame.map(lambda cell: cell.endswith("*")).to_numpy().any()
        assert stars == ("Cells with a star" in entry.note), entry.anchor
        assert entry.caption.startswith("Table ")


def test_a_page_shows_a_table_by_its_anchor(empty, monkeypatch):
    monkeypatch.setattr(ledger, "gathered", lambda: empty)
    shown = book.Table(*ledger.table("paper-table-a3"))
    assert shown.name == "paper-table-a3"
    assert shown.caption.startswith("Table A3 of the paper: ")
    assert r"0.83\*" in shown._repr_markdown_()


@pytest.mark.parametrize(("number", "row"), MEANS)
def test_recomputed_means_are_those_worked_out_by_hand(number, row, empty):
    frame = ledger.TABLES[number](empty).frame
    cell = frame[(frame["Model"] == row) & (frame["Source"] == "paper")]["Mean of the row"]
    assert float(cell.item()) == pytest.approx(MEANS[number, row], abs=1e-3)


def note_of(entry, row, column):
    """The remark on a cell of the paper's row, or nothing."""
    frame = entry.frame
    cell = frame[(frame["Model"] == row) & (frame["Source"] == "paper")][
        column.replace("mean", "Mean")
    ].item()
    remark = next(
        (line for line in entry.note.splitlines() if re.search(rf"{row} \([^)]*{column}\b", line)),
        "",
    )
    assert cell.endswith("*") == bool(remark)
    return remark


@pytest.mark.parametrize(
    ("number", "row", "column", "reason"),
    [
        ("A3", "ResNet152 MD", "vasc", "vasc repeats the one of nv"),
        ("A3", "MobileNetV3Large MD", "vasc", "vasc repeats the one of nv"),
        ("A3", "InceptionResNetV2 MD", "mean", "the training that the headline accuracy is of"),
        ("A3", "DenseNet201 MD", "mean", "cut, not rounded"),
        ("A4", "MobileNetV3Large MD", "akiec", "the printed row of Table A3"),
        ("A4", "NASNetLarge MD", "akiec", "the logged row of MobileNetV3Large MD"),
        ("A4", "DenseNet201 AD", "nv", "equals its F1"),
        ("A4", "MobileNetV2 MD", "mel", ""),
    ],
)
def test_differences_carry_the_reason_that_the_numbers_give(number, row, column, reason, empty):
    found = note_of(ledger.TABLES[number](empty), row, column)
    assert reason in found
    assert bool(reason) == bool(found)


def test_swapped_accuracies_are_found(empty):
    entry = results.table_5(empty)
    frame = entry.frame.set_index(["Model", "Arm"])
    marked = {key for key, cell in frame["Logged"].items() if cell.endswith("*")}
    assert {("NASNetLarge", "MD"), ("MobileNetV3Large", "MD")} <= marked
    assert (
        "- NASNetLarge MD; MobileNetV3Large MD: the printed values of MobileNetV3Large and "
        "NASNetLarge fit each other's log, as if exchanged"
    ) in entry.note


def test_the_auc_of_the_text_is_the_mean_of_cut_areas(empty):
    assert (
        "- InceptionResNetV2 MD (paper): equals the mean of the seven one-vs-rest areas, each cut "
        "to two decimals"
    ) in results.table_7(empty).note


def test_journal_inference_times_are_recognised(empty):
    note = results.table_6(empty).note
    assert "divided by 857" in note
    assert "small weights" in note


@pytest.mark.parametrize(
    ("printed", "logged", "state"),
    [
        (0.90, 0.8986, "same"), (0.83, 0.8357, "cut"), (0.84, 0.8645, "differs"),
        (0.974, 0.9743, "same"), (0.5, None, None), (None, 0.5, None), (0.68, 0.675, "same"),
    ],
)  # fmt: skip
def test_compare(printed, logged, state):
    assert cells.compare(printed, logged) == state


def test_without_runs_ours_is_empty(empty):
    frame = results.table_5(empty).frame
    assert set(frame["Ours, authors' recipe"]) == {"–"}
    assert empty.ours.sources() == ""


def test_ours_is_filled_from_runs_with_the_spread_of_seeds(runs):
    found, pair, clean = runs
    key = ("MobileNetV2", "md-as-logged")
    filled = found(real={key: pair, ("MobileNetV2", "clean"): [clean]})
    frame = results.table_5(filled).frame.set_index(["Model", "Arm"])
    row = frame.loc[("MobileNetV2", "MD")]
    # Eight and six of ten correct in each class; the standard deviation of two numbers.
    assert row["Ours, authors' recipe"] == f"0.700 ± {np.std([0.8, 0.6], ddof=1):.3f}"
    assert row["Ours, clean recipe"] == "0.500"
    assert "authors' recipe, 96 px, 2 seeds: MobileNetV2." in filled.ours.sources()
    recall = ledger.TABLES["A4"](filled).frame
    ours_row = recall[
        (recall["Model"] == "MobileNetV2 MD") & (recall["Source"] == "ours, clean recipe")
    ]
    assert ours_row["mel"].item() == "0.50"


@pytest.mark.parametrize(
    ("loss", "epoch"),
    [
        ([2.0, 0.5, 6.0, 5.0], 3),
        ([2.0, 0.5, 6.0, 0.4], None),
        ([2.0, 1.0, 0.5, 0.6], None),
        ([2.0], None),
    ],
)
def test_a_training_diverged_whose_loss_grew_and_stayed_large(loss, epoch):
    history = pd.DataFrame({"epoch": range(1, len(loss) + 1), "loss": loss})
    assert diverged_in(history) == epoch


def test_a_diverged_training_is_left_out_and_named(runs, monkeypatch):
    _, pair, clean = runs
    broken = [{"epoch": i + 1, "loss": loss, "accuracy": 0.3, "val_loss": 1.0, "val_accuracy": 0.4}
              for i, loss in enumerate((2.0, 0.5, 6.0))]  # fmt: skip
    write_history(pair[0].folder, broken)
    studies = {"first": [pair[0]], "second": [pair[1], clean]}
    monkeypatch.setattr(
        ours, "load_study", lambda name: types.SimpleNamespace(finished=lambda: studies[name])
    )
    found = ours.find_ours(("first", "second"))
    assert found.real["MobileNetV2", "md-as-logged"] == [pair[1]]
    assert "this training run diverged in epoch 3" in found.sources()


def test_what_was_measured_on_drawn_pictures_is_no_part_of_the_ledger(empty):
    for entry in ledger.entries(empty):
        assert not [name for name in entry.frame if "demo" in name.lower()], entry.anchor
        assert not entry.frame.astype(str).apply(lambda c: c.str.contains("demo")).to_numpy().any()


def test_latency_is_shown_with_its_device():
    measured = {
        "device": "a box", "threads": 1, "repeats": 30,
        "backbones": {"DenseNet201": {"median": 0.2, "p90": 0.3}},
    }  # fmt: skip
    entry = results.table_6(gather(latency=measured))
    assert "a box" in entry.note
    frame = entry.frame.set_index(["Model", "Quantity"])
    assert frame.loc[("DenseNet201", "seconds per image, prediction"), "Ours"] == (
        "0.200 (p90 0.300)"
    )
    assert frame.loc[("MobileNetV3Large", "seconds per image, prediction"), "Ours"] == ("–")


def test_counts_are_of_images_and_lesions():
    counts = class_counts(table())
    assert counts.loc["nv"].to_dict() == {"images": 3, "lesions": 2}
    assert counts.loc["df", "images"] == 0
    assert counts.loc["total", "images"] == 4


def test_structures_agree_with_what_is_published():
    """Depths of the Keras documentation, trainable parameters of the journal's Table 4."""
    structures = facts.read_structures()
    for name, depth in (("ResNet50", 107), ("DenseNet201", 402), ("InceptionResNetV2", 449)):
        assert structures[name]["stock"]["depth"] == depth
    journal = paper.printed("journal")["4"]
    for name in journal.rows:
        trainable = journal.value(name, "trainable_parameters")
        assert structures[name]["stock"]["trainable"] == trainable, name
    blocks = [stage["blocks"] for stage in structures["ResNet152"]["stages"]]
    assert blocks == [1, 3, 8, 36, 3]
