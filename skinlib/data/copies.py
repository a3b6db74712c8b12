"""Which files of a data set are the same under several ids: counted once, kept for the book.

The record is in ``results/copies``, for machines without the data.
"""

import hashlib
import json

import numpy as np

from skinlib.common import paths
from skinlib.common.files import write_json
from skinlib.data import duplicates
from skinlib.data.images import in_threads

FOLDER = "copies"


def find(dataset):
    """Find the files of a data set with the same bytes; nothing is decoded.

    Parameters
    ----------
    dataset : skinlib.data.ham10000.Dataset

    Returns
    -------
    dict
        ``name`` and ``fingerprint`` of the data, ``images``, and ``copies``: of each file
        that is there more than once the sorted ``image_ids`` and ``lesion_ids``.
    """
    table = dataset.table
    read = in_threads(lambda path: hashlib.sha256(path.read_bytes()).digest(), table["path"])
    digests = np.frombuffer(b"".join(read), np.uint8).reshape(-1, 32)
    lesions = table.set_index("image_id")["lesion_id"]
    return {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "images": len(table),
        "copies": [
            {"image_ids": list(ids), "lesion_ids": sorted(set(lesions[list(ids)]))}
            for ids in duplicates.groups(table["image_id"], digests)
        ],
    }


def keep(dataset):
    """Store what `find` finds, if these data were not looked through before.

    Returns
    -------
    pathlib.Path
        ``results/copies/<name>.json``.
    """
    path = paths.RESULTS / FOLDER / f"{dataset.name}.json"
    if not (path.is_file() and _read(path)["fingerprint"] == dataset.fingerprint):
        write_json(path, find(dataset))
    return path


def _read(path):
    return json.loads(path.read_text(encoding="utf-8"))
