"""F20, F21, F23: a run killed again and again ends with the numbers it would have had."""

import json
import os
import signal
import sys
import types

import numpy as np
import pytest
import tiny

from skinlib.experiments.run import read_run
from skinlib.training import state
from skinlib.training.schedule import Controls

SEEDS = (1, 2, 3, 4, 5)


@pytest.fixture(scope="module")
def told(killings):
    """Wait for the trainings that `conftest` has started; return what they tell."""
    results, processes = killings
    found = [json.loads(process.communicate()[0].splitlines()[-1]) for process in processes]
    assert not any(process.returncode for process in processes)
    run = lambda study: read_run(results / "runs" / study / "run")  # noqa: E731
    return types.SimpleNamespace(places=found[0]["1"], random=found[1] | found[2], run=run)


def assert_same_end(killed, whole):
    assert killed.record["weights_sha256"] == whole.record["weights_sha256"]
    for file in ("predictions.csv", "best.weights.h5"):
        assert (killed.folder / file).read_bytes() == (whole.folder / file).read_bytes()
    expected = whole.history().drop(columns="seconds")
    assert killed.history().drop(columns="seconds").equals(expected)
    for key in ("epochs", "best_epoch", "stopped_early", "identity", "split", "class_weights"):
        assert killed.record[key] == whole.record[key], key
    left, right = ({path.name for path in run.folder.iterdir()} for run in (killed, whole))
    assert left == right


@pytest.mark.parametrize("seed", SEEDS)
def test_f20_killed_at_random_moments_the_weights_are_the_same_bytes(told, seed):
    codes = told.random[str(seed)]
    assert codes[0] == codes[-1] == 0
    killed, whole = told.run(f"killed-{seed}"), told.run(f"whole-{seed}")
    assert_same_end(killed, whole)
    assert whole.record["resumed"] == 0


def test_f20_there_were_twenty_kills_over_five_seeds(told):
    kills = [code for codes in told.random.values() for code in codes if code == -signal.SIGKILL]
    assert len(told.random) == 5
    assert len(kills) == 20
    # And they fell into the trainings: most left a state to go on from; a
    # kill before the first state is whole leaves none.
    resumed = [told.run(f"killed-{seed}").record["resumed"] for seed in told.random]
    assert sum(resumed) >= 10, resumed


def test_f20_killed_around_every_write(told):
    places = told.places["places"]
    assert told.places["codes"] == [0] + [-signal.SIGKILL] * len(places) + [0]
    killed, whole = told.run("killed"), told.run("whole")
    assert_same_end(killed, whole)
    # Only the first kill came before anything was saved.
    assert killed.record["resumed"] == len(places) - 1


def test_f23_schedule_and_stopping_go_on_where_they_were(told):
    # One of the kills came in the last epoch, one before the stop; `assert_same_end` compares
    # the epoch of the stop and the weights that were kept.
    killed, whole = told.run("killed"), told.run("whole")
    assert ("step", told.places["last"]) in {tuple(place[:2]) for place in told.places["places"]}
    assert whole.record["stopped_early"]
    assert 4 <= told.places["last"] < tiny.KILLED.epochs - 1
    assert whole.history()["learning_rate"].nunique() > 1
    assert killed.record["best_epoch"] == whole.record["best_epoch"] < whole.record["epochs"]


class Model:
    """What `state` needs of a model and of its optimizer, without a backend."""

    def __init__(self, value):
        self.value = np.full((50, 40), value, np.float32)
        self.variables = [types.SimpleNamespace(value=self.value, shape=self.value.shape,
                                                assign=self.assign)]  # fmt: skip
        self.trainable_variables, self.optimizer = self.variables, self

    def build(self, _):
        pass

    def assign(self, array):
        self.value[:] = array


def write(folder, value):
    progress = state.Progress(Controls(value), [{"epoch": 1, "loss": value}])
    state.save(folder, Model(value), Model(-value), "identity", progress)


def write_and_die(folder, value, line):
    """Write a state, killed before the given line of any Python function is run."""
    count = 0

    def trace(frame, event, _):
        nonlocal count
        if event == "line":
            count += 1
            if count == line:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    write(folder, value)
    sys.settrace(None)
    return count


def test_f21_killed_at_fifty_points_of_writing_the_state(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "to_numpy", lambda variable: variable.value)
    write(tmp_path, 0.5)
    lines = write_and_die(tmp_path, 1.0, -1)
    assert lines > 500
    expected, ends = 1.0, {"old": 0, "new": 0}
    # Everywhere, and densely at the end, where one file takes the place of another.
    points = [*np.linspace(1, lines, 25, dtype=int), *range(lines - 24, lines + 1)]
    for number, line in enumerate(points, start=1):
        before = expected
        child = os.fork()
        if not child:
            write_and_die(tmp_path, float(number + 1), int(line))
            os._exit(0)
        os.waitpid(child, 0)
        model, optimizer = Model(0.0), Model(0.0)
        found = state.load(tmp_path, model, optimizer, "identity")
        expected = found.controls.learning_rate
        # The old state or the new one, whole: weights, optimizer, counters and history agree.
        assert expected in (before, number + 1)
        assert (model.value == expected).all()
        assert (optimizer.value == -expected).all()
        assert found.history == [{"epoch": 1, "loss": expected}]
        ends["old" if expected == before else "new"] += 1
    # Some kills came before the decisive moment and some after it.
    assert ends["old"] > 10, ends
    assert ends["new"] > 3, ends
