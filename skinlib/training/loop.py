"""Train one classifier: recipe, backbone, data and seed in; a run directory out.

The run can be killed at any moment and started again with the same call: it goes
on from the last state, and ends with the numbers it would have had.
"""

import math

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.process import Watch
from skinlib.data.prepare import prepare
from skinlib.experiments import records
from skinlib.experiments import run as runs
from skinlib.experiments.recipe import Recipe
from skinlib.experiments.recipes import get_recipe
from skinlib.models.backbones import check_size, get_backbone
from skinlib.models.weights import load_classifier, resolve
from skinlib.training import losses, state, tracking, warm
from skinlib.training import run_lock as occupancy
from skinlib.training import schedule as controls
from skinlib.training.prediction import attention, predict
from skinlib.training.validation import bare, fail, require_finite, validate


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
    recipe : str or skinlib.experiments.recipes.Recipe
    backbone : str
    data : str or pathlib.Path, optional
        See `skinlib.data.ham10000.locate`; the synthetic set by default.
    study, name : str
        The run lands in ``results/runs/<study>/<name>``; the name is made from the
        other arguments when left out.
    size : int, optional
        Side of the input in pixels; the authors' by default.
    seed : int
        Of split, weights, order, dropout and augmentation.
    weights : {None, 'imagenet'} or path
        See `skinlib.models.weights.resolve`.
    keep_weights : bool
        Leave the weights of the best epoch, and the attention on the test part, in the
        run directory.
    progress : bool
        Show bars.

    Returns
    -------
    skinlib.experiments.run.Run

    Raises
    ------
    DataError
        Bad arguments or data; another process trains this run; the directory holds
        a run with other settings; a tracker cannot be used.
    TrainingError
        If the loss, a weight or a number of the optimizer is not finite; the run is marked
        failed.
    skinlib.models.backend.OutOfMemory
        The device is too small for a batch.
    skinlib.common.errors.Interrupted
        A signal has asked the training to stop; the same call goes on from there.
    """
    recipe = recipe if isinstance(recipe, Recipe) else get_recipe(recipe)
    row = get_backbone(backbone)
    size = size or row.input_size
    check_size(row, size)
    weights = resolve(row, weights)
    name = name or runs.run_name(row.name, recipe.name, size, seed)
    folder = runs.folder_of(study, name)
    trackers = tracking.of(recipe, folder)
    prepared = prepare(recipe, data, size, seed, progress=progress)
    if isinstance(weights, warm.Start):
        warm.check_split(weights, prepared.split.hash)
    record = records.opening(study, name, recipe, row, size, seed, weights, prepared)
    identity = records.identity(record, recipe)
    folder.mkdir(parents=True, exist_ok=True)
    with occupancy.hold(folder):
        found = occupancy.existing(folder, identity)
        if found and found.finished:
            return found
        occupancy.sweep(folder)
        record["split"]["file"] = records.save_split(prepared, recipe, seed)
        record = {"identity": identity, "status": "running", **record}
        with Watch() as watch, trackers:
            return _train(
                folder, record, recipe, prepared, weights, keep_weights, watch, trackers, progress
            )


def _train(folder, record, recipe, prepared, weights, keep_weights, watch, trackers, show):
    from skinlib.models import backend, device, frozen
    from skinlib.models.classifier import build_classifier
    from skinlib.models.resident import on_device
    from skinlib.training import distribution
    from skinlib.training.epochs import compile_for_epochs, train_epoch

    seed, identity = record["seed"], record["identity"]
    if recipe.deterministic:
        backend.make_deterministic()
    record["quick_start"] = device.quick_start()
    # TensorFlow's deterministic operations are not to be had from XLA.
    jit = device.jit_compile() and not recipe.deterministic
    part = prepared.parts["train"]
    class_weights = _class_weights(recipe, part.labels)
    loss = losses.weighted_cross_entropy(
        class_weights,
        smoothing=recipe.label_smoothing,
        offsets=losses.prior_offsets(part.labels, recipe.logit_adjustment),
    )
    remedy = "Use a larger device, a smaller size or, as another recipe, a smaller batch_size"

    def build():
        model = build_classifier(
            record["backbone"], recipe, size=record["input_size"], weights=weights, seed=seed
        )
        model.compile(optimizer=None, jit_compile=jit)
        return model

    with (
        backend.enough_memory(f"with batches of {recipe.batch_size}", remedy),
        distribution.spread(recipe.devices),
    ):
        model = trained = asked = build()
        parts = prepared.parts
        resident = (
            not recipe.frozen
            and recipe.devices == 1
            and backend.keeps_resident(len(part) * math.prod(part.pixels.shape[1:]))
        )
        if recipe.frozen:
            lower, trained = frozen.halves(model, get_backbone(record["backbone"]))
            parts = frozen.feature_parts(lower, prepared, recipe, progress=show)
            part, asked = parts["train"], trained
        elif resident:
            with backend.precision(recipe.precision):
                trained, part = on_device(model, part)
        running = compile_for_epochs(trained, recipe, loss, jit)
        records.equip(record, prepared, model, class_weights, resident)
        progress = state.load(folder, model, trained.optimizer, identity)
        if progress:
            record["resumed"] = runs.read_run(folder).record["resumed"] + 1
        else:
            progress = state.Progress(controls.Controls(recipe.learning_rate), [])
        runs.write_record(folder, record)
        trackers.start(record, progress.history)

        def save():
            require_finite(folder, record, model, trained.optimizer, len(progress.history))
            state.save(folder, model, trained.optimizer, identity, progress)

        while len(progress.history) < recipe.epochs and not progress.controls.stopped:
            epoch = len(progress.history)
            if progress.logs is None:
                rate = progress.controls.learning_rate
                trained.optimizer.learning_rate = rate
                logs = train_epoch(
                    trained,
                    running,
                    part.of_epoch(epoch) if recipe.frozen else part,
                    recipe,
                    seed,
                    progress,
                    watch=watch,
                    save=save,
                    show=show,
                )
                if not math.isfinite(logs["loss"]):
                    fail(folder, record, epoch, logs["loss"])
                require_finite(folder, record, model, trained.optimizer, epoch)
                progress.logs = {**logs, "learning_rate": rate}
            validate(folder, record, recipe, parts, asked, model, progress, watch, save)
            save()
            occupancy.forget_others(folder, progress.controls.best_epoch)
            runs.write_history(folder, progress.history)
            trackers.epoch(progress.history[-1])
            watch.check(f"after epoch {epoch + 1}")

    with backend.enough_memory("when predicting", remedy):
        if recipe.devices > 1:
            model = asked = build()
        if recipe.views != "one":
            # Turned pictures have no features in store.
            asked, parts = model, prepared.parts
        # Under its final name only once the whole training is done.
        kept = occupancy.settle(folder, progress.controls.best_epoch)
        load_classifier(bare(model), kept)
        _finish(folder, record, recipe, prepared, asked, parts, progress, kept, watch)
        if not keep_weights:
            kept.unlink()
        elif recipe.attention != "none":
            reported = prepared.tables["test"]["image_id"]
            runs.write_attention(folder, reported, attention(model, prepared.parts["test"]))
    state.discard(folder)
    return runs.read_run(folder)


def _class_weights(recipe, labels):
    if recipe.class_weights == "balanced":
        return losses.class_weights(labels)
    if recipe.class_weights == "none":
        return np.ones(len(CLASSES))
    return np.array(recipe.class_weights)


def _finish(folder, record, recipe, prepared, model, parts, progress, kept, watch):
    """Predict every part that was not trained on, once, with the best weights."""
    held_out = [name for name in prepared.parts if name != "train"]
    tables = [prepared.tables[name] for name in held_out]
    probabilities = [
        predict(
            model,
            parts[name],
            views=recipe.views,
            before_batch=lambda: watch.check("in the last prediction"),
        )
        for name in held_out
    ]
    runs.write_predictions(
        folder,
        pd.concat(tables, ignore_index=True),
        np.repeat(held_out, [len(table) for table in tables]),
        np.concatenate(probabilities),
    )
    records.close(record, recipe, progress, kept)
    runs.write_record(folder, record)
