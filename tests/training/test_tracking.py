"""Trackers get the rows of history.csv, each once, and can neither change nor end a training."""

import dataclasses
import importlib.util
import logging
import sys
import types

import pandas as pd
import pytest
import tensorflow as tf
import tiny

from skinlib.common import paths
from skinlib.common.errors import DataError, Interrupted
from skinlib.common.process import Watch
from skinlib.experiments import recipes, records
from skinlib.training import loop as training
from skinlib.training import tracking


@pytest.fixture
def train(dataset, tmp_path, monkeypatch):
    """Train the tiny network into a folder of its own; ``train(**recipe_fields)``."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path)

    def run(**fields):
        return training.train(
            tiny.recipe(**fields), "Tiny", data=dataset, study="watched", progress=False
        )

    return run


@pytest.fixture
def interrupted(monkeypatch):
    """Return a context that interrupts a training after an epoch."""

    def after(epoch):
        patch = pytest.MonkeyPatch()

        def check(self, where):
            if where == f"after epoch {epoch}":
                raise Interrupted("on purpose")

        patch.setattr(Watch, "check", check)
        return patch

    return after


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


def test_off_by_default(train, monkeypatch):
    monkeypatch.delenv(tracking.VARIABLE, raising=False)
    assert tracking.of(tiny.recipe(), paths.RESULTS).trackers == []


def test_event_files_hold_the_history(train):
    run = train(tensorboard=True)
    assert_history(run, logged(run.folder))


def test_tensorboard_itself_reads_them(train):
    if importlib.util.find_spec("tensorboard") is None:
        pytest.skip("tensorboard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = train(tensorboard=True)
    events = EventAccumulator(str(run.folder / "tensorboard")).Reload()
    for name, column in run.history().set_index("epoch").items():
        points = events.Scalars(name)
        assert [point.step for point in points] == list(column.index)
        assert [point.value for point in points] == pytest.approx(list(column), rel=1e-5)


def test_a_training_that_goes_on_logs_no_epoch_twice(train, interrupted):
    patch = interrupted(2)
    with pytest.raises(Interrupted):
        train(tensorboard=True)
    patch.undo()
    run = train(tensorboard=True)
    assert run.record["resumed"] == 1
    assert_history(run, logged(run.folder))


def test_to_be_watched_makes_no_other_run(dataset):
    plain, watched = tiny.recipe(), tiny.recipe(tensorboard=True)
    assert records.identity({}, plain) == records.identity({}, watched)
    assert records.identity({}, plain) != records.identity({}, tiny.recipe(batch_size=4))
    assert recipes.from_json(watched.to_json()) == watched
    assert not any(recipe.tensorboard for recipe in recipes.RECIPES.values())


def test_without_tensorflow_it_is_refused_before_anything_is_written(train, monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    with pytest.raises(DataError, match="needs the TensorFlow backend, this is jax"):
        train(tensorboard=True)
    assert not list(paths.RESULTS.iterdir())


class Server:
    """What a server would remember: runs by identity or id, their rows by step, and how they ended."""

    def __init__(self):
        self.rows, self.settings, self.ends, self.opened = {}, {}, [], 0

    def take(self, step, values):
        assert step not in self.rows, "a step twice"
        self.rows[step] = values


def fake_mlflow(server, monkeypatch):
    module = types.ModuleType("mlflow")
    run = types.SimpleNamespace(info=types.SimpleNamespace(run_id="7"))
    metric = types.SimpleNamespace

    def start_run(run_id=None, run_name=None, tags=None):
        assert (run_id == "7") == bool(server.opened)
        server.opened += 1

    def search_runs(filter_string, output_format):
        assert output_format == "list"
        assert "run_name = 'Tiny-clean-32px-s0'" in filter_string
        return [run] if server.opened else []

    class MlflowClient:
        def get_metric_history(self, run_id, key):
            return [metric(step=step, value=row[key]) for step, row in server.rows.items()]

    module.set_experiment = lambda name: server.settings.update(experiment=name)
    module.search_runs, module.start_run, module.MlflowClient = search_runs, start_run, MlflowClient
    module.log_params = server.settings.update
    module.log_metrics = lambda values, step: server.take(step, values)
    module.end_run = server.ends.append
    monkeypatch.setitem(sys.modules, "mlflow", module)
    return ["KILLED", "FINISHED"]


def fake_wandb(server, monkeypatch):
    module = types.ModuleType("wandb")

    def init(project, group, name, id, resume, config):
        assert (project, group, name, resume) == (
            "skinlib", "watched", "Tiny-clean-32px-s0", "allow",
        )  # fmt: skip
        assert server.settings.setdefault("id", id) == id
        server.settings.update(config, experiment=group)
        return types.SimpleNamespace(
            step=max(server.rows, default=-1) + 1,
            log=lambda values, step: server.take(step, values),
            finish=lambda exit_code: server.ends.append(exit_code),
        )

    module.init = init
    monkeypatch.setitem(sys.modules, "wandb", module)
    return [1, 0]


@pytest.mark.parametrize(("name", "fake"), [("mlflow", fake_mlflow), ("wandb", fake_wandb)])
def test_a_server_gets_every_epoch_once(train, monkeypatch, interrupted, name, fake):
    server = Server()
    ends = fake(server, monkeypatch)
    monkeypatch.setenv(tracking.VARIABLE, name)
    patch = interrupted(2)
    with pytest.raises(Interrupted):
        train()
    patch.undo()
    run = train()
    assert_history(run, server.rows)
    assert server.ends == ends
    assert server.settings["experiment"] == "watched"
    assert server.settings["batch_size"] == run.record["recipe"]["batch_size"]
    assert server.settings["identity"] == run.record["identity"]


@pytest.mark.parametrize("broken", ["start", "epoch", "end"])
def test_a_tracker_that_fails_is_dropped_with_one_warning(broken, train, monkeypatch, caplog):
    calls = []

    class Odd:
        def __getattr__(self, what):
            def call(_):
                calls.append(what)
                if what == broken:
                    raise ConnectionError("server is gone")

            return call

    monkeypatch.setitem(tracking.TRACKERS, "mlflow", Odd)
    monkeypatch.setenv(tracking.VARIABLE, "mlflow")
    with caplog.at_level(logging.WARNING, logger="skinlib"):
        run = train()
    assert run.finished
    told = [line for line in caplog.messages if "ConnectionError: server is gone" in line]
    assert len(told) == 1
    assert calls.count(broken) == 1
    assert calls[-1] == broken


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_a_package_that_is_missing_is_named_before_the_training(name, train, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setenv(tracking.VARIABLE, name)
    with pytest.raises(DataError, match=f"asks for {name}, which is not installed; pip install"):
        train()
    assert not list(paths.RESULTS.iterdir())


def test_an_unknown_tracker_is_refused(train, monkeypatch):
    monkeypatch.setenv(tracking.VARIABLE, "mlfow")
    with pytest.raises(DataError, match="'mlfow', expected one of mlflow, wandb"):
        train()


def test_the_field_is_yes_or_no():
    with pytest.raises(DataError, match="tensorboard is 'yes'"):
        dataclasses.replace(tiny.recipe(), tensorboard="yes")
