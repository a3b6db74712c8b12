"""Send what a training reports after every epoch elsewhere too: TensorBoard, MLflow, W&B.

Off by default. Nothing of a run depends on it: ``history.csv`` has the same rows. A tracker that
cannot be used is refused before the training; one that fails later is dropped with a warning.
"""

import importlib
import logging
import os
import time

from skinlib.common.errors import DataError
from skinlib.common.files import hash_of

# Names one of TRACKERS.
VARIABLE = "SKINLIB_TRACKER"
FOLDER = "tensorboard"
# MLflow's words; a run that is interrupted still says "running".
ENDS = {"finished": "FINISHED", "failed": "FAILED"}


class TensorBoard:
    """Event files in the run directory, in the format that TensorBoard reads.

    Parameters
    ----------
    folder : pathlib.Path
        The run directory.

    Raises
    ------
    DataError
        On another backend than TensorFlow, which writes the files.
    """

    def __init__(self, folder):
        import keras

        backend = keras.backend.backend()
        if backend != "tensorflow":
            msg = (
                f"recipe field tensorboard needs the TensorFlow backend, this is {backend}; leave "
                f"it out, or set {VARIABLE} to one of {', '.join(TRACKERS)}"
            )
            raise DataError(msg)
        self.folder = folder / FOLDER

    def start(self, record):
        import tensorflow as tf

        self.events = tf.compat.v1
        self.folder.mkdir(exist_ok=True)
        # All epochs so far come again, into one file.
        for path in self.folder.glob("*tfevents*"):
            path.unlink()
        path = self.folder / f"events.out.tfevents.{time.time():.0f}.{record['identity']}"
        self.file = tf.io.TFRecordWriter(str(path))
        self._write(file_version="brain.Event:2")

    def epoch(self, row):
        values = [
            self.events.Summary.Value(tag=name, simple_value=value)
            for name, value in _numbers(row).items()
        ]
        self._write(step=row["epoch"], summary=self.events.Summary(value=values))

    def end(self, record):
        self.file.close()

    def _write(self, **fields):
        event = self.events.Event(wall_time=time.time(), **fields)
        self.file.write(event.SerializeToString())
        self.file.flush()


class MLflow:
    """A run of MLflow, in the experiment ``MLFLOW_EXPERIMENT_NAME`` or one called as the study."""

    def __init__(self):
        self.mlflow = _package("mlflow")

    def start(self, record):
        mlflow, name, identity = self.mlflow, record["run"], record["identity"]
        mlflow.set_experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME", record["study"]))
        found = mlflow.search_runs(
            filter_string=f"attributes.run_name = '{name}' and tags.identity = '{identity}'",
            output_format="list",
        )
        if found:
            known = found[0].info.run_id
            logged = mlflow.MlflowClient().get_metric_history(known, "seconds")
            self.known = {metric.step for metric in logged}
            mlflow.start_run(run_id=known)
        else:
            self.known = set()
            mlflow.start_run(run_name=name, tags={"identity": identity})
            mlflow.log_params(_settings(record))

    def epoch(self, row):
        if row["epoch"] not in self.known:
            self.mlflow.log_metrics(_numbers(row), step=row["epoch"])

    def end(self, record):
        self.mlflow.end_run(ENDS.get(record["status"], "KILLED"))


class WandB:
    """A run of Weights & Biases, in the project ``WANDB_PROJECT`` or ``skinlib``."""

    def __init__(self):
        self.wandb = _package("wandb")

    def start(self, record):
        self.run = self.wandb.init(
            project=os.environ.get("WANDB_PROJECT", "skinlib"),
            group=record["study"],
            name=record["run"],
            id=hash_of([record["study"], record["run"], record["identity"]]),
            resume="allow",
            config=_settings(record),
        )
        # Of a run that goes on: the first step that is not there yet.
        self.first = self.run.step

    def epoch(self, row):
        if row["epoch"] >= self.first:
            self.run.log(_numbers(row), step=row["epoch"])

    def end(self, record):
        self.run.finish(exit_code=int(record["status"] != "finished"))


TRACKERS = {"mlflow": MLflow, "wandb": WandB}


class Tracking:
    """All trackers of one training; to be used in a ``with`` statement.

    Parameters
    ----------
    trackers : sequence
        Objects with ``start(record)``, ``epoch(row)`` and ``end(record)``. A training that goes on
        sends every row again; each of them leaves out what it has.
    """

    def __init__(self, trackers):
        self.trackers, self.record = list(trackers), None

    def start(self, record, history):
        """Begin with the record of a run (it is looked at again at the end), and its epochs."""
        self.record = record
        self._tell("start", record)
        for row in history:
            self.epoch(row)

    def epoch(self, row):
        """Send a row of the history."""
        self._tell("epoch", row)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.record:
            self._tell("end", self.record)

    def _tell(self, what, value):
        for tracker in tuple(self.trackers):
            try:
                getattr(tracker, what)(value)
            # Whatever a server or a full disk comes up with, the training is worth more.
            except Exception as error:
                self.trackers.remove(tracker)
                logging.getLogger("skinlib").warning(
                    "%s is no longer told of this training: %s: %s",
                    type(tracker).__name__, type(error).__name__, error,
                )  # fmt: skip


def of(recipe, folder):
    """Return the trackers that the recipe and the environment ask for, none by default.

    Parameters
    ----------
    recipe : skinlib.experiments.recipe.Recipe
    folder : pathlib.Path
        The run directory.

    Returns
    -------
    Tracking

    Raises
    ------
    DataError
        One of them cannot be used here, or is unknown.
    """
    chosen = [TensorBoard(folder)] if recipe.tensorboard else []
    if name := os.environ.get(VARIABLE):
        if name not in TRACKERS:
            msg = f"{VARIABLE} is '{name}', expected one of {', '.join(TRACKERS)}, or nothing"
            raise DataError(msg)
        chosen.append(TRACKERS[name]())
    return Tracking(chosen)


def _package(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        msg = f"{VARIABLE} asks for {name}, which is not installed; pip install {name}, or unset it"
        raise DataError(msg) from error


def _numbers(row):
    return {name: float(value) for name, value in row.items() if name != "epoch"}


def _settings(record):
    """Return what a run was asked for, flat."""
    names = ("study", "backbone", "input_size", "seed", "identity")
    chosen = {name: record[name] for name in names}
    return {**chosen, "data": record["data"]["name"], **record["recipe"]}
