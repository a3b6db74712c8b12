"""The ledger: reasons computed from the numbers, means as in the errata, ours where it was run."""

import re
import types

import numpy as np
import pytest
from records import small_run as make

from skinlib import paper
from skinlib.common import paths
from skinlib.experiments.run import write_history
from skinlib.paper import measured
from skinlib.paper.ledger import Notes, compared
from skinlib.paper.ledger.classes import per_class, table_a5
from skinlib.paper.ledger.models import table_5, table_6, table_7, table_8
from skinlib.paper.ledger.networks import blocks
from skinlib.paper.measured import Ours
from skinlib.paper.rounding import CUT, DIFFERS, SAME

# Recomputed means of rows of A3 and A4, worked out by hand from the printed cells.
MEANS = {
    ("A3", "DenseNet201 AD"): 0.7071, ("A3", "VGG16 AD"): 0.5486, ("A3", "DenseNet201 MD"): 0.8357,
    ("A3", "InceptionResNetV2 MD"): 0.7800, ("A3", "ResNet152 MD"): 0.4657,
    ("A3", "MobileNetV3Large MD"): 0.7957, ("A3", "NASNetMobile MD"): 0.7857,
    ("A4", "VGG16 AD"): 0.5186, ("A4", "DenseNet201 MD"): 0.8286,
    ("A4", "InceptionResNetV2 MD"): 0.8171, ("A4", "ResNet152 MD"): 0.5271,
    ("A4", "NASNetLarge MD"): 0.8014, ("A4", "MobileNetV3Large MD"): 0.7957,
}  # fmt: skip
NOBODY = Ours({})


@pytest.fixture(scope="module")
def tables():
    """All tables without a run of ours: frame and notes."""
    found = {"5": table_5(NOBODY, {}), "8": table_8(NOBODY, {"12": "RandAugment: –"})}
    found |= {number: per_class(number, NOBODY) for number in ("A3", "A4")}
    whole = {"6": table_6, "7": table_7, "A5": table_a5}
    return found | {number: make_table(NOBODY) for number, make_table in whole.items()}


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    folder = tmp_path / "runs" / "s"
    pair = [make(folder, name, "md-as-logged", right) for name, right in (("a", 8), ("b", 6))]
    return pair, make(folder, "c", "clean", 5)


def test_cells_are_text_and_stars_have_a_note(tables):
    for number, (frame, note) in tables.items():
        assert not frame.empty
        assert frame.map(lambda cell: isinstance(cell, str)).to_numpy().all(), number
        stars = frame.map(lambda cell: cell.endswith("*")).to_numpy().any()
        assert stars == ("Cells with a star" in note), number


def test_notes_name_each_cell_once():
    notes = Notes()
    assert notes.mark("1", None, "a") == "1"
    assert notes.mark("1", "cut", "a", "x") == notes.mark("1*", "cut", "a", "x") == "1*"
    notes.mark("2", "cut", "b")
    assert notes.markdown("Ours.", "") == "Cells with a star:\n\n- a (x); b: cut.\n\nOurs."


@pytest.mark.parametrize(("number", "row"), MEANS)
def test_recomputed_means_are_those_worked_out_by_hand(number, row, tables):
    frame, _ = tables[number]
    cell = frame[(frame["Model"] == row) & (frame["Source"] == "paper")]["Mean of the row"]
    assert float(cell.item()) == pytest.approx(MEANS[number, row], abs=1e-3)


def note_of(table, row, column):
    """The remark on a cell of the paper's row, or nothing."""
    frame, note = table
    printed = frame[frame["Source"] == "paper"].set_index("Model")
    remarks = [line for line in note.splitlines() if re.search(rf"{row} \([^)]*{column}\b", line)]
    assert printed.loc[row, column.replace("mean", "Mean")].endswith("*") == bool(remarks)
    return "".join(remarks)


