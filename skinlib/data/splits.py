"""Training, validation and test sets: by image as in the paper, or by lesion.

A split is a CSV file under ``results/splits/`` with a hash, so that it can be shared, compared
and checked.
"""

import contextlib
import dataclasses
import functools
from importlib import resources
from pathlib import Path

import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import hash_of, write_csv
from skinlib.data import drawing
from skinlib.data.matching import some

PARTS = ("train", "validation", "test")
COLUMNS = ["image_id", "lesion_id", "part"]
# The four before the last are pairs that differ in leakage alone, see `skinlib.data.drawing`.
UNITS = ("image", "lesion", "leaking", "sealed", "leaking_matched", "sealed_matched", "fold")
# Of these no lesion is in two sets.
DISJOINT = ("lesion", "sealed", "sealed_matched", "fold")


@dataclasses.dataclass(frozen=True)
class Split:
    """The set of each image.

    Attributes
    ----------
    unit : str
        One of `UNITS`.
    table : pandas.DataFrame
        Columns ``image_id``, ``lesion_id``, ``part``, sorted by ``image_id``; ``part`` is one
        of `PARTS`, or ``unused``.
    """

    unit: str
    table: pd.DataFrame

    @property
    def hash(self):
        """Hash of the rows: 12 hexadecimal digits."""
        return hash_of(self.table.to_numpy().tolist())

    def counts(self):
        """Return the number of images in each part that is not empty."""
        counts = self.table["part"].value_counts()
        return {part: int(counts[part]) for part in PARTS if part in counts}

    def rows(self, table, part):
        """Return the rows of a data table that belong to `part`, in ``image_id`` order."""
        chosen = self.table.loc[self.table["part"] == part, "image_id"]
        return table[table["image_id"].isin(chosen)].sort_values("image_id", ignore_index=True)


def make_split(table, *, unit, test, validation, seed, fold=0):
    """Draw a stratified split.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``image_id``, ``lesion_id``, ``dx``; ``dx_type`` for the matched units.
    unit : str
        One of `UNITS`. ``image``: stratified on ``dx`` alone, so that photographs of one lesion may
        be in two sets (the paper's way). ``lesion``: stratified and grouped. ``leaking``,
        ``sealed`` and the same ``_matched``: see `skinlib.data.drawing`. ``fold``: the test set is
        one of 1 / `test` parts, as ``lesion``, which together are all images.
    test, validation : float
        Shares of all images, in [0, 1), with a sum below 1. A set of share 0 is left out.
    seed : int
    fold : int
        Number of the part that is the test set, from 0.

    Returns
    -------
    Split

    Raises
    ------
    DataError
        If the unit is unknown, or a class too rare to be in every set.
    """
    if unit not in UNITS:
        msg = f"split unit '{unit}' is unknown, expected one of {UNITS}"
        raise DataError(msg)
    table = table.sort_values("image_id", ignore_index=True)
    part = drawing.parts(table, unit, test, validation, seed, fold)
    # A class without images in a set would leave its metrics undefined.
    for name in part[part != "unused"].unique():
        if empty := [dx for dx in CLASSES if dx not in set(table["dx"][part == name])]:
            msg = (
                f"no image of class '{empty[0]}' fell into part '{name}'; use more data or larger "
                "parts"
            )
            raise DataError(msg)
    split = Split(unit, table[["image_id", "lesion_id"]].assign(part=part))
    validate(split)
    return split


@functools.cache
def same_lesion():
    """Return pairs of image ids that show one lesion of HAM10000 under two lesion ids.

    Eighteen such pairs were found and confirmed by hand by Abhishek, Jain and Hamarneh
    (Scientific Data 12:196, 2025). The recipe field ``lesion_pairs="joined"`` joins them.
    """
    with resources.files("skinlib.data").joinpath("same_lesion_pairs.csv").open() as file:
        return tuple(pd.read_csv(file, dtype=str).itertuples(index=False, name=None))


