"""Train one classifier: recipe, backbone, data and seed in; a run directory out.

data → network → loss and optimiser → epochs → evaluation and record. The run can be killed at any
moment and started again with the same call: it continues from the last state, and ends with the
numbers it would have had.
"""

import dataclasses
import math
from pathlib import Path

import numpy as np

from skinlib.common.errors import TrainingError
from skinlib.common.files import require_name
from skinlib.common.process import Watch, import_keras, switched_on
from skinlib.data.prepare import Prepared, prepare
from skinlib.experiments import records, run
from skinlib.experiments.fields import check
from skinlib.experiments.recipe import Recipe
from skinlib.models.backbones import check_size, get_backbone
from skinlib.models.starting import Start
from skinlib.training import distillation, evaluation, run_lock, state, tracking

REMEDY = "Use a larger device, a smaller size or, as another recipe, a smaller batch_size"


@dataclasses.dataclass(frozen=True)
class Job:
    """One training: what its stations have in common."""

    folder: Path  # the run directory
    record: dict  # becomes run.json
    recipe: Recipe
    prepared: Prepared
    weights: object  # it starts with, see `skinlib.experiments.records.starting_weights`
    teachers: list  # see `skinlib.training.distillation.teachers`
    keep_weights: bool
    watch: Watch  # signals that may stop it
    trackers: tracking.Tracking
    show: bool  # progress bars

    def fail(self, epoch, value, what="loss"):
        """Mark the run failed and raise `TrainingError`: `what` became `value`."""
        self.record.update(status="failed", reason=f"{what} {value} in epoch {epoch + 1}")
        run.write_record(self.folder, self.record)
        msg = (
            f"the {what} of '{self.folder.name}' became {value} in epoch {epoch + 1}; "
            "lower the learning rate. The last saved state is kept"
        )
        raise TrainingError(msg)

    def require_finite(self, network, epoch, loss):
        """Fail the run if the loss, a weight, or a number of the optimizer is not finite.

        A loss can stay finite while the weights do not: in some kernels the ReLU of NaN is 0.
        """
        if not math.isfinite(loss):
            self.fail(epoch, loss)
        for variable in (*network.classifier.variables, *network.trained.optimizer.variables):
            array = state.to_numpy(variable)
            # States of random generators are whole numbers.
            if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
                worst = array[~np.isfinite(array)].flat[0]
                self.fail(epoch, worst, f"weight '{variable.path}'")


def train(
    recipe,
    backbone,
    *,
    data=None,
    study="adhoc",
    name=None,
    size=None,
    seed=0,
    weights="imagenet",
    keep_weights=True,
    progress=True,
):
    """Train a classifier and write its run directory.

    Parameters
    ----------
    recipe : skinlib.experiments.recipe.Recipe
    backbone : str
    data : str or pathlib.Path, optional
        See `skinlib.data.ham10000.locate`; the synthetic set by default.
    study, name : str
        The run is written to ``results/runs/<study>/<name>``; the name is made from the other
        arguments when left out.
    size : int, optional
        Side of the input in pixels; the authors' by default.
    seed : int
        Of split, weights, order, dropout and augmentation.
    weights : {None, 'imagenet'}, path or 'run:<study>/<run>'
        See `skinlib.experiments.records.starting_weights`.
    keep_weights : bool
        Leave the weights of the best epoch, and the attention on the test set, in the run
        directory.
    progress : bool
        Show bars.

    Returns
    -------
    skinlib.experiments.run.Run

    Raises
    ------
    DataError
        Bad arguments or data; another process trains this run; the directory holds a run with
        other settings; a tracker cannot be used.
    TrainingError
        The loss, a weight or a number of the optimizer is not finite; the run is marked failed.
    TemporaryError
        The device is too small for a batch.
    Interrupted
        A signal has arrived; the same call continues from there.
    """
    row = get_backbone(backbone)
    size = check_size(row, size)
    check("size", size)
    check("seed", seed)
    weights = records.starting_weights(row, weights)
    name = name or run.run_name(row.name, recipe.name, size, seed)
    for what, each in (("study", study), ("name of the run", name)):
        require_name(each, what)
    folder = run.folder_of(study, name)
    trackers = tracking.of(recipe, folder)
    switched_on("SKINLIB_QUICK_START")  # or it is refused, before there is a folder
    agreement = _outline(recipe, data, seed, progress) if recipe.outlines == "unet" else None
    prepared = prepare(recipe, data, size, seed, progress=progress)
    if isinstance(weights, Start):
        weights.check_split(prepared.split.hash)
    teachers = distillation.teachers(recipe, row, seed, prepared.split.hash)
    record = records.opening(study, name, recipe, row, size, seed, weights, prepared, teachers)
    with run_lock.hold(folder, record["identity"]) as found:
        if found and found.finished:
            return found
        if agreement:
            record["outlines"] = agreement
        record["split"]["file"] = records.save_split(prepared, recipe, seed)
        with Watch() as watch, trackers:
            job = Job(
                folder=folder, record=record, recipe=recipe, prepared=prepared, weights=weights,
                teachers=teachers, keep_weights=keep_weights, watch=watch, trackers=trackers,
                show=progress,
            )  # fmt: skip
            _train(job)
        return run.read_run(folder)


def _outline(recipe, data, seed, progress):
    """Make the masks of a U-Net, see `skinlib.training.outlines.provide`."""
    import_keras()
    from skinlib.models import runtime
    from skinlib.training import outlines

    if recipe.deterministic:
        runtime.make_deterministic()
    with runtime.enough_memory("when outlining the lesions", "Use a larger device"):
        return outlines.provide(recipe, data, seed, progress=progress)


def _train(job):
    import_keras()
    from skinlib.models import runtime
    from skinlib.training import averaging, epochs, learners, losses, network

    recipe = job.recipe
    if recipe.deterministic:
        runtime.make_deterministic()
    job.record["quick_start"] = runtime.quick_start()
    if recipe.learner != "network":
        learners.train(job)
        return
    with (
        runtime.enough_memory(f"with batches of {recipe.batch_size}", REMEDY),
        network.on_devices(recipe.devices),
    ):
        built = network.build(job)
        built.taught = distillation.taught(job.teachers, job.prepared, job.record)
        class_weights = losses.compile_network(built, recipe)
        records.equip(job.record, job.prepared, built.classifier, class_weights)
        progress = epochs.train(job, built)
        if recipe.ema:
            averaging.finish(job, built, progress)
    with runtime.enough_memory("when predicting", REMEDY):
        if recipe.devices > 1:
            built = network.build(job)
        evaluation.finish(job, built, progress)
