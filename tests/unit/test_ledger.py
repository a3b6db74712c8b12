"""The ledger: reasons computed from the numbers, means as in the errata, ours where it was run."""

import numpy as np
import pandas as pd
import pytest
from unit.test_tables import make

from skinlib import ledger, paper, paths
from skinlib.ledger import cells, facts, pages, results
from skinlib.ledger.entry import Entry

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
        ours=facts.Ours(real or {}),
        structures=facts.read_structures(),
        described=facts.read_described(),
        latency=latency,
        counts={"made": facts.class_counts(table())},
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
    pair = [make(folder, name, "md-as-logged", right) for name, right in (("a", 8), ("b", 6))]
    return found, pair, make(folder, "c", "clean", 5)


def test_every_table_of_the_paper_is_there(empty):
    entries = ledger.entries(empty)
    assert [entry.number for entry in entries] == list(paper.printed())
    assert [entry.anchor for entry in entries][-3:] == [
        "paper-table-a3", "paper-table-a4", "paper-table-a5",
    ]  # fmt: skip
    for entry in entries:
        assert not entry.frame.empty
        assert entry.frame.map(lambda cell: isinstance(cell, str)).to_numpy().all(), entry.number
        marks = {f"[{chr(97 + i)}]" for i in range(len(entry.notes))}
        written = " ".join(entry.frame.astype(str).to_numpy().ravel())
        lettered = [note for note in entry.notes if note.startswith("[")]
        assert all(mark in written for mark in sorted(marks)[: len(lettered)])


@pytest.mark.parametrize(("number", "row"), MEANS)
def test_recomputed_means_are_those_worked_out_by_hand(number, row, empty):
    frame = ledger.TABLES[number](empty).frame
    cell = frame[(frame["Model"] == row) & (frame["Source"] == "paper")]["Mean of the row"]
    assert float(cell.item()) == pytest.approx(MEANS[number, row], abs=1e-3)


def note_of(entry, row, column):
    """The footnote of a cell of the paper's row, or nothing."""
    frame = entry.frame
    cell = frame[(frame["Model"] == row) & (frame["Source"] == "paper")][column].item()
    mark = cell.partition(" ")[2]
    return next((note[4:] for note in entry.notes if mark and note.startswith(mark)), "")


@pytest.mark.parametrize(
    ("number", "row", "column", "reason"),
    [
        ("A3", "ResNet152 MD", "vasc", "vasc repeats the one of nv"),
        ("A3", "MobileNetV3Large MD", "vasc", "vasc repeats the one of nv"),
        ("A3", "InceptionResNetV2 MD", "Mean", "the training that the headline accuracy is of"),
        ("A3", "DenseNet201 MD", "Mean", "cut, not rounded"),
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
    marked = {key for key, cell in frame["Logged"].items() if "[a]" in cell}
    assert marked == {("NASNetLarge", "MD"), ("MobileNetV3Large", "MD")}
    assert "MobileNetV3Large and NASNetLarge: each printed value fits the other's" in entry.notes[0]


def test_the_auc_of_the_text_is_the_mean_of_cut_areas(empty):
    entry = results.table_7(empty)
    cell = entry.frame.set_index(["Model", "Arm"]).loc[("InceptionResNetV2", "MD"), "Paper"]
    assert "each cut to two decimals" in entry.notes[ord(cell[-2]) - ord("a")]


def test_journal_inference_times_are_recognised(empty):
    notes = " ".join(results.table_6(empty).notes)
    assert "divided by 857" in notes
    assert "small weights" in notes


@pytest.mark.parametrize(
    ("printed", "logged", "state"),
    [
        (0.90, 0.8986, "same"), (0.83, 0.8357, "cut"), (0.84, 0.8645, "differs"),
        (0.974, 0.9743, "same"), (0.5, None, None), (None, 0.5, None), (0.68, 0.675, "same"),
    ],
)  # fmt: skip
def test_compare(printed, logged, state):
    assert cells.compare(printed, logged) == state


def test_without_runs_ours_says_so(empty):
    frame = results.table_5(empty).frame
    assert set(frame[frame["Arm"] == "MD"]["Ours, as logged"]) == {"not run"}
    assert "no run on photographs" in empty.ours.sources()


def test_ours_is_filled_from_runs_with_the_spread_of_seeds(runs):
    found, pair, clean = runs
    key = ("MobileNetV2", "md-as-logged")
    ours = found(real={key: pair, ("MobileNetV2", "clean"): [clean]})
    frame = results.table_5(ours).frame.set_index(["Model", "Arm"])
    row = frame.loc[("MobileNetV2", "MD")]
    # Eight and six of ten right in each class; the standard deviation of two numbers.
    assert row["Ours, as logged"] == f"0.700 ± {np.std([0.8, 0.6], ddof=1):.3f}"
    assert row["Ours, clean"] == "0.500"
    assert "2 seeds" in ours.ours.sources()
    recall = ledger.TABLES["A4"](ours).frame
    ours_row = recall[(recall["Model"] == "MobileNetV2 MD") & (recall["Source"] == "ours, clean")]
    assert ours_row["mel"].item() == "0.50"


def test_what_was_measured_on_drawn_pictures_is_no_part_of_the_ledger(empty):
    for entry in ledger.entries(empty):
        assert not [name for name in entry.frame if "demo" in name.lower()], entry.number
        assert not entry.frame.astype(str).apply(lambda c: c.str.contains("demo")).to_numpy().any()


def test_latency_is_shown_with_its_device():
    measured = {
        "device": "a box", "threads": 1, "repeats": 30,
        "backbones": {"DenseNet201": {"median": 0.2, "p90": 0.3}},
    }  # fmt: skip
    entry = results.table_6(gather(latency=measured))
    assert "a box" in entry.caption
    frame = entry.frame.set_index(["Model", "Quantity"])
    assert frame.loc[("DenseNet201", "seconds per image, prediction"), "Ours"] == (
        "0.200 (p90 0.300)"
    )
    assert frame.loc[("MobileNetV3Large", "seconds per image, prediction"), "Ours"] == (
        "not measured"
    )


def test_counts_are_of_images_and_lesions():
    counts = facts.class_counts(table())
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


def test_markup_in_a_cell_is_escaped():
    entry = Entry("5", pd.DataFrame({"a|b": ["<img src=x> `x` [b]"]}), "a caption", ["[a] <b>"])
    text = pages.markdown(entry)
    assert "<img" not in text
    assert "<b>" not in text
    assert ":name: paper-table-5" in text
    assert r"\[b\]" in text
