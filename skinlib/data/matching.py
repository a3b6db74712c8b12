"""Find the image file of every row of a table, or say what lies there instead."""

import collections
import filecmp
import logging
import re
from pathlib import Path

from skinlib.common.errors import DataError
from skinlib.common.files import below, closed_to_us

# Of tables as archives serve them, and of images; in capitals too.
TABLES = (".csv", ".tab", ".tsv", "")
ENDINGS = (".jpg", ".jpeg")
# The official validation and test sets may lie below the same folder; their images have no row
# and are no training data. Any other extra is an error.
OTHER_SETS = frozenset({"test", "validation", "ISIC2018_Task3_Test_Images"})

_log = logging.getLogger(__name__)


def table_in(folder, name):
    """Return a table of a folder, or None: `name` with any of `TABLES`, in capitals or not."""
    there = {path.name.lower(): path for path in sorted(Path(folder).iterdir(), reverse=True)}
    stem = name.rpartition(".")[0].lower()
    found = (there.get(stem + ending) for ending in TABLES)
    return next((path for path in found if path and path.is_file()), None)


def match(image_ids, folder, listed_in, *, allow_missing=False):
    """Return the path of each image below a folder; None for missing ones that are allowed.

    The ids are the names of the files without their ending, see `ENDINGS`; messages name the file
    that they are `listed_in`.

    Raises
    ------
    DataError
        If an id has no file, or a file no id, or two different files one id; they are named.
    """
    known = set(image_ids)
    # Files whose names begin as the ids do belong to the data.
    begins = tuple({"ISIC_", *(re.match(r"\D*", name)[0] for name in known)} - {""})
    files, closed = below(folder)
    found, twice = {}, []
    for path in files:
        if path.suffix.lower() in ENDINGS and (path.stem in known or path.stem.startswith(begins)):
            first = found.setdefault(path.stem, path)
            twice += [(first, path)] if first is not path else []
    _compare(twice)
    missing = [name for name in image_ids if name not in found]
    if missing and closed:
        msg = f"{len(missing)} images are missing, and {closed_to_us(closed[0])}"
        raise DataError(msg)
    if len(missing) == len(image_ids) or (missing and not allow_missing):
        others = sorted({*files} - {*found.values()})
        msg = (
            f"{len(missing)} of {len(image_ids)} images named in {listed_in} are missing from "
            f"'{folder}': {some(missing)}; {_lying(others)}. The name of a file is its image_id, "
            f"its ending {' or '.join(ENDINGS)}, also in capitals: rename, unpack or add the files"
        )
        if len(missing) < len(image_ids):
            msg += ", or go on without them by --allow-missing, which the run then records"
        raise DataError(msg)
    extra = [
        name
        for name, path in found.items()
        if name not in known and OTHER_SETS.isdisjoint(path.relative_to(folder).parts)
    ]
    if extra:
        msg = (
            f"{len(extra)} images in '{folder}' have no row in {listed_in}: {some(extra)}; "
            "add their rows or move the files away"
        )
        raise DataError(msg)
    return [found.get(name) for name in image_ids]


def _compare(twice):
    """Refuse two files of one id, unless they have the same bytes."""
    if other := [pair for pair in twice if not filecmp.cmp(*pair, shallow=False)]:
        first, second = other[0]
        msg = (
            f"image {first.stem} lies twice, with different content: '{first}' and '{second}' (so "
            f"do {len(other) - 1} more); move the ones that are wrong out of the folder"
        )
        raise DataError(msg)
    if twice:
        text = "images that lie twice with the same bytes: %d, as '%s' and '%s'; one each is used"
        _log.warning(text, len(twice), *twice[0])


def _lying(files):
    """Say which files lie there instead."""
    if not files:
        return "no other files are there"
    kinds = collections.Counter(path.suffix for path in files).most_common(5)
    counts = ", ".join(f"{count} {kind or 'without ending'}" for kind, count in kinds)
    example = next(path for path in files if path.suffix == kinds[0][0])
    return f"other files there: {counts}, as '{example}'"


def some(names, limit=5):
    """Name the first few."""
    return ", ".join(names[:limit]) + (", …" if len(names) > limit else "")
