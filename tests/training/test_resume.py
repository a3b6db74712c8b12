"""A run killed again and again ends with the numbers it would have had."""

import json
import os
import signal
import subprocess
import sys

import pytest
import tiny

from skinlib import runs


@pytest.fixture(scope="module")
def story(synthetic_folder, tmp_path_factory):
    """Train once whole and once with seven kills; return what happened and both runs."""
    results = tmp_path_factory.mktemp("killed")
    # One thread, so that sums are taken in one order.
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, "1"), "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [sys.executable, tiny.__file__, str(synthetic_folder), str(results), "1"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=environment,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    whole, killed = (runs.read_run(results / "runs" / name / "run") for name in ("whole", "killed"))
    return told, whole, killed


def test_all_kills_happened(story):
    told, whole, killed = story
    assert told["codes"] == [0] + [-signal.SIGKILL] * len(told["places"]) + [0]
    assert whole.record["resumed"] == 0
    # Only the first kill came before anything was saved.
    assert killed.record["resumed"] == len(told["places"]) - 1


def test_schedule_and_stopping_had_work_to_do(story):
    told, whole, _ = story
    history = whole.history()
    assert whole.record["stopped_early"]
    assert 4 <= told["last"] < tiny.KILLED.epochs - 1
    assert history["learning_rate"].nunique() > 1


def test_predictions_are_the_same_bytes(story):
    _, whole, killed = story
    expected = (whole.folder / "predictions.csv").read_bytes()
    assert (killed.folder / "predictions.csv").read_bytes() == expected


def test_weights_are_the_same_bytes(story):
    _, whole, killed = story
    assert killed.record["weights_sha256"] == whole.record["weights_sha256"]


def test_history_is_the_same_but_for_the_seconds(story):
    _, whole, killed = story
    expected = whole.history().drop(columns="seconds")
    assert killed.history().drop(columns="seconds").equals(expected)


def test_it_stops_at_the_same_epoch(story):
    _, whole, killed = story
    for key in ("epochs", "best_epoch", "stopped_early", "identity", "split", "class_weights"):
        assert killed.record[key] == whole.record[key], key


def test_no_litter_is_left(story):
    _, whole, killed = story
    assert {path.name for path in killed.folder.iterdir()} == {
        path.name for path in whole.folder.iterdir()
    }
