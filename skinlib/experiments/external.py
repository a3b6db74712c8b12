"""Evaluate a final model on the official ISIC 2018 test images, once.

No image of HAM10000 is among them; whether a lesion is cannot be checked, because the lesions
are numbered differently. Whoever evaluates twice and keeps the better result has chosen on
these images, so a second evaluation is refused.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import hash_of
from skinlib.data import ham10000, pixels
from skinlib.data.batches import Part
from skinlib.data.images import open_image
from skinlib.data.matching import match
from skinlib.data.metadata import apply_age_policy
from skinlib.experiments import run as runs
from skinlib.training.prediction import predict

PART = "official"
# The second is the name under which the archive serves the same table.
TABLES = ("ISIC2018_Task3_Test_GroundTruth_metadata.csv", "ISIC2018_Task3_Test_GroundTruth.csv")
IMAGES = ("test", "ISIC2018_Task3_Test_Images")
# Rows and images of the whole set, less the row without an image (skinlib.data.registry).
WHOLE = 1511


def load(folder=None):
    """Read the official test images that are there.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        Holds the table (`TABLES`) and the images, in one of `IMAGES` or anywhere below;
        ``SKINLIB_TEST`` by default, else ``SKINLIB_DATA``.

    Returns
    -------
    skinlib.data.ham10000.Dataset
        Named ``isic2018-test`` with the number of images where some are missing and the
        height where they are copies, ``isic2018-test-776-256px`` for example.

    Raises
    ------
    DataError
        No folder or no table; a row that `ham10000.read_metadata` refuses; no image.
    """
    chosen = folder or os.environ.get("SKINLIB_TEST") or os.environ.get("SKINLIB_DATA")
    places = [Path(chosen) / name for name in TABLES] if chosen else []
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        msg = (
            f"no table of the official test in '{chosen}', expected {' or '.join(TABLES)}; set "
            "SKINLIB_TEST to its folder, or run `python -m skinlib fetch isic2018-test`"
        )
        raise DataError(msg)
    table = ham10000.read_metadata(path)
    below = next((path.parent / name for name in IMAGES if (path.parent / name).is_dir()), None)
    table["path"] = match(table["image_id"], below or path.parent, path.name, allow_missing=True)
    table = table.dropna(subset="path", ignore_index=True)
    with open_image(table["path"].iloc[0]) as image:
        size = image.size
    name = "isic2018-test" if len(table) == WHOLE else f"isic2018-test-{len(table)}"
    name += "" if min(size) >= 450 else f"-{min(size)}px"
    facts = table.drop(columns="path").astype(object).where(table.notna(), None)
    sizes = [path.stat().st_size for path in table["path"]]
    return ham10000.Dataset(name, path.parent, table, hash_of([facts.to_numpy().tolist(), sizes]),
                            size)  # fmt: skip


def look(run, dataset, trained_on, *, progress=True):
    """Add predictions for the official test to a finished run, unless they are there.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
        With its weights.
    dataset : skinlib.data.ham10000.Dataset
        From `load`.
    trained_on : skinlib.data.ham10000.Dataset
        What the run was trained on.
    progress : bool

    Returns
    -------
    skinlib.experiments.run.Run
        Its predictions have the part ``official``.

    Raises
    ------
    IntegrityError
        An official image is one of those trained on, or the run has predictions for other
        images than these.
    """
    from skinlib.predict.inference import load as load_classifier

    known = run.record.get("external")
    if known:
        if known["fingerprint"] != dataset.fingerprint:
            msg = (
                f"'{run.folder}' was evaluated on {known['name']} ({known['fingerprint']}), not "
                f"on {dataset.name} ({dataset.fingerprint}); train it again to evaluate anew"
            )
            raise IntegrityError(msg)
        return run
    classifier = load_classifier(run.folder)
    recipe, size = classifier.recipe, run.record["input_size"]
    options = {"interpolation": recipe.interpolation, "crop": recipe.crop, "progress": progress}
    cache = pixels.cached(dataset, size, **options)
    _refuse_trained_on(dataset, cache, trained_on, pixels.cached(trained_on, size, **options))
    # Unknown ages are imputed, whatever the recipe does in training: every official image gets a
    # prediction.
    table, _ = apply_age_policy(dataset.table, "impute")
    part = Part(
        cache,
        np.arange(len(table)),
        classifier.encoder.transform(table) if recipe.metadata else None,
        np.array([CLASSES.index(dx) for dx in table["dx"]]),
        recipe.channel_order,
    )
    probabilities = predict(classifier.model, part, views=recipe.views)
    before = run.predictions()
    before = before[before["part"] != PART]
    runs.write_predictions(
        run.folder,
        pd.concat([before.rename(columns={"label": "dx"}), table], ignore_index=True),
        [*before["part"], *[PART] * len(table)],
        np.concatenate([before[list(CLASSES)].to_numpy(float), probabilities]),
    )
    runs.write_record(run.folder, {**run.record, "external": dataset.provenance()})
    return runs.read_run(run.folder)


def _refuse_trained_on(dataset, cache, trained_on, seen):
    bytes_seen = {digest.tobytes() for digest in seen.checks["sha256"]}
    twice = [
        name
        for name, digest in zip(dataset.table["image_id"], cache.checks["sha256"], strict=True)
        if digest.tobytes() in bytes_seen or name in set(trained_on.table["image_id"])
    ]
    if twice:
        msg = (
            f"{len(twice)} official test images are among those of {trained_on.name}, "
            f"{twice[0]} for example; a test on them would prove nothing"
        )
        raise IntegrityError(msg)
