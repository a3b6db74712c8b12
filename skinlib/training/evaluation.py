"""What is checked, scored and recorded: after each epoch, and once a run is finished."""

import math
import time

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.files import atomic_path, require_space
from skinlib.experiments import records, run
from skinlib.models.prediction import attention, predict
from skinlib.models.weights import load_classifier
from skinlib.stats.scores import scores
from skinlib.training import losses, run_lock, state


def validate(job, network, progress, save):
    """Score an epoch on the selection set, if there is one; keep its weights if they are the best.

    The epoch is added to the history of `progress`, which `save` writes before an interruption. A
    probability that is not finite fails the run.
    """
    recipe, epoch = job.recipe, len(progress.history)

    def save_if_interrupted():
        if job.watch.requested:
            save()
            job.watch.check(f"while validating epoch {epoch + 1}")

    def scores_of(name):
        part = network.parts[name]
        probabilities = predict(
            network.trained, part, devices=recipe.devices, before_batch=save_if_interrupted
        )
        if not np.isfinite(probabilities).all():
            job.fail(epoch, math.nan)
        return epoch_scores(part.labels, probabilities)

    start = time.perf_counter()
    found = {} if recipe.selection == "none" else scores_of(recipe.selection)
    row = {f"val_{name}": value for name, value in found.items()}
    if recipe.score_test:
        row |= {f"test_{name}": value for name, value in scores_of("test").items()}
    if progress.controls.update(recipe, epoch, **found):
        keep(job, network, epoch)
    logs = dict(progress.logs)
    rate = logs.pop("learning_rate")
    seconds = progress.seconds + time.perf_counter() - start
    progress.complete(
        {"epoch": epoch + 1, **logs, **row, "learning_rate": rate, "seconds": seconds}
    )


def keep(job, network, epoch):
    """Write the weights of a network as those of an epoch, counted from 0."""
    # Numbers, and some kilobytes for the name and place of each array.
    sizes = [4 * math.prod(v.shape) + 4096 for v in network.classifier.variables]
    require_space(job.folder, sum(sizes) + 2**16)
    with atomic_path(run_lock.best(job.folder, epoch)) as temporary:
        _bare(network.classifier).save_weights(temporary)


def epoch_scores(labels, probabilities):
    """Return ``loss``, ``accuracy`` and ``mean_recall`` of predictions (n, 7)."""
    names = ("accuracy", "mean recall")
    accuracy, recall = scores(np.ones((1, len(labels))), labels, probabilities, names)[0].tolist()
    loss = losses.cross_entropy(labels, probabilities)
    return {"loss": loss, "accuracy": accuracy, "mean_recall": recall}


def _bare(model):
    """Return the same network without its optimizer, whose moments are twice the weights."""
    import keras

    return keras.Model(model.inputs, model.outputs, name=model.name)


def write_predictions(job, found):
    """Write ``predictions.csv`` from the probabilities (n, 7) of each set, by its name."""
    tables = job.prepared.tables
    run.write_predictions(
        job.folder,
        # Of a network that is trained on everything there are no rows.
        pd.concat([tables["train"].iloc[:0], *map(tables.get, found)], ignore_index=True),
        [name for name, rows in found.items() for _ in rows],
        np.concatenate([np.zeros((0, len(CLASSES))), *found.values()]),
    )


def finish(job, network, progress):
    """Predict every set that was not trained on, once, with the best weights; close the record.

    `network` is on one device. With ``keep_weights`` the best weights, and the attention on the
    test set, stay in the run directory.
    """
    folder, recipe = job.folder, job.recipe
    # Under its final name only once the whole training is done.
    kept = run_lock.settle(folder, progress.controls.best_epoch)
    load_classifier(_bare(network.classifier), kept)
    predictor, parts = network.trained, network.parts
    if recipe.views != "one":
        # There are no features of turned pictures.
        predictor, parts = network.classifier, job.prepared.parts
    check = lambda: job.watch.check("in the last prediction")  # noqa: E731
    options = {"views": recipe.views, "before_batch": check}
    found = {
        name: predict(predictor, part, **options) for name, part in parts.items() if name != "train"
    }
    write_predictions(job, found)
    records.close(job.record, recipe, progress, kept)
    run.write_record(folder, job.record)
    if not job.keep_weights:
        kept.unlink()
    elif recipe.attention != "none" and "test" in found:
        maps = attention(network.classifier, job.prepared.parts["test"])
        run.write_attention(folder, job.prepared.tables["test"]["image_id"], maps)
    state.discard(folder)
