"""A stand-in for HAM10000 that needs no download: painted lesions in the same file layout.

The pictures are made up. They serve tests, the demo study and the documentation; no number
measured on them says anything about skin. This file draws the table of patients and writes
the folder; `painter` makes the pictures.
"""

import functools
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock
from PIL import Image

from skinlib.common import files, paths
from skinlib.common.classes import CLASSES, HAM10000_COUNTS
from skinlib.common.errors import DataError
from skinlib.data import painter

# Part of the cache key. Raise it with every change of the table or of `painter`.
GENERATOR_VERSION = 1

METADATA = "HAM10000_metadata.csv"

# Number of images. 63 are three lesions of the rarest class, and still an imbalance; more than
# 100,000 do not fit into ISIC_90xxxxx.
LIMITS = 63, 100_000
MIN_LESIONS = 3
IMAGES_PER_LESION = 10_015 / 7_470


def generate(folder, *, images=700, seed=0, width=160, height=120):
    """Write a synthetic set, laid out like HAM10000, into an empty folder; return the folder.

    `images` photographs, within `LIMITS` (else `DataError`), of `width` x `height` pixels. The same
    arguments give the same bytes as long as NumPy, SciPy and Pillow stay the same.
    """
    low, high = LIMITS
    if not low <= images <= high:
        msg = f"synthetic data have {low} to {high} images, not {images}; name another number"
        raise DataError(msg)
    folder = Path(folder)
    if folder.is_dir() and any(folder.iterdir()):
        msg = f"'{folder}' is not empty; name a new folder for synthetic data"
        raise DataError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    table = metadata(images, seed)
    photo = table.groupby("lesion_id").cumcount()
    for row, number in zip(table.itertuples(), photo, strict=True):
        picture = photograph(row.dx, int(row.lesion_id[4:]), number, seed, width, height)
        Image.fromarray(picture).save(folder / f"{row.image_id}.jpg", quality=92)
    files.write_csv(folder / METADATA, table)
    return folder


def ensure(*, images=700, width=160, height=120):
    """Return the folder of the cached set of these arguments, see `generate`; made if absent.

    A set that has lost images is made anew; processes that need one at once wait for the first.
    """
    options = {"images": images, "seed": 0, "width": width, "height": height}
    key = files.hash_of({**options, "version": GENERATOR_VERSION})
    folder = paths.cache() / "synthetic" / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{key}.lock")):
        if len(list(folder.glob("*.jpg"))) != images or not (folder / METADATA).exists():
            with files.atomic_folder(folder) as partial:
                generate(partial, **options)
    return folder


def photograph(dx, lesion, number, seed, width, height):
    """Return photograph `number`, from 0, of a lesion: RGB, uint8, shape (height, width, 3)."""
    return painter.take(dx, *_streams(lesion, number, seed), width, height)


def mask(dx, lesion, number, seed, width, height):
    """Return the pixels of the lesion in `photograph` of the same arguments: bool."""
    return painter.mask(dx, *_streams(lesion, number, seed), width, height)


def _streams(lesion, number, seed):
    """Return the random streams of a lesion, the same in all its photographs, and of one."""
    return _rng(seed, lesion, 1), _rng(seed, lesion, 2 + number)


def _rng(*numbers):
    # Zeros at the end of a seed list are ignored by NumPy, hence the closing 1.
    return np.random.default_rng([*numbers, 1])


def metadata(images, seed):
    """Draw the table of a synthetic set: `images` rows, columns as in HAM10000.

    Class sizes follow the square root of the true ones, which keeps their order but leaves
    every class useful in a small set.
    """
    rng = _rng(seed, 0)
    lesions = round(images / IMAGES_PER_LESION)
    labels = rng.permutation(np.repeat(range(len(CLASSES)), _lesions_per_class(lesions)))
    weights = _patients("photographs").to_numpy()[0, labels]
    photos = 1 + rng.multinomial(images - lesions, weights / weights.sum())
    # Shuffled, so that neither the number nor the neighbour of an image gives its class away.
    numbers = iter(rng.permutation(images))
    rows = []
    for lesion, (label, count) in enumerate(zip(labels, photos, strict=True), start=1):
        facts = _patient(label, _rng(seed, lesion))
        rows += [
            (f"SYN_{lesion:07d}", f"ISIC_90{next(numbers):05d}", CLASSES[label], *facts)
            for _ in range(count)
        ]
    columns = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]
    return pd.DataFrame(rows, columns=columns)


def _lesions_per_class(lesions):
    """Share out `lesions` by the square root of the true counts, at least three each."""
    share = np.sqrt([HAM10000_COUNTS[name] for name in CLASSES])
    share *= lesions / share.sum()
    counts = np.maximum(MIN_LESIONS, share.astype(int))
    while counts.sum() != lesions:
        if counts.sum() < lesions:
            counts[np.argmax(share - counts)] += 1
        else:
            counts[np.argmax(counts)] -= 1
    return counts


@functools.cache
def _patients(fact):
    """Return a fact of HAM10000's patients, rounded: a frame of values x classes.

    Ages in years are missing, in per cent, twice to ten times as often as in HAM10000, so that
    a small set has a missing age as well.
    """
    with resources.files("skinlib.data").joinpath("synthetic_patients.csv").open() as file:
        return pd.read_csv(file, index_col=["fact", "value"]).loc[fact]


def _patient(label, rng):
    """Draw dx_type, age in years (a multiple of 5, or None), sex and site of one lesion."""

    def pick(fact):
        table = _patients(fact)
        weights = table.iloc[:, label].to_numpy()
        return rng.choice(list(table.index), p=weights / weights.sum())

    mean, deviation, missing = _patients("age").iloc[:, label]
    age = 5.0 * np.clip(np.round(rng.normal(mean, deviation) / 5), 0, 17)
    missing = 100 * rng.random() < missing
    return pick("dx_type"), None if missing else age, pick("sex"), pick("localization")
