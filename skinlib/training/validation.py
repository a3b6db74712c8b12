"""What happens between two epochs: scores, the best weights so far, and whether to go on."""

import math
import time

import numpy as np

from skinlib.common.errors import TrainingError
from skinlib.common.files import atomic_path, require_space
from skinlib.experiments import run as runs
from skinlib.stats.scores import scores
from skinlib.training import losses
from skinlib.training import run_lock as occupancy
from skinlib.training.prediction import predict


def validate(folder, record, recipe, parts, model, trained, progress, watch, save):
    """Score an epoch on the selection part, keep its weights if they are the best so far.

    Parameters
    ----------
    folder : pathlib.Path
    record : dict
        Of the run; marked failed when a probability is no finite number.
    recipe : skinlib.experiments.recipe.Recipe
    parts : dict
        By name, as `model`'s inputs want them.
    model : keras.Model
        That answers.
    trained : keras.Model
        The whole classifier, whose weights are kept.
    progress : skinlib.training.state.Progress
    watch : skinlib.common.process.Watch
    save : callable
        Writes `progress`.

    Raises
    ------
    TrainingError, skinlib.common.errors.Interrupted
    """
    epoch = len(progress.history)

    def saved_if_asked_to_stop():
        if watch.requested:
            save()
            watch.check(f"while validating epoch {epoch + 1}")

    def scores(name):
        probabilities = predict(
            model, parts[name], devices=recipe.devices, before_batch=saved_if_asked_to_stop
        )
        if not np.isfinite(probabilities).all():
            fail(folder, record, epoch, math.nan)
        return _scores(parts[name].labels, probabilities)

    start = time.perf_counter()
    found = scores(recipe.selection)
    row = {f"val_{name}": value for name, value in found.items()}
    if recipe.score_test:
        row |= {f"test_{name}": value for name, value in scores("test").items()}
    if progress.controls.update(recipe, epoch, **found):
        # Numbers, and some kilobytes for the name and place of each array.
        needed = sum(4 * math.prod(v.shape) + 4096 for v in trained.variables) + 2**16
        require_space(folder, needed)
        with atomic_path(occupancy.best(folder, epoch)) as temporary:
            bare(trained).save_weights(temporary)
    logs = dict(progress.logs)
    rate = logs.pop("learning_rate")
    seconds = progress.seconds + time.perf_counter() - start
    progress.complete(
        {"epoch": epoch + 1, **logs, **row, "learning_rate": rate, "seconds": seconds}
    )


def _scores(labels, probabilities):
    names = ("accuracy", "mean recall")
    accuracy, recall = scores(np.ones((1, len(labels))), labels, probabilities, names)[0].tolist()
    return {
        "loss": losses.cross_entropy(labels, probabilities),
        "accuracy": accuracy,
        "mean_recall": recall,
    }


def bare(model):
    """Return the same network without its optimizer, whose moments are twice the weights."""
    import keras

    return keras.Model(model.inputs, model.outputs, name=model.name)


def require_finite(folder, record, model, optimizer, epoch):
    """Fail the run if a weight, or a number of the optimizer, is not finite.

    A loss can stay finite while the weights do not: in some kernels the ReLU of NaN is 0.

    Raises
    ------
    TrainingError
        Naming the first such array.
    """
    from keras import ops

    for variable in (*model.variables, *optimizer.variables):
        array = ops.convert_to_numpy(ops.convert_to_tensor(variable))
        # States of random generators are whole numbers.
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            worst = array[~np.isfinite(array)].flat[0]
            fail(folder, record, epoch, worst, f"weight '{variable.path}'")


def fail(folder, record, epoch, value, what="loss"):
    """Mark a run failed and raise `TrainingError`: `what` became `value`, which is not finite."""
    record.update(status="failed", reason=f"{what} {value} in epoch {epoch + 1}")
    runs.write_record(folder, record)
    msg = (
        f"the {what} of '{folder.name}' became {value} in epoch {epoch + 1}; "
        "lower the learning rate. The last saved state is kept"
    )
    raise TrainingError(msg)
