"""Trackers get the rows of history.csv, each once, and can neither change nor end a training."""

import logging
import sys
import types

import pandas as pd
import pytest
import tensorflow as tf
import tiny
from comparing import assert_same_numbers

from skinlib.common import paths
from skinlib.common.errors import DataError, Interrupted
from skinlib.common.process import Watch
from skinlib.training import tracking


@pytest.fixture
def train(dataset, tmp_path, monkeypatch):
    """Train the tiny network into a folder of its own; ``train(**recipe_fields)``."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    return lambda **fields: tiny.train(dataset, "watched", tiny.recipe(**fields))


def train_in_two(train, **fields):
    """Train with an interruption after the second epoch, then to the end."""

    def check(self, where):
        if where == "after epoch 2":
            raise Interrupted("on purpose")

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(Watch, "check", check)
        train(**fields)
    run = train(**fields)
    assert run.record["resumed"] == 1
    return run


def logged(folder):
    """Read event files with TensorFlow's own reader: ``{step: {tag: value}}``, steps in order."""
    found = []
    for path in sorted((folder / "tensorboard").iterdir()):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            if event.summary.value:
                values = {value.tag: value.simple_value for value in event.summary.value}
                found.append((event.step, values))
    assert len({step for step, _ in found}) == len(found), "a step twice"
    return dict(found)


def assert_history(run, rows):
    """Compare what a tracker got with history.csv, by epoch."""
    history = run.history().set_index("epoch")
    got = pd.DataFrame.from_dict(rows, orient="index")
    assert list(got.index) == list(history.index) == [1, 2, 3]
    pd.testing.assert_frame_equal(
        got[history.columns], history, check_names=False, check_dtype=False, rtol=1e-5
    )
    assert {"loss", "accuracy", "val_loss", "learning_rate", "seconds"} <= set(got)


def test_event_files_hold_every_epoch_once_and_change_nothing(train, trained):
    run = train_in_two(train, tensorboard=True)
    assert_history(run, logged(run.folder))
    assert run.record["identity"] == trained.record["identity"]
    assert_same_numbers(run, trained)
    assert not (trained.folder / "tensorboard").exists()


class Server:
    """In place of the package mlflow: remembers rows by step, settings, and how runs ended."""

    def __init__(self):
        self.rows, self.settings, self.ends, self.opened = {}, {}, [], 0

    def set_experiment(self, name):
        self.settings["experiment"] = name

    def search_runs(self, filter_string, output_format):
        assert output_format == "list"
        assert "run_name = 'run'" in filter_string
        found = types.SimpleNamespace(info=types.SimpleNamespace(run_id="7"))
        return [found] if self.opened else []

    def start_run(self, run_id=None, run_name=None, tags=None):
        assert (run_id == "7") == bool(self.opened)
        self.opened += 1

    def log_params(self, values):
        self.settings |= values

    def log_metrics(self, values, step):
        assert step not in self.rows, "a step twice"
        self.rows[step] = values

    def MlflowClient(self):
        return self

    def get_metric_history(self, run_id, key):
        return [types.SimpleNamespace(step=step, value=row[key]) for step, row in self.rows.items()]

    def end_run(self, status):
        self.ends.append(status)


def test_mlflow_gets_every_epoch_once(train, monkeypatch):
    server = Server()
    monkeypatch.setitem(sys.modules, "mlflow", server)
    monkeypatch.setenv(tracking.VARIABLE, "mlflow")
    run = train_in_two(train)
    assert_history(run, server.rows)
    assert server.ends == ["KILLED", "FINISHED"]
    assert server.settings["experiment"] == "watched"
    assert server.settings["batch_size"] == run.record["recipe"]["batch_size"]
    assert server.settings["identity"] == run.record["identity"]


@pytest.mark.parametrize("broken", ["start", "epoch", "end"])
def test_a_tracker_that_fails_is_dropped_with_one_warning(broken, train, monkeypatch, caplog):
    calls = []

    class Odd:
        def __getattr__(self, what):
            def call(*_):
                calls.append(what)
                if what == broken:
                    raise ConnectionError("server is gone")

            return call

    monkeypatch.setattr(tracking, "MLflow", Odd)
    monkeypatch.setenv(tracking.VARIABLE, "mlflow")
    with caplog.at_level(logging.WARNING, logger="skinlib"):
        run = train()
    assert run.finished
    assert sum("ConnectionError: server is gone" in line for line in caplog.messages) == 1
    assert calls.count(broken) == 1
    assert calls[-1] == broken


def test_what_cannot_be_used_is_refused_before_anything_is_written(train, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("keras.backend.backend", lambda: "jax")
        with pytest.raises(DataError, match="needs the TensorFlow backend, this is jax"):
            train(tensorboard=True)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    for name, message in (
        ("mlflow", "is mlflow, which is not installed; pip install"),
        ("mlfow", "'mlfow', expected mlflow"),
    ):
        monkeypatch.setenv(tracking.VARIABLE, name)
        with pytest.raises(DataError, match=message):
            train()
    assert not list(paths.RESULTS.iterdir())
