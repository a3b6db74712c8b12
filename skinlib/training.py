"""Train one classifier: recipe, backbone, data and seed in; a run directory out.

The run can be killed at any moment and started again with the same call: it goes
on after the last whole epoch, and ends with the numbers it would have had.
"""

import math
import os
import time
import warnings

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from tqdm import tqdm

from skinlib import controls, losses, paths, runs, state
from skinlib.classes import CLASSES
from skinlib.data import splits
from skinlib.data.batches import batches, epoch_order
from skinlib.data.prepare import prepare
from skinlib.errors import DataError, TrainingError
from skinlib.files import atomic_path, hash_of, sha256
from skinlib.models.backbones import check_size, get_backbone
from skinlib.models.weights import provenance, resolve
from skinlib.prediction import attention, predict
from skinlib.recipes import Recipe, get_recipe

WEIGHTS = "best.weights.h5"


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
    recipe : str or skinlib.recipes.Recipe
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
    skinlib.runs.Run

    Raises
    ------
    DataError
        Bad arguments or data; another process trains this run; the directory holds
        a run with other settings.
    TrainingError
        If the loss is no longer a finite number; the run is marked failed.
    """
    recipe = recipe if isinstance(recipe, Recipe) else get_recipe(recipe)
    row = get_backbone(backbone)
    size = size or row.input_size
    check_size(row, size)
    weights = resolve(row, weights)
    name = name or runs.run_name(row.name, recipe.name, size, seed)
    folder = runs.folder_of(study, name)
    prepared = prepare(recipe, data, size, seed, progress=progress)
    record = {
        "study": study,
        "run": name,
        "recipe": recipe.to_json(),
        "changes": recipe.changes(),
        "backbone": row.name,
        "input_size": size,
        "data": {
            "name": prepared.dataset.name,
            "fingerprint": prepared.dataset.fingerprint,
            "images": len(prepared.dataset.table),
            "image_size": list(prepared.dataset.image_size),
        },
        "split": {
            "unit": recipe.split_unit,
            "hash": prepared.split.hash,
            "counts": prepared.split.counts(),
            "lesions_on_both_sides": len(splits.lesions_on_both_sides(prepared.split)),
        },
        "metadata": {**prepared.encoder.to_json(), "missing_age": prepared.ages},
        "weights": provenance(row, weights),
        "seed": seed,
    }
    identity = hash_of(
        {**record, "study": None, "run": None, "changes": None, "recipe": recipe.essence()}
    )
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        found = _existing(folder, identity)
        if found and found.finished:
            return found
        _sweep(folder)
        split_name = f"{prepared.dataset.name}-{recipe.split_unit}-s{seed}"
        path = splits.save(prepared.split, paths.RESULTS / "splits", split_name)
        record["split"]["file"] = path.name
        record = {"identity": identity, "status": "running", **record}
        return _train(folder, record, recipe, prepared, weights, keep_weights, progress)


def _locked(folder):
    """Hold the directory; a second process is refused with the pid of the first."""
    lock = FileLock(folder / ".lock", timeout=0)
    owner = folder / ".owner"
    try:
        held = lock.acquire()
    except Timeout as error:
        pid = owner.read_text(encoding="utf-8") if owner.exists() else "unknown"
        msg = f"process {pid} is training '{folder}' now; wait for it or choose another name"
        raise DataError(msg) from error
    owner.write_text(str(os.getpid()), encoding="utf-8")
    # Not the lock itself: `with lock` would take it a second time and release it once.
    return held


def _sweep(folder):
    """Remove what a killed process was in the middle of writing (`files.atomic_path`)."""
    for name in (runs.RUN, runs.HISTORY, runs.PREDICTIONS, runs.ATTENTION, state.NAME, WEIGHTS):
        for torn in folder.glob(f".{name}.*"):
            torn.unlink()


def _existing(folder, identity):
    if not (folder / runs.RUN).is_file():
        return None
    found = runs.read_run(folder)
    if found.record["identity"] != identity:
        msg = (
            f"'{folder}' holds run {found.record['identity']} with other settings than this one "
            f"({identity}); choose another name or remove the directory"
        )
        raise DataError(msg)
    return found


def _train(folder, record, recipe, prepared, weights, keep_weights, progress):
    import keras

    from skinlib import device
    from skinlib.models.classifier import build_classifier

    seed = record["seed"]
    record["quick_start"] = device.quick_start()
    model = build_classifier(
        record["backbone"], recipe, size=record["input_size"], weights=weights, seed=seed
    )
    part = prepared.parts["train"]
    class_weights = _class_weights(recipe, part.labels)
    model.compile(
        optimizer=keras.optimizers.Adam(recipe.learning_rate, epsilon=recipe.epsilon),
        loss=losses.weighted_cross_entropy(class_weights),
        metrics=["accuracy"],
        jit_compile=device.jit_compile(),
    )
    record.update(
        parameters=model.count_params(),
        class_weights=[round(float(w), 6) for w in class_weights],
        device=device.device_name(),
        versions=device.versions(),
        resumed=0,
    )
    control, history = controls.Controls(recipe.learning_rate), []
    if (folder / state.NAME).is_file():
        control, history = state.load(folder / state.NAME, model, record["identity"])
        record["resumed"] = runs.read_run(folder).record["resumed"] + 1
    runs.write_record(folder, record)

    for epoch in range(len(history), recipe.epochs):
        if control.stopped:
            break
        start = time.perf_counter()
        rate = control.learning_rate
        model.optimizer.learning_rate = rate
        logs = _epoch(model, part, recipe.batch_size, seed, epoch, progress)
        if not math.isfinite(logs["loss"]):
            _fail(folder, record, epoch, logs["loss"])
        selection = prepared.parts[recipe.selection]
        probabilities = predict(model, selection)
        scores = {
            "val_loss": losses.cross_entropy(selection.labels, probabilities),
            "val_accuracy": float(np.mean(probabilities.argmax(1) == selection.labels)),
        }
        if not np.isfinite(probabilities).all():
            _fail(folder, record, epoch, math.nan)
        if control.update(recipe, epoch, scores["val_loss"], scores["val_accuracy"]):
            with atomic_path(folder / WEIGHTS) as temporary:
                model.save_weights(temporary)
        seconds = time.perf_counter() - start
        history.append({"epoch": epoch + 1, **logs, **scores, "learning_rate": rate,
                        "seconds": seconds})  # fmt: skip
        state.save(folder / state.NAME, model, record["identity"], control, history)
        runs.write_history(folder, history)

    model.load_weights(folder / WEIGHTS)
    _finish(folder, record, recipe, prepared, model, control, history)
    if not keep_weights:
        (folder / WEIGHTS).unlink()
    elif recipe.attention != "none":
        reported = prepared.tables["test"]["image_id"]
        runs.write_attention(folder, reported, attention(model, prepared.parts["test"]))
    (folder / state.NAME).unlink(missing_ok=True)
    return runs.read_run(folder)


def _class_weights(recipe, labels):
    if recipe.class_weights == "balanced":
        return losses.class_weights(labels)
    if recipe.class_weights == "none":
        return np.ones(len(CLASSES))
    return np.array(recipe.class_weights)


def _epoch(model, part, batch_size, seed, epoch, progress):
    """Train one epoch; return its mean loss and accuracy."""
    import keras

    steps = math.ceil(len(part) / batch_size)
    order = epoch_order(len(part), seed, epoch)
    bar = tqdm(total=steps, desc=f"epoch {epoch + 1}", unit="step", disable=not progress)

    class Bar(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            bar.set_postfix(
                loss=f"{logs['loss']:.3f}", acc=f"{logs['accuracy']:.3f}", refresh=False
            )
            bar.update()

    with bar, warnings.catch_warnings():
        # Keras warns that it does not shuffle a generator; the order is ours on purpose.
        warnings.filterwarnings("ignore", message=".*shuffle=True.*")
        fitted = model.fit(
            batches(part, batch_size, order),
            steps_per_epoch=steps,
            epochs=1,
            verbose=0,
            callbacks=[Bar(), keras.callbacks.TerminateOnNaN()],
        )
    return {key: float(fitted.history[key][0]) for key in ("loss", "accuracy")}


def _fail(folder, record, epoch, loss):
    record.update(status="failed", reason=f"loss {loss} in epoch {epoch + 1}")
    runs.write_record(folder, record)
    msg = (
        f"the loss of '{folder.name}' became {loss} in epoch {epoch + 1}; "
        "lower the learning rate. The last whole epoch is kept"
    )
    raise TrainingError(msg)


def _finish(folder, record, recipe, prepared, model, control, history):
    """Predict every part that was not trained on, once, with the best weights."""
    from skinlib import device

    held_out = [name for name in prepared.parts if name != "train"]
    tables = [prepared.tables[name] for name in held_out]
    probabilities = [predict(model, prepared.parts[name]) for name in held_out]
    runs.write_predictions(
        folder,
        pd.concat(tables, ignore_index=True),
        np.repeat(held_out, [len(table) for table in tables]),
        np.concatenate(probabilities),
    )
    seconds = [row["seconds"] for row in history]
    record.update(
        status="finished",
        epochs=len(history),
        best_epoch=control.best_epoch + 1,
        selection=recipe.selection,
        stopped_early=control.stopped,
        seconds_per_epoch=round(float(np.median(seconds)), 2),
        peak_memory_mb=device.peak_memory_mb(),
        weights_sha256=sha256(folder / WEIGHTS),
        finished=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )
    runs.write_record(folder, record)
