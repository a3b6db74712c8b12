"""Copy the row of each epoch to TensorBoard or MLflow.

Off by default, and no number of a run depends on it: ``history.csv`` has the same rows. A tracker
that cannot be used is refused before the training; one that fails later is dropped with a warning.
"""

import logging
import os
import shutil

from skinlib.common.errors import DataError

# Set to "mlflow" or unset.
VARIABLE = "SKINLIB_TRACKER"


class TensorBoard:
    """Event files in the run directory.

    Keras' own callback needs the package tensorboard to write them and would log a resumed epoch
    twice; TensorFlow alone writes these.
    """

    def __init__(self, folder):
        import keras

        backend = keras.backend.backend()
        if backend != "tensorflow":
            msg = (
                f"recipe field tensorboard needs the TensorFlow backend, this is {backend}; leave "
                f"it out, or set {VARIABLE}=mlflow"
            )
            raise DataError(msg)
        self.folder = folder / "tensorboard"

    def start(self, record):
        import tensorflow as tf

        # A training that was resumed writes all its epochs again, into one file.
        shutil.rmtree(self.folder, ignore_errors=True)
        self.tf, self.writer = tf, tf.summary.create_file_writer(str(self.folder))

    def epoch(self, epoch, numbers):
        Summary = self.tf.compat.v1.Summary
        values = [Summary.Value(tag=name, simple_value=value) for name, value in numbers.items()]
        raw = Summary(value=values).SerializeToString()
        with self.writer.as_default():
            self.tf.summary.experimental.write_raw_pb(raw, epoch)
        self.writer.flush()

    def end(self, record):
        self.writer.close()


class MLflow:
    """A run of MLflow, in the experiment ``MLFLOW_EXPERIMENT_NAME`` or one named as the study."""

    def __init__(self):
        try:
            import mlflow
        except ImportError as error:
            msg = f"{VARIABLE} is mlflow, which is not installed; pip install mlflow, or unset it"
            raise DataError(msg) from error
        self.mlflow = mlflow

    def start(self, record):
        mlflow, name, identity = self.mlflow, record["run"], record["identity"]
        mlflow.set_experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME", record["study"]))
        which = f"attributes.run_name = '{name}' and tags.identity = '{identity}'"
        self.known = set()
        if found := mlflow.search_runs(filter_string=which, output_format="list"):
            known = found[0].info.run_id
            logged = mlflow.MlflowClient().get_metric_history(known, "seconds")
            self.known = {metric.step for metric in logged}
            mlflow.start_run(run_id=known)
        else:
            mlflow.start_run(run_name=name, tags={"identity": identity})
            names = ("study", "backbone", "input_size", "seed", "identity")
            chosen = {name: record[name] for name in names}
            mlflow.log_params({**chosen, "data": record["data"]["name"], **record["recipe"]})

    def epoch(self, epoch, numbers):
        if epoch not in self.known:
            self.mlflow.log_metrics(numbers, step=epoch)

    def end(self, record):
        # A run that was interrupted still has the status "running".
        ends = {"finished": "FINISHED", "failed": "FAILED"}
        self.mlflow.end_run(ends.get(record["status"], "KILLED"))


class Tracking:
    """All trackers of one training; to be used in a ``with`` statement.

    They have ``start(record)``, ``epoch(epoch, numbers)`` and ``end(record)``. A resumed training
    sends every row again; each of them leaves out what it has.
    """

    def __init__(self, trackers):
        self.trackers, self.record = trackers, None

    def start(self, record, history):
        """Begin with the record of a run, which is read again at the end, and its epochs."""
        self.record = record
        self._call("start", record)
        for row in history:
            self.epoch(row)

    def epoch(self, row):
        """Send a row of the history."""
        numbers = {name: float(value) for name, value in row.items() if name != "epoch"}
        self._call("epoch", row["epoch"], numbers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.record:
            self._call("end", self.record)

    def _call(self, method, *values):
        for tracker in tuple(self.trackers):
            try:
                getattr(tracker, method)(*values)
            # A server or a full disk must not end the training.
            except Exception as error:
                self.trackers.remove(tracker)
                logging.getLogger("skinlib").warning(
                    "%s gets no more rows of this training: %s: %s",
                    type(tracker).__name__, type(error).__name__, error,
                )  # fmt: skip


def of(recipe, folder):
    """Return the `Tracking` that the recipe and the environment name, none by default.

    `folder` is the run directory. `DataError`: a tracker cannot be used here, or is unknown.
    """
    chosen = [TensorBoard(folder)] if recipe.tensorboard else []
    if name := os.environ.get(VARIABLE):
        if name != "mlflow":
            msg = f"{VARIABLE} is '{name}', expected mlflow or nothing"
            raise DataError(msg)
        chosen.append(MLflow())
    return Tracking(chosen)