@pytest.mark.parametrize(
    ("number", "row", "column", "reason"),
    [
        ("A3", "ResNet152 MD", "vasc", "vasc repeats the one of nv"),
        ("A3", "MobileNetV3Large MD", "vasc", "vasc repeats the one of nv"),
        ("A3", "InceptionResNetV2 MD", "mean", "the training run that the headline accuracy is of"),
        ("A3", "DenseNet201 MD", "mean", "cut, not rounded"),
        ("A4", "MobileNetV3Large MD", "akiec", "the printed row of Table A3"),
        ("A4", "NASNetLarge MD", "akiec", "the logged row of MobileNetV3Large MD"),
        ("A4", "DenseNet201 AD", "nv", "equals its F1"),
        ("A4", "MobileNetV2 MD", "mel", ""),
    ],
)
def test_differences_carry_the_reason_that_the_numbers_give(number, row, column, reason, tables):
    found = note_of(tables[number], row, column)
    assert reason in found
    assert bool(reason) == bool(found)


@pytest.mark.parametrize(
    ("number", "remark"),
    [
        ("5", "- NASNetLarge MD; MobileNetV3Large MD: the printed values of MobileNetV3Large and "
              "NASNetLarge fit each other's log, as if exchanged"),
        ("5", "the printed value fits the training run 'MobileNetV3Large MD, tap -34'"),
        ("6", "divided by 857"),
        ("6", "the trainable parameters of the training run"),
        ("7", "- InceptionResNetV2 MD (paper): equals the mean of the seven one-vs-rest areas, "
              "each cut to two decimals"),
        ("8", "- the paper's model (printed): in the journal version: auc 0.99"),
        ("A5", "the printed mean of Table A3, which repeats nv in place of vasc"),
    ],
)  # fmt: skip
def test_origins_of_numbers_are_recognised(number, remark, tables):
    assert remark in tables[number][1]


def test_table_8_has_all_twelve_works(tables):
    works = [name for name in tables["8"][0]["Work"] if "[" in name]
    assert len(works) == 12
    assert sum("[4]" in name for name in works) == 1
    ideas = tables["8"][0].set_index("Work")["Its ideas, under our protocol"]
    assert dict(ideas[ideas != "–"]) == {"Yao et al. [12]": "RandAugment: –"}
    assert (tables["8"][0][["Measured", "Data", "Protocol", "Source"]] != "").all(axis=None)


def test_ours_is_filled_from_runs_with_the_spread_of_seeds(runs, tables):
    pair, clean = runs
    ours = Ours({("MobileNetV2", "md-as-logged"): pair, ("MobileNetV2", "clean"): [clean]})
    table = table_5(ours, {})[0].set_index(["Model", "Arm"])
    row, without = table.loc["MobileNetV2", "MD"], table.loc["MobileNetV2", "AD"]
    # Eight and six of ten correct in each class; the standard deviation of two numbers.
    assert row["Ours, authors' recipe"] == f"0.700 ± {np.std([0.8, 0.6], ddof=1):.3f}"
    assert row["Ours, clean recipe"] == "0.500"
    assert without["Ours, clean recipe"] == "–", "it has metadata"
    assert measured.mean(pair, "accuracy") == pytest.approx(0.7)
    assert "authors' recipe, 96 px, 2 seeds: MobileNetV2." in ours.sources()
    pair[0].record["recipe"]["epochs"] = 15
    assert "authors' recipe cut to 15 of 500 epochs, 96 px, 2 seeds" in ours.sources()
    recall = per_class("A4", ours)[0].set_index(["Model", "Source"])
    assert recall.loc[("MobileNetV2 MD", "ours, clean recipe"), "mel"] == "0.50"
    assert table_8(ours, {})[0]["Own metrics"].iloc[-1].startswith("accuracy 0.500")
    assert set(tables["5"][0]["Ours, authors' recipe"]) == {"–"}
    assert NOBODY.sources() == ""


