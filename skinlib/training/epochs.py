"""One epoch of training, which may be left after any step and taken up again there."""

import math
import sys
import time

import keras
from keras import ops
from tqdm import tqdm

from skinlib.data.batches import batch, epoch_order

# A state is written at least so often, since an epoch of a large network can take hours.
SAVE_SECONDS = 600.0


class _Chunk(keras.callbacks.Callback):
    """Count steps, and leave `fit` when it is time to save.

    Parameters
    ----------
    running : list of keras.Variable
        Sums behind loss and accuracy.
    begin : list of numpy.ndarray
        Their values to begin with, since `fit` itself begins with zeros; may be empty.
    leave : callable
        Asked after each step.
    bar : tqdm.tqdm
    """

    def __init__(self, running, begin, leave, bar):
        super().__init__()
        self.running, self.begin, self.leave, self.bar = running, begin, leave, bar
        self.steps, self.loss = 0, 0.0

    def on_epoch_begin(self, epoch, logs=None):
        if self.begin:
            for variable, array in zip(self.running, self.begin, strict=True):
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


def compile_for_epochs(model, recipe, loss, jit_compile):
    """Compile a model so that `train_epoch` can train it.

    Parameters
    ----------
    model : keras.Model
    recipe : skinlib.experiments.recipes.Recipe
    loss : callable
    jit_compile : bool

    Returns
    -------
    list of keras.Variable
        The sums behind the mean loss and accuracy of an epoch.
    """
    # By object, not by name: Keras makes the sums of a named metric in its first step only,
    # too late to go on from saved ones.
    accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
    options = {"learning_rate": recipe.learning_rate, "epsilon": recipe.epsilon}
    if recipe.weight_decay:
        optimizer = keras.optimizers.AdamW(**options, weight_decay=recipe.weight_decay)
    else:
        optimizer = keras.optimizers.Adam(**options)
    model.compile(
        optimizer=optimizer,
        loss=loss,
        metrics=[accuracy],
        jit_compile=jit_compile,
        steps_per_execution=recipe.steps_per_execution,
    )
    return [*model.metrics[0].variables, *accuracy.variables]


def train_epoch(model, running, part, recipe, seed, progress, *, watch, save, show):
    """Train the rest of an epoch.

    Parameters
    ----------
    model : keras.Model
    running : list of keras.Variable
        From `compile_for_epochs`, as the model.
    part : skinlib.data.batches.Part or skinlib.models.resident.ResidentPart
    recipe : skinlib.experiments.recipes.Recipe
    seed : int
    progress : skinlib.training.state.Progress
        Where the epoch begins; kept up to date.
    watch : skinlib.common.process.Watch
    save : callable
        Writes `progress`; called between steps, where everything is consistent.
    show : bool
        Show a bar.

    Returns
    -------
    dict
        Mean ``loss`` and ``accuracy`` over the images of the epoch. A loss that is not
        finite ends the epoch at once.

    Raises
    ------
    skinlib.common.errors.Interrupted
        After saving, when a signal has asked for it.
    """
    epoch = len(progress.history)
    order = epoch_order(len(part), seed, epoch)
    # Devices take equal shares of a batch: what is left over at the end is left out.
    order = order[: len(order) - len(order) % recipe.devices]
    steps = math.ceil(len(order) / recipe.batch_size)
    bar = tqdm(
        total=steps,
        initial=progress.step,
        desc=f"epoch {epoch + 1}",
        unit="step",
        disable=not show,
        # A log file is to be read, not watched.
        mininterval=0.1 if sys.stderr.isatty() else 30,
    )
    with bar:
        while progress.step < steps:
            start = time.perf_counter()
            chunk = _fit(model, running, part, recipe, order, progress, watch, bar)
            # The last execution of several steps may hold fewer than it says.
            progress.step = min(progress.step + chunk.steps, steps)
            progress.seconds += time.perf_counter() - start
            if not math.isfinite(chunk.loss):
                break
            if progress.step < steps:
                progress.metrics = [
                    ops.convert_to_numpy(ops.convert_to_tensor(variable)) for variable in running
                ]
                save()
                watch.check(f"in epoch {epoch + 1} after {progress.step} of {steps} steps")
    result = model.get_metrics_result()
    return {key: float(result[key]) for key in ("loss", "accuracy")}


class _Batches(keras.utils.PyDataset):
    """The batches of some positions within a part, in order; can be read again and again."""

    def __init__(self, part, batch_size, order):
        super().__init__()
        self.part, self.batch_size, self.order = part, batch_size, order

    def __len__(self):
        return math.ceil(len(self.order) / self.batch_size)

    def __getitem__(self, index):
        start = index * self.batch_size
        return batch(self.part, self.order[start : start + self.batch_size])


def _fit(model, running, part, recipe, order, progress, watch, bar):
    """Take steps until the epoch ends, a signal comes or it is time to save."""
    due = time.monotonic() + SAVE_SECONDS
    chunk = _Chunk(
        running,
        progress.metrics,
        lambda: watch.requested or time.monotonic() > due,
        bar,
    )
    left = order[progress.step * recipe.batch_size :]
    model.fit(
        _Batches(part, recipe.batch_size, left),
        epochs=1,
        verbose=0,
        shuffle=False,
        callbacks=[chunk],
    )
    return chunk
