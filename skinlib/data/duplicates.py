"""Files that are the same under several ids: counted twice, and a leak where a split parts them.

Files are compared by the SHA-256 of their bytes. HAM10000 resized to 256 pixels has such pairs
itself, each of one lesion, so a copy is a warning; it becomes an error where it joins sets of a
split that are to be apart. The copies of a data set are kept in ``results/copies``, for machines
without the data.
"""

import logging

import pandas as pd

from skinlib.common import paths
from skinlib.common.errors import IntegrityError
from skinlib.common.files import sha256, write_json
from skinlib.data.images import in_threads
from skinlib.data.matching import some

FOLDER = "copies"

_log = logging.getLogger(__name__)


def groups(image_ids, digests):
    """Return a list of tuples of ids: two or more for each file that is there more than once.

    `image_ids` and `digests` are iterables of n ids, and of the SHA-256 of their n files.
    """
    table = pd.DataFrame({"id": list(image_ids), "digest": list(digests)})
    again = table[table["digest"].duplicated(keep=False)]
    return [tuple(ids) for _, ids in again.groupby("digest", sort=False)["id"]]


def warn(image_ids, digests):
    """Log a warning that names the ids of files with the same bytes; return them."""
    found = groups(image_ids, digests)
    if found:
        text = "%d image files are there more than once, byte for byte: %s"
        _log.warning(text, len(found), some([" = ".join(ids) for ids in found]))
    return found


def refuse_across(split, found):
    """Raise `IntegrityError` if a split has one of the files `found` by `groups` in two sets.

    Copies of one lesion are left alone: a split by image has photographs of one lesion in two sets
    anyhow, and a split by lesion has not.
    """
    table = split.table.set_index("image_id")
    across = []
    for ids in found:
        rows = table.loc[table.index.intersection(ids, sort=False)]  # an age policy may drop some
        if min(len(set(rows["part"])), len(set(rows["lesion_id"]))) > 1:
            across.append(" = ".join(f"{name} ({part})" for name, part in rows["part"].items()))
    if across:
        msg = (
            f"{len(across)} image files lie in more than one part of the split under different "
            f"ids: {some(across)}; remove the copies and their rows, or give them one lesion_id"
        )
        raise IntegrityError(msg)


def find(dataset):
    """Return the record of the files of a `skinlib.data.ham10000.Dataset` with the same bytes.

    ``name`` and ``fingerprint`` of the data, ``images``, and ``copies``: of each file that is
    there more than once the sorted ``image_ids`` and ``lesion_ids``. Nothing is decoded.
    """
    table = dataset.table
    lesions = table.set_index("image_id")["lesion_id"]
    return {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "images": len(table),
        "copies": [
            {"image_ids": list(ids), "lesion_ids": sorted(set(lesions[list(ids)]))}
            for ids in groups(table["image_id"], in_threads(sha256, table["path"]))
        ],
    }


def keep(dataset):
    """Write ``results/copies/<name>.json``, see `find`; return its path."""
    path = paths.RESULTS / FOLDER / f"{dataset.name}.json"
    write_json(path, find(dataset))
    return path
