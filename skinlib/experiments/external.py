"""The official ISIC 2018 test: its images, and how models change from their own test set to it.

No image of HAM10000 is in it; whether a lesion is cannot be checked, because the lesions are
numbered differently. `skinlib.predict.evaluation` evaluates a final model, once.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.common.errors import DataError
from skinlib.common.files import hash_of
from skinlib.data import ham10000
from skinlib.data.images import open_image
from skinlib.stats import operating
from skinlib.stats.bootstrap import cluster_weights, estimate, recalls
from skinlib.stats.paired import unpaired_difference

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
            "SKINLIB_TEST to its folder, or run `python -m skinlib fetch --dataset isic2018-test`"
        )
        raise DataError(msg)
    table = ham10000.read_metadata(path)
    below = next((path.parent / name for name in IMAGES if (path.parent / name).is_dir()), None)
    table["path"] = ham10000.match(
        table["image_id"], below or path.parent, path.name, allow_missing=True
    )
    table = table.dropna(subset="path", ignore_index=True)
    with open_image(table["path"].iloc[0]) as image:
        size = image.size
    name = "isic2018-test" if len(table) == WHOLE else f"isic2018-test-{len(table)}"
    name += "" if min(size) >= 450 else f"-{min(size)}px"
    facts = table.drop(columns="path").astype(object).where(table.notna(), None)
    sizes = [path.stat().st_size for path in table["path"]]
    return ham10000.Dataset(name, path.parent, table, hash_of([facts.to_numpy().tolist(), sizes]),
                            size)  # fmt: skip


def change(run):
    """Return how accuracy and mean recall change from a run's own test set to the official one.

    The two sets share no lesion and are resampled independently; estimates by name.
    """
    names = ("accuracy", "mean recall")
    effect = unpaired_difference([run.arrays("test")], [run.arrays(PART)], names)
    return {name: effect.estimate(index) for index, name in enumerate(names)}


def by_mix(run):
    """Return the accuracy on the official test that the mix of its classes alone would give.

    That is the recall of each class on the own test set, weighted by the class shares of the
    official test.
    """
    labels, probabilities, _ = run.arrays("test")
    found = recalls(np.ones((1, len(labels))), labels, probabilities.argmax(axis=1))[0]
    counts = np.bincount(run.arrays(PART)[0], minlength=len(CLASSES))
    return float(np.nansum(found * counts) / counts[~np.isnan(found)].sum())


def class_recalls(models):
    """Return the recall of each class on the official test: images, and estimates for each run."""
    frame = pd.DataFrame({"Class": [f"{LONG_NAMES[name]} ({name})" for name in CLASSES]})
    for name, run in models.items():
        labels, probabilities, lesions = run.arrays(PART)
        frame["Images"] = np.bincount(labels, minlength=len(CLASSES))
        found = recalls(cluster_weights(lesions), labels, probabilities.argmax(axis=1))
        frame[name] = [estimate(column) for column in found.T]
    return frame


def abstention(models):
    """Fix operating points on the validation sets of models, and measure the least confidences.

    Parameters
    ----------
    models : dict of str to skinlib.experiments.run.Run
        By name; those without a validation set are left out.

    Returns
    -------
    fixed : dict of str to skinlib.stats.operating.Fixed
    own, official : dict of str to dict
        Of `skinlib.stats.operating.abstention`, on the own test set and on the official one.
    """
    fixed = {
        name: operating.fix(*run.arrays("validation")[:2])
        for name, run in models.items()
        if "validation" in set(run.predictions()["part"])
    }
    measured = (
        {
            name: operating.abstention(*models[name].arrays(part), each.confidence)
            for name, each in fixed.items()
            if each.confidence is not None
        }
        for part in ("test", PART)
    )
    return fixed, *measured
