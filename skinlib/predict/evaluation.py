"""Evaluate finished runs with their weights: on the official test, and on maps against masks."""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import write_csv, write_json
from skinlib.data import ham10000, pixels, synthetic
from skinlib.data.batches import Part
from skinlib.data.masks import Masks, cropped, locate
from skinlib.data.prepare import sides_of
from skinlib.experiments import external, localisation
from skinlib.experiments.run import read_run, write_predictions, write_record
from skinlib.models import prediction
from skinlib.predict import released
from skinlib.predict.requests import NOTHING, table
from skinlib.predict.runs import load_run, prepare
from skinlib.stats.localisation import DARKNESS, darkness, score


def part_of(classifier, images, table):
    """Return images as a part, row by row of a table; an unknown age is always imputed."""
    recipe = classifier.recipe
    facts = classifier.encoder.transform(table) if recipe.metadata else None
    labels = table["dx"].map(CLASSES.index).to_numpy()
    return Part(images, table.index.to_numpy(), facts, labels, recipe.channel_order)


def official(run, dataset, trained_on, *, progress=True):
    """Add predictions for the official test to a finished run, once, and return the run.

    Whoever evaluates twice and keeps the better result has used the test images for selection.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
        With its weights.
    dataset, trained_on : skinlib.data.ham10000.Dataset
        From `skinlib.experiments.external.load`, and what the run was trained on.
    progress : bool

    Raises
    ------
    IntegrityError
        An official image is one of those trained on, or the run was evaluated on other images.
    """
    if known := run.record.get("external"):
        if known["fingerprint"] != dataset.fingerprint:
            msg = (
                f"'{run.folder}' was evaluated on {known['name']} ({known['fingerprint']}), not "
                f"on {dataset.name} ({dataset.fingerprint}); train it again to evaluate anew"
            )
            raise IntegrityError(msg)
        return run
    classifier, table = load_run(run.folder), dataset.table
    images, seen = (classifier.cached(each, progress) for each in (dataset, trained_on))
    _refuse_trained_on(dataset, images, trained_on, seen)
    sides = sides_of(dataset, run.record["input_size"], classifier.recipe, progress=progress)
    part = dataclasses.replace(part_of(classifier, images, table), sides=sides)
    probabilities = prediction.predict(classifier.model, part, views=classifier.recipe.views)
    before = run.predictions()
    before = before[before["part"] != external.PART]
    write_predictions(
        run.folder,
        pd.concat([before.rename(columns={"label": "dx"}), table], ignore_index=True),
        [*before["part"], *[external.PART] * len(table)],
        np.concatenate([before[list(CLASSES)].to_numpy(float), probabilities]),
    )
    write_record(run.folder, {**run.record, "external": dataset.provenance()})
    return read_run(run.folder)


def _refuse_trained_on(dataset, images, trained_on, seen):
    """Refuse official images that are among those trained on, by name or byte for byte."""
    known, hashes_seen = set(trained_on.table["image_id"]), set(pixels.file_hashes(seen))
    twice = [
        name
        for name, digest in zip(dataset.table["image_id"], pixels.file_hashes(images), strict=True)
        if digest in hashes_seen or name in known
    ]
    if twice:
        msg = (
            f"{len(twice)} official test images are among those of {trained_on.name}, "
            f"{twice[0]} for example; a test on them would prove nothing"
        )
        raise IntegrityError(msg)


def localise(run, data=None, masks=None, *, progress=True):
    """Score soft attention and Grad-CAM of a run's test set against the lesion masks.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
        Finished, with its weights.
    data, masks : str or pathlib.Path, optional
        See `skinlib.data.ham10000.locate` and `skinlib.data.masks.locate`.
    progress : bool

    Returns
    -------
    pandas.DataFrame
        What ``pointing.csv`` now holds.

    Raises
    ------
    DataError
        The weights were not kept, or there are no masks.
    IntegrityError
        The data or the split are not those of the run.
    """
    dataset = ham10000.load(data, decode=False)
    masks = Masks(locate(dataset.folder, masks))
    classifier = load_run(run.folder)
    prepared = prepare(classifier, dataset, progress=progress)
    rows, maps = prepared.tables["test"], _maps(classifier, prepared.parts["test"])
    crop, grid = classifier.recipe.crop, maps[DARKNESS].shape[1:]
    shares = masks.shares(rows["image_id"], grid, crop)
    others = sorted((masks.ids & set(dataset.table["image_id"])) - set(rows["image_id"]))
    if not others:
        msg = (
            f"no masks beside those of the test set of '{run.folder}'; expected some to learn from"
        )
        raise DataError(msg)
    area = float(np.mean([cropped(masks.read(image_id), crop).mean() for image_id in others]))
    there = shares.any(axis=(1, 2))
    lesions = rows["lesion_id"].to_numpy()[there]
    scores = score({name: each[there] for name, each in maps.items()}, shares[there], lesions, area)
    scores.insert(0, "image_id", rows["image_id"].to_numpy()[there])
    write_csv(run.folder / localisation.SCORES, scores, float_format="%.5g")
    attention = [each for each in classifier.model.layers if each.name == "soft_attention"]
    gamma = attention[0].gamma if attention else None
    source = {
        "identity": run.record["identity"],
        "weights_sha256": run.record["weights_sha256"],
        "masks": masks.provenance(),
        "crop": crop,
        "grid": list(grid),
        "images": int(there.sum()),
        "prior": {"share": area, "masks": len(others)},
        "gamma": None if gamma is None else round(float(gamma), 5),
    }
    write_json(run.folder / localisation.SOURCE, source)
    return localisation.read_scores(run)[0]


def _maps(classifier, part):
    """Return the maps of a test set by name."""
    from skinlib.models.gradcam import gradcam

    maps, _ = gradcam(classifier.model, part)
    if classifier.recipe.attention != "none":
        maps = {"attention": prediction.attention(classifier.model, part), **maps}
    photographs = (part.pixels[row] for row in part.rows)
    maps[DARKNESS] = darkness(photographs, maps["gradcam"].shape[1:])
    return maps


def drawn(seed=0):
    """Return the attention maps of the newest released model for drawn lesions; None without one.

    ``model``, ``seed``, ``size`` in pixels, and ``maps`` by class: rows of numbers that sum to 1.
    """
    if not released.folders():
        return None
    folder = released.newest()
    classifier = released.load(folder)
    numbers, side = localisation.drawn_lesions(seed), classifier.record["input_size"]
    pictures = [synthetic.photograph(*lesion, 0, seed, side, side) for lesion in numbers.items()]
    # The maps are computed before the metadata join the network.
    facts = table([NOTHING] * len(pictures))
    maps = classifier.classify(np.stack(pictures), facts, views="one").maps
    rounded = {dx: np.round(each, 5).tolist() for dx, each in zip(numbers, maps, strict=True)}
    return {"model": folder.name, "seed": seed, "size": side, "maps": rounded}
