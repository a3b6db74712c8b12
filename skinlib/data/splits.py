"""Train, validation and test parts: by image as in the paper, or by lesion.

A split is a CSV file under ``results/splits/`` with a hash, so that it can be
shared, diffed and checked. See protocol §1.2 for what the authors did.
"""

import dataclasses
from pathlib import Path

import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import hash_of, write_csv
from skinlib.data import drawing, leakage, same_lesion

PARTS = ("train", "validation", "test")
# What a lesion belongs to is the question of the first two; see `leakage` for the others.
PAIRED = ("leaking", "sealed", "leaking_matched", "sealed_matched")
UNITS = ("image", "lesion", *PAIRED)
# Of these no lesion is in two parts.
DISJOINT = ("lesion", "sealed", "sealed_matched")

# Raise it with every change of how a split is drawn: splits in the cache are then drawn anew.
DRAWING = 2


@dataclasses.dataclass(frozen=True)
class Split:
    """Which image belongs to which part.

    Attributes
    ----------
    unit : str
        What was drawn, one of `UNITS`. `DISJOINT` promise that no lesion is in two parts.
    table : pandas.DataFrame
        Columns ``image_id``, ``lesion_id``, ``part``, sorted by ``image_id``. Parts are
        `PARTS`, or ``unused``.
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


def make_split(table, *, unit, test, validation, seed):
    """Draw a stratified split.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``image_id``, ``lesion_id``, ``dx``; ``dx_type`` for the matched units.
    unit : str
        ``image``: stratified on ``dx`` alone, so that photographs of one lesion may
        fall on both sides (the paper's way). ``lesion``: stratified and grouped.
        ``leaking``, ``sealed`` and the same ``_matched``: see `skinlib.data.leakage`.
    test, validation : float
        Share of all images, in [0, 1). A part of share 0 is left out.
    seed : int

    Returns
    -------
    Split

    Raises
    ------
    DataError
        If a share is out of range, or a class is too rare to be in every part.
    """
    if unit not in UNITS:
        msg = f"split unit '{unit}' is unknown, expected one of {UNITS}"
        raise DataError(msg)
    if min(test, validation) < 0 or test + validation >= 1:
        msg = f"test share {test} and validation share {validation} must be >= 0 and sum below 1"
        raise DataError(msg)
    table = table.sort_values("image_id", ignore_index=True)
    if unit in PAIRED:
        part = leakage.draw(table, unit, test, validation, seed)
    else:
        draw = drawing.images if unit == "image" else drawing.lesions
        part = drawing.parts(table, draw, test, validation, seed)
    frame = table[["image_id", "lesion_id"]].assign(part=part)
    split = Split(unit, frame)
    used = part != "unused"
    _check_classes(table["dx"][used], part[used])
    validate(split)
    return split


def _check_classes(labels, part):
    """Every class must be in every part, or a metric of that part is undefined."""
    seen = pd.crosstab(labels, part).reindex(list(CLASSES), fill_value=0)
    empty = [(dx, name) for name in seen for dx in seen.index if seen.loc[dx, name] == 0]
    if empty:
        dx, name = empty[0]
        msg = f"no image of class '{dx}' fell into part '{name}'; use more data or larger parts"
        raise DataError(msg)


def validate(split):
    """Refuse a split that breaks its promise.

    Raises
    ------
    IntegrityError
        If an image is in the split twice, a part has an unknown name, or the split
        is by lesion and a lesion is in more than one part; the lesions are named.
    """
    twice = split.table["image_id"].duplicated()
    if twice.any():
        msg = f"image {split.table.loc[twice, 'image_id'].iloc[0]} is in the split twice"
        raise IntegrityError(msg)
    odd = set(split.table["part"]) - {*PARTS, "unused"}
    if odd:
        msg = f"the split has unknown parts {sorted(odd)}, expected {PARTS}"
        raise IntegrityError(msg)
    if split.unit in DISJOINT:
        shared = lesions_on_both_sides(split)
        if shared:
            msg = (
                f"{len(shared)} lesions are in more than one part although the split is by "
                f"lesion: {', '.join(shared[:5])}; make the split again"
            )
            raise IntegrityError(msg)


def check_images(split, table, path):
    """Refuse a split that is not of the images and lesions of a data table.

    Raises
    ------
    IntegrityError
        Naming images of the split that the table does not have, or has with another lesion.
    """
    known, joined = (
        dict(zip(each["image_id"], each["lesion_id"], strict=True))
        for each in (table, same_lesion.join(table))
    )
    rows = zip(split.table["image_id"], split.table["lesion_id"], strict=True)
    odd = [i for i, lesion in rows if lesion not in (known.get(i), joined.get(i))]
    if odd:
        msg = (
            f"{len(odd)} images of '{path}' are not in the data, or of another lesion there: "
            f"{', '.join(odd[:5])}; use the split with the data that it was drawn from"
        )
        raise IntegrityError(msg)


def lesions_on_both_sides(split):
    """Return the sorted ids of lesions with images in more than one part."""
    used = split.table[split.table["part"] != "unused"]
    parts = used.groupby("lesion_id")["part"].nunique()
    return sorted(parts.index[parts > 1])


def save(split, folder, name):
    """Write the split to ``<folder>/<name>-<hash>.csv`` and return the path.

    Raises
    ------
    IntegrityError
        If the file is there already and was edited since.
    """
    path = Path(folder) / f"{name}-{split.hash}.csv"
    if path.exists():
        read(path, split.unit)
    else:
        write_csv(path, split.table)
    return path


def read(path, unit=None):
    """Read a split written by `save` and check it.

    Parameters
    ----------
    path : str or pathlib.Path
    unit : {'image', 'lesion'}, optional
        By the name of the file when left out: ``<data>-<unit>-s<seed>-<hash>.csv``.

    Raises
    ------
    DataError
        If there is no such file, or neither its name nor the caller tells the unit.
    IntegrityError
        If it is no split, its rows no longer have the hash in its name, or see `validate`.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"split '{path}' does not exist; the splits of runs are in results/splits"
        raise DataError(msg)
    unit = unit or next((word for word in path.stem.split("-") if word in UNITS), None)
    if unit is None:
        msg = f"'{path}' does not say what was drawn, expected a name like data-lesion-s0-hash.csv"
        raise DataError(msg)
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        msg = f"'{path}' is not a readable CSV file ({error}); delete it, training writes it anew"
        raise IntegrityError(msg) from error
    if list(table) != ["image_id", "lesion_id", "part"]:
        msg = f"'{path}' has the columns {list(table)[:9]}, expected image_id, lesion_id, part"
        raise IntegrityError(msg)
    split = Split(unit, table)
    expected = path.stem.rpartition("-")[2]
    if split.hash != expected:
        msg = (
            f"'{path}' was edited: its hash is {split.hash}, its name says {expected}; "
            "delete it, training writes it anew"
        )
        raise IntegrityError(msg)
    validate(split)
    return split
