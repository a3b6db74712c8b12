"""The epochs of a training, which may be left after any step and continued there."""

import math
import sys
import time

import keras
from tqdm import tqdm

from skinlib.data.batches import batch
from skinlib.experiments import run
from skinlib.training import evaluation, mixing, run_lock, state
from skinlib.training.schedule import Controls

# A state is written at least this often, since an epoch of a large network can take hours.
SAVE_SECONDS = 600.0


def train(job, network):
    """Train and validate a compiled network epoch by epoch, from the last state on.

    Returns the `skinlib.training.state.Progress`.
    """
    folder, record, recipe = job.folder, job.record, job.recipe
    kept = network.classifier, network.trained.optimizer, record["identity"]
    progress = state.load(folder, *kept)
    if progress:
        record["resumed"] = run.read_run(folder).record["resumed"] + 1
    else:
        progress = state.Progress(Controls.first(recipe), [])
    run.write_record(folder, record)
    job.trackers.start(record, progress.history)

    def save():
        state.save(folder, *kept, progress)

    while len(progress.history) < recipe.epochs and not progress.controls.stopped:
        epoch = len(progress.history)
        if progress.logs is None:
            rate = progress.controls.learning_rate
            network.trained.optimizer.learning_rate = rate
            logs = train_epoch(job, network, progress, save)
            progress.logs = {**logs, "learning_rate": rate}
        evaluation.validate(job, network, progress, save)
        save()
        run_lock.forget_others(folder, progress.controls.best_epoch)
        run.write_history(folder, progress.history)
        job.trackers.epoch(progress.history[-1])
        job.watch.check(f"after epoch {epoch + 1}")
    return progress


def train_epoch(job, network, progress, save):
    """Train the rest of an epoch; return its mean ``loss`` and ``accuracy``.

    `progress` says where the epoch begins, and is kept up to date. `save` writes it; it is called
    between steps, and before `Interrupted` is raised for a signal. A loss that is not finite ends
    the epoch at once.
    """
    recipe, epoch = job.recipe, len(progress.history)
    part = network.training_part(epoch)
    changes = mixing.Changes(recipe, part.labels, job.record["seed"], epoch, network.taught)
    order = changes.order()
    # Devices take equal shares of a batch; the rest at the end is left out.
    order = order[: len(order) - len(order) % recipe.devices]
    steps = math.ceil(len(order) / recipe.batch_size)
    bar = tqdm(
        total=steps,
        initial=progress.step,
        desc=f"epoch {epoch + 1}",
        unit="step",
        disable=not job.show,
        mininterval=0.1 if sys.stderr.isatty() else 30,
    )
    with bar:
        while progress.step < steps:
            start = time.perf_counter()
            left = order[progress.step * recipe.batch_size :]
            batches = _Batches(part, recipe.batch_size, left, changes, progress.step)
            chunk = _fit(network, batches, progress, job.watch, bar)
            # The last execution of several steps may hold fewer than that.
            progress.step = min(progress.step + chunk.steps, steps)
            progress.seconds += time.perf_counter() - start
            job.require_finite(network, epoch, chunk.loss)
            if progress.step < steps:
                progress.metrics = [state.to_numpy(variable) for variable in network.sums]
                save()
                job.watch.check(f"in epoch {epoch + 1} after {progress.step} of {steps} steps")
    result = network.trained.get_metrics_result()
    return {key: float(result[key]) for key in ("loss", "accuracy")}


def _fit(network, batches, progress, watch, bar):
    """Take steps until the epoch ends, a signal arrives or it is time to save."""
    due = time.monotonic() + SAVE_SECONDS
    leave = lambda: watch.requested or time.monotonic() > due  # noqa: E731
    chunk = _Chunk(network.sums, progress.metrics, leave, bar)
    network.trained.fit(batches, epochs=1, verbose=0, shuffle=False, callbacks=[chunk])
    return chunk


class _Batches(keras.utils.PyDataset):
    """The batches of some positions within a set, in order; can be read again and again.

    The first is the batch number `first` of its epoch.
    """

    def __init__(self, part, batch_size, order, changes, first):
        super().__init__()
        self.part, self.batch_size, self.order = part, batch_size, order
        self.changes, self.first = changes, first

    def __len__(self):
        return math.ceil(len(self.order) / self.batch_size)

    def __getitem__(self, index):
        start = index * self.batch_size
        places = self.order[start : start + self.batch_size]
        return self.changes(self.first + index, places, *batch(self.part, places))


class _Chunk(keras.callbacks.Callback):
    """Count steps, and stop `fit` when `leave` returns true after a step.

    The `sums` behind loss and accuracy begin with the arrays `begin`, where there are any: `fit`
    itself begins with zeros.
    """

    def __init__(self, sums, begin, leave, bar):
        super().__init__()
        self.sums, self.begin, self.leave, self.bar = sums, begin, leave, bar
        self.steps, self.loss = 0, 0.0

    def on_epoch_begin(self, epoch, logs=None):
        if self.begin:
            for variable, array in zip(self.sums, self.begin, strict=True):
                variable.assign(array)

    def on_train_batch_end(self, batch, logs=None):
        taken = batch + 1 - self.steps
        self.steps, self.loss = batch + 1, float(logs["loss"])
        self.bar.set_postfix(
            loss=f"{self.loss:.3f}", acc=f"{float(logs['accuracy']):.3f}", refresh=False
        )
        self.bar.update(taken)
        if not math.isfinite(self.loss) or self.leave():
            self.model.stop_training = True
