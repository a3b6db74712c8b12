"""Which files of a data set are the same under several ids: counted once, kept for the book.

The record lies under ``results/copies``, so that the book can say it on a machine without
the data.
"""

import hashlib
import json

import numpy as np

from skinlib import paths
from skinlib.data import duplicates
from skinlib.data.images import in_threads
from skinlib.files import write_json

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


def page(dataset):
    """Return the sentences of the book about copies in real data.

    Parameters
    ----------
    dataset : skinlib.data.ham10000.Dataset
        The data in use; looked through if they are HAM10000.
    """
    if dataset.name.startswith("ham10000"):
        keep(dataset)
    stored = sorted((paths.RESULTS / FOLDER).glob("*.json"))
    said = [sentence(_read(path)) for path in stored]
    return " ".join(said or ["The real data were not looked through yet."]) + "\n"


def sentence(found):
    """Say what `find` found.

    >>> sentence({"name": "a set", "images": 3, "copies": []})
    'The 3 files of `a set` all differ.'
    """
    name, copies = f"`{found['name']}`", found["copies"]
    if not copies:
        return f"The {found['images']:,} files of {name} all differ."
    within = sum(len(copy["lesion_ids"]) == 1 for copy in copies)
    if within == len(copies):
        lesions = "of one lesion" if within == 1 else "each of one lesion"
    else:
        lesions = f"{within} of them of one lesion"
    named = "; ".join(" = ".join(copy["image_ids"]) for copy in copies)
    files = "file is" if len(copies) == 1 else "files are"
    text = f"In {name} {len(copies)} {files} there more than once, {lesions}: {named}."
    if found["name"].startswith("ham10000-"):
        text += " Whether the originals are equal too was not checked."
    return text


def _read(path):
    return json.loads(path.read_text(encoding="utf-8"))