def join_lesions(table):
    """Return a copy with one lesion id for both lesions of each pair of `same_lesion`.

    Of two ids in the column ``lesion_id`` the one that sorts first is kept.
    """
    table = table.copy()
    row_of = pd.Series(table.index, index=table["image_id"])
    for one, other in same_lesion():
        if one in row_of and other in row_of:
            ids = table.loc[[row_of[one], row_of[other]], "lesion_id"]
            table["lesion_id"] = table["lesion_id"].replace(max(ids), min(ids))
    return table


def validate(split):
    """Raise `IntegrityError` if an image is there twice, or a lesion in two sets of `DISJOINT`."""
    twice = split.table["image_id"].duplicated()
    if twice.any():
        image_id = split.table.loc[twice, "image_id"].iloc[0]
        msg = f"image {image_id} is in the split twice; make it again"
        raise IntegrityError(msg)
    if split.unit in DISJOINT and (shared := lesions_on_both_sides(split)):
        msg = (
            f"{len(shared)} lesions are in more than one part although the split is by "
            f"lesion: {some(shared)}; make the split again"
        )
        raise IntegrityError(msg)


def check_images(split, table, path):
    """Raise `IntegrityError` if the data table lacks images of a split, or has other lesions."""
    known, joined = (
        dict(zip(each["image_id"], each["lesion_id"], strict=True))
        for each in (table, join_lesions(table))
    )
    rows = zip(split.table["image_id"], split.table["lesion_id"], strict=True)
    odd = [i for i, lesion in rows if lesion not in (known.get(i), joined.get(i))]
    if odd:
        msg = (
            f"{len(odd)} images of '{path}' are not in the data, or of another lesion there: "
            f"{some(odd)}; use the split with the data that it was drawn from"
        )
        raise IntegrityError(msg)


def lesions_on_both_sides(split):
    """Return the sorted ids of lesions with images in more than one set."""
    used = split.table[split.table["part"] != "unused"]
    parts = used.groupby("lesion_id")["part"].nunique()
    return sorted(parts.index[parts > 1])


def with_siblings(table):
    """Return which test images have another photograph of their lesion: only these can leak.

    Bool, indexed by ``image_id``; `table` is that of a split of a pair, unused images included.
    """
    lesions = table[table["part"] == "test"].set_index("image_id")["lesion_id"]
    return lesions.map(table["lesion_id"].value_counts()) > 1


def save(split, folder, name):
    """Write a split to ``<folder>/<name>-<hash>.csv``, unless it is there; return the path."""
    path = Path(folder) / f"{name}-{split.hash}.csv"
    if path.exists():
        read(path, split.unit)
    else:
        write_csv(path, split.table)
    return path


def read(path, unit=None):
    """Read a split written by `save` and check it.

    Its unit is found in the name of the file when left out: ``<data>-<unit>-s<seed>-<hash>.csv``.

    Raises
    ------
    DataError
        There is no such file, or neither its name nor the caller gives the unit.
    IntegrityError
        It is no split, was edited, or breaks its unit.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"split '{path}' does not exist; the splits of runs are in results/splits"
        raise DataError(msg)
    unit = unit or next((word for word in path.stem.split("-") if word in UNITS), None)
    if unit is None:
        msg = f"'{path}' does not say what was drawn, expected a name like data-lesion-s0-hash.csv"
        raise DataError(msg)
    expected, found = path.stem.rpartition("-")[2], "none"
    with contextlib.suppress(ValueError):  # pandas: no table, no text
        split = Split(unit, pd.read_csv(path, dtype=str, keep_default_na=False))
        found = split.hash if list(split.table) == COLUMNS else "none"
    if found != expected:
        msg = (
            f"'{path}' was edited or is no split: its hash is {found}, its name says {expected}; "
            "delete it, training writes it anew"
        )
        raise IntegrityError(msg)
    validate(split)
    return split
