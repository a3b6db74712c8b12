"""Frames of the page Results, from the committed runs and the transcribed numbers."""

import pytest

from skinlib import paper
from skinlib.common.errors import DataError
from skinlib.paper import beside

STUDY = "ham10000-256px"


@pytest.fixture(scope="module")
def runs():
    return beside.family(STUDY)


def test_the_same_on_smaller_pictures_belongs_to_a_study(runs):
    assert {run.record["study"] for run in runs} == {STUDY, f"{STUDY}-96px"}
    sizes = [run.record["input_size"] for run in runs]
    assert sizes == sorted(sizes, reverse=True)


def test_a_study_without_runs_says_how_to_train_them(monkeypatch, tmp_path):
    monkeypatch.setattr(beside.load_study("demo").__class__, "finished", lambda _: [])
    with pytest.raises(DataError, match="make runs STUDY=demo"):
        beside.family("demo")


def test_a_run_that_diverged_is_not_chosen(runs):
    """Nor is one without predictions for the part; but the one that is asked for is."""
    assert beside.choose(runs, "validation").name == "MobileNetV2-clean-96px-s0"
    assert beside.choose(runs, "test").name == "MobileNetV2-md-as-logged-160px-s0"
    diverged = "MobileNetV2-clean-160px-s0"
    assert beside.choose(runs, "validation", diverged).name == diverged
    assert beside.choose(runs, "test", diverged).name == "MobileNetV2-md-as-logged-160px-s0"
    assert beside.choose(runs, "test", part="validation") is None
    assert beside.choose([], "test") is None


def test_a_run_that_diverged_has_a_mark(runs):
    marks = beside.of_runs(runs).set_index("Accuracy")["Diverged in epoch"]
    assert [mark for mark in marks if mark] == [7]
    steady = beside.of_runs([run for run in runs if run.record["input_size"] == 96])
    assert "Diverged in epoch" not in steady


def test_paper_log_and_ours_stand_side_by_side(runs):
    frame = beside.columns("MobileNetV2", runs).set_index("Metric")
    assert list(frame)[:2] == ["Paper", "Log"]
    assert frame.loc["accuracy"].tolist()[:2] == ["0.81", "0.8092"]
    assert frame.loc["one-vs-rest balanced accuracy", "Log"] == "–"
    assert frame.loc["images evaluated on"].tolist()[1:] == ["996", "996", "1,503", "996", "1,503"]
    assert (frame.iloc[:-1, 2:].map(lambda cell: "[" in cell)).all(axis=None)


def test_a_network_without_printed_means_has_its_accuracy():
    found = beside.theirs("InceptionResNetV2")
    assert found.loc["accuracy", "printed"] == 0.9
    assert found.loc["macro F1", "printed"] is None
    assert found.loc["images", "logged"] == paper.logged_run("InceptionResNetV2 MD").test_images
