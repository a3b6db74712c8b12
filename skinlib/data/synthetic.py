"""A stand-in for HAM10000 that needs no download: painted lesions in the same file layout.

The pictures are made up. They serve tests, the demo study and the documentation;
no number measured on them says anything about skin. This file draws the table of
patients and writes the folder; `lesions` paints, `camera` takes the photographs.
"""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock
from PIL import Image, ImageDraw, ImageFont

from skinlib.common import files, paths
from skinlib.common.classes import CLASSES, HAM10000_COUNTS
from skinlib.common.errors import DataError
from skinlib.data import camera, lesions
from skinlib.data.images import decode

# Part of the cache key. Raise it with every change of the table, `lesions` or `camera`.
GENERATOR_VERSION = 1

METADATA = "HAM10000_metadata.csv"
MARKER = ".complete"

# Nine images a class on average: three lesions of the rarest, and still an imbalance.
MIN_IMAGES = 63
MAX_IMAGES = 100_000  # five free digits in ISIC_90xxxxx
MIN_LESIONS = 3
IMAGES_PER_LESION = 10_015 / 7_470

# The tables below are rounded from the HAM10000 metadata; columns in the order of CLASSES.
EXTRA_PHOTOS = (0.43, 0.57, 0.51, 0.58, 0.81, 0.24, 0.45)  # beyond the first, per lesion
AGE_MEAN = (67, 67, 64, 53, 61, 46, 51)
AGE_SD = (11, 14, 14, 14, 15, 15, 22)
# Twice to ten times the true rate, so that a small set meets a missing age as well.
AGE_MISSING = (0, 0, 2, 0, 2, 2, 0)
SEX = {
    "female": (32, 38, 42, 45, 38, 48, 51),
    "male": (68, 62, 57, 55, 62, 51, 49),
    "unknown": (0, 0, 1, 0, 0, 1, 0),
}
DX_TYPE = {
    "confocal": (0, 0, 6, 0, 0, 0, 0),
    "consensus": (0, 0, 24, 52, 0, 8, 53),
    "follow_up": (0, 0, 0, 0, 0, 55, 0),
    "histo": (100, 100, 70, 48, 100, 37, 47),
}
SITE = {
    "abdomen": (2, 4, 4, 3, 6, 13, 19),
    "back": (9, 36, 18, 2, 29, 21, 15),
    "chest": (4, 9, 7, 0, 6, 3, 4),
    "ear": (1, 0, 1, 0, 2, 0, 0),
    "face": (35, 20, 29, 0, 9, 1, 6),
    "foot": (0, 1, 0, 2, 3, 4, 0),
    "genital": (0, 0, 0, 1, 0, 1, 0),
    "hand": (4, 0, 1, 0, 0, 1, 4),
    "lower extremity": (20, 11, 16, 71, 17, 22, 19),
    "neck": (3, 3, 3, 0, 3, 1, 2),
    "scalp": (4, 4, 3, 0, 1, 1, 1),
    "trunk": (0, 2, 7, 0, 4, 19, 22),
    "unknown": (0, 1, 2, 0, 1, 3, 0),
    "upper extremity": (19, 10, 9, 21, 19, 10, 8),
}


def generate(folder, *, images=700, seed=0, width=160, height=120):
    """Write a synthetic set into `folder`, laid out like HAM10000.

    The same arguments give the same bytes as long as NumPy, SciPy and Pillow stay
    the same. Each lesion and each photograph has its own random stream.

    Parameters
    ----------
    folder : str or pathlib.Path
        Where to write ``ISIC_90xxxxx.jpg`` and ``HAM10000_metadata.csv``. Made when
        absent; must be empty otherwise.
    images : int
        Number of photographs, 63 to 100,000.
    seed : int
        0 to 2**32 - 1.
    width, height : int
        Size of a photograph in pixels, 16 to 2048 each.

    Returns
    -------
    pathlib.Path
        `folder`.

    Raises
    ------
    DataError
        If an argument is out of range or `folder` holds something.
    """
    _check(images, seed, width, height)
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"{folder} is not an empty folder. Name one that is absent or empty."
        raise DataError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    table = metadata(images, seed)
    photo = table.groupby("lesion_id").cumcount()
    for row, number in zip(table.itertuples(), photo, strict=True):
        picture = photograph(row.dx, int(row.lesion_id[4:]), number, seed, width, height)
        Image.fromarray(picture).save(folder / f"{row.image_id}.jpg", quality=92)
    files.write_csv(folder / METADATA, table)
    return folder