def test_a_diverged_training_is_left_out_and_named(runs, monkeypatch):
    pair, clean = runs
    broken = [{"epoch": i + 1, "loss": loss, "accuracy": 0.3, "val_loss": 1.0, "val_accuracy": 0.4}
              for i, loss in enumerate((2.0, 0.5, 6.0))]  # fmt: skip
    write_history(pair[0].folder, broken)
    studies = {"first": [pair[0]], "second": [pair[1], clean]}
    monkeypatch.setattr(measured, "REAL", tuple(studies))
    monkeypatch.setattr(
        measured, "load_study", lambda name: types.SimpleNamespace(finished=lambda: studies[name])
    )
    found = measured.find_ours()
    assert found.real["MobileNetV2", "md-as-logged"] == [pair[1]]
    assert "this training run diverged in epoch 3" in found.sources()


def test_latency_is_shown_with_its_device(monkeypatch):
    latency = {
        "device": "a box", "threads": 1, "repeats": 30,
        "backbones": {"DenseNet201": {"median": 0.2, "p90": 0.3}},
    }  # fmt: skip
    monkeypatch.setattr(measured, "latency", lambda: latency)
    frame, note = table_6(NOBODY)
    assert "a box" in note
    ours = frame[frame["Quantity"] == "seconds per image, prediction"].set_index("Model")["Ours"]
    assert ours[["DenseNet201", "MobileNetV3Large"]].tolist() == ["0.200 (p90 0.300)", "–"]


def test_structures_agree_with_what_is_published():
    """Depths of the Keras documentation, trainable parameters of the journal's Table 4."""
    structures = measured.structures()
    for name, depth in (("ResNet50", 107), ("DenseNet201", 402), ("InceptionResNetV2", 449)):
        assert structures[name]["stock"]["depth"] == depth
    journal = paper.printed("journal")["4"]
    for name in journal.rows:
        trainable = journal.value(name, "trainable_parameters")
        assert structures[name]["stock"]["trainable"] == trainable, name
    counted = blocks("A1", structures).set_index("Network").loc["ResNet152"]
    assert counted["Stock, paper"] == "3, 8, 36, 3"
    assert counted["Stock, graph"].endswith("3, 8, 36, 3")
    # Cut after the first block of the last stage.
    assert counted["With SA, graph"].endswith("36, 1")
    assert len(blocks("A2", structures)) == 4


def test_a_missing_file_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    with pytest.raises(measured.DataError, match="skinlib describe --structures"):
        measured.structures()
    assert measured.latency() == {"backbones": {}}


# --- printed beside logged, as numbers ----------------------------------------------------------
@pytest.fixture(scope="module")
def found():
    return compared.results()


def test_every_class_of_a_row_with_a_log_is_compared(found):
    counts = found.groupby("table").size()
    assert counts["A3"] == counts["A4"] == 13 * 7
    assert counts["A5"] == 4 * 7
    # Eighteen are printed; no log of MobileNetV3Large AD was saved.
    assert counts["5"] == counts["7"] == 17
    assert set(found["state"]) == {SAME, CUT, DIFFERS}


def test_states_of_single_results(found):
    states = found.set_index(["table", "network", "what"])["state"]
    for place, state in {
        ("5", "InceptionResNetV2 MD", "accuracy"): SAME,
        ("5", "NASNetLarge MD", "accuracy"): DIFFERS,
        ("7", "DenseNet201 MD", "AUC"): CUT,
        ("A3", "ResNet152 MD", "vasc"): DIFFERS,
        ("A4", "DenseNet201 MD", "vasc"): SAME,
    }.items():
        assert states[place] == state, place


def test_means_of_networks_without_runs_are_printed_and_logged_only():
    means = compared.networks(NOBODY)
    assert set(means["source"]) == {"printed", "logged"}
    row = means.query("network == 'ResNet152 AD' and measure == 'accuracy'").set_index("source")
    # The draft does not print it, the journal does.
    assert row["value"].to_dict() == pytest.approx({"printed": 0.81, "logged": 0.8066}, abs=1e-4)
