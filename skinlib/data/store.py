"""Arrays in the cache: each is computed once, proved by a checksum, and read through a memory map.

Beside ``NAME.npy`` lies ``NAME.json`` with the SHA-256 of it, which is compared each time the array
is opened. A damaged array is made anew as a whole.
"""

import json
import logging
import mmap

import numpy as np
from filelock import FileLock

from skinlib.common.errors import IntegrityError
from skinlib.common.files import atomic_path, require_space, sha256, write_json

_log = logging.getLogger(__name__)


def kept(path, shape, dtype, blocks, notes):
    """Return an array of the cache as a read-only map, made where it is missing or damaged.

    The name of `path`, which ends in ``.npy``, has a hash of all that decides the numbers. `blocks`
    are the array in pieces, iterated only if it is made; the dictionary `notes` is written into
    the JSON file after the last.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Parallel runs of a study meet here first; one computes, the others wait.
    with FileLock(path.with_suffix(".lock")):
        if not _whole(path):
            _write(path, shape, np.dtype(dtype), blocks, notes)
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _whole(path):
    """Whether the array is there and has the SHA-256 that it was written with."""
    if not path.exists():
        return False
    try:
        expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        expected = "none"
    found = sha256(path)
    if found != expected:
        text = "the cache '%s' is damaged (SHA-256 %s, expected %s) and is made anew"
        _log.warning(text, path, found, expected)
    return found == expected


def _write(path, shape, dtype, blocks, notes):
    """Write the array, then the file that proves it; the caller holds the lock."""
    for left in path.parent.glob(f".{path.stem}.*"):  # by a killed process
        left.unlink()
    require_space(path.parent, int(np.prod(shape)) * dtype.itemsize)
    with atomic_path(path) as temporary:
        # Not through a map: with a full disk that would end the process.
        with temporary.open("wb") as file:
            header = np.lib.format.dtype_to_descr(dtype)
            header = {"descr": header, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for block in blocks:
                file.write(np.ascontiguousarray(block, dtype).data)
        proof = sha256(temporary)
    write_json(path.with_suffix(".json"), {"sha256": proof, **notes})


def read(array, rows):
    """Return rows of an array of the cache, or of any array, as a copy.

    Raises
    ------
    IntegrityError
        If the file was cut since it was opened; touching its map would end the process.
    """
    if isinstance(array.base, mmap.mmap):
        expected, found = array.offset + array.nbytes, array.base.size()
        if found < expected:
            msg = (
                f"'{array.filename}' has {found} bytes, expected {expected}: it was cut while in "
                "use; run the same command again, the cache is made anew"
            )
            raise IntegrityError(msg)
    return array[rows]