def ensure(*, images=700, seed=0, width=160, height=120):
    """Return the cached synthetic set of these arguments, made first where it is missing.

    The set is built beside its place and moved there when whole, so a killed process
    leaves nothing that looks finished. A torn set is built anew; processes that ask at
    once wait for the first.

    Parameters
    ----------
    images, seed, width, height : int
        As in :func:`generate`.

    Returns
    -------
    pathlib.Path
        Folder below ``paths.cache() / "synthetic"``.

    Raises
    ------
    DataError
        If an argument is out of range.
    """
    _check(images, seed, width, height)
    asked = {"images": images, "seed": seed, "width": width, "height": height}
    key = files.hash_of({**asked, "version": GENERATOR_VERSION})
    folder = paths.cache() / "synthetic" / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{key}.lock")):
        if not (folder / MARKER).exists() or len(list(folder.glob("*.jpg"))) != images:
            partial = folder.with_name(f".{key}.partial")
            for torn in (folder, partial):
                shutil.rmtree(torn, ignore_errors=True)
            generate(partial, **asked)
            files.write_json(partial / MARKER, asked)
            os.replace(partial, folder)
    return folder


def contact_sheet(folder, per_class=6):
    """Return a picture of a set: one row a class, its short name on the left.

    Parameters
    ----------
    folder : str or pathlib.Path
        A folder written by :func:`generate`.
    per_class : int
        Lesions shown of each class; rows with fewer stay short.

    Returns
    -------
    PIL.Image.Image

    Raises
    ------
    DataError
        If `folder` holds no set.
    """
    folder = Path(folder)
    if not (folder / METADATA).is_file():
        msg = f"{folder / METADATA} is missing; expected a folder made by synthetic.generate"
        raise DataError(msg)
    table = pd.read_csv(folder / METADATA).drop_duplicates("lesion_id")
    rows = [table.image_id[table.dx == name][:per_class] for name in CLASSES]
    pictures = [[decode(folder / f"{image}.jpg") for image in row] for row in rows]
    width, height = pictures[0][0].size
    label, gap = 64, 4
    across, down = width + gap, height + gap
    sheet = Image.new("RGB", (label + per_class * across, len(CLASSES) * down), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for y, (name, row) in enumerate(zip(CLASSES, pictures, strict=True)):
        draw.text((8, y * down + height // 2), name, "black", font, anchor="lm")
        for x, picture in enumerate(row):
            sheet.paste(picture, (label + x * across, y * down))
    return sheet


def _check(images, seed, width, height):
    limits = {
        "images": (images, MIN_IMAGES, MAX_IMAGES),
        "seed": (seed, 0, 2**32 - 1),
        "width": (width, 16, 2048),
        "height": (height, 16, 2048),
    }
    for name, (value, low, high) in limits.items():
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            msg = f"{name} must be a whole number from {low} to {high}. Received: {value!r}"
            raise DataError(msg)


def photograph(dx, lesion, number, seed, width, height):
    """Take photograph `number`, from 0, of one lesion; see :func:`camera.take`."""
    # The lesion's stream starts anew for every photograph: same draws, same lesion.
    streams = _rng(seed, lesion, 1), _rng(seed, lesion, 2 + number)
    return camera.take(dx, *streams, width, height)


def mask(dx, lesion, number, seed, width, height):
    """Return where the lesion is in `photograph` of the same arguments.

    Returns
    -------
    numpy.ndarray
        Boolean, shape (height, width).
    """
    streams = _rng(seed, lesion, 1), _rng(seed, lesion, 2 + number)
    view = camera.View(*streams, width, height)
    return lesions.mask(dx, view, streams[0])


def metadata(images, seed):
    """Draw the table of a synthetic set: `images` rows, columns as in HAM10000.

    Class sizes follow the square root of the true ones, which keeps their order but
    leaves every class useful in a small set.
    """
    rng = _rng(seed, 0)
    lesions = round(images / IMAGES_PER_LESION)
    labels = rng.permutation(np.repeat(range(len(CLASSES)), _lesions_per_class(lesions)))
    weights = np.take(EXTRA_PHOTOS, labels)
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


def _patient(label, rng):
    """Draw dx_type, age in years (a multiple of 5, or None), sex and site of one lesion."""

    def pick(table):
        weights = np.array([row[label] for row in table.values()], float)
        return rng.choice(list(table), p=weights / weights.sum())

    age = 5.0 * np.clip(np.round(rng.normal(AGE_MEAN[label], AGE_SD[label]) / 5), 0, 17)
    missing = 100 * rng.random() < AGE_MISSING[label]
    return pick(DX_TYPE), None if missing else age, pick(SEX), pick(SITE)


def _rng(seed, *numbers):
    # Zeros at the end of a seed list are ignored by NumPy, hence the closing 1.
    return np.random.default_rng([seed, *numbers, 1])
