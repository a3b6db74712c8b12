"""Atomic writes and content hashes: a killed process leaves the old file or the new one."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from skinlib.errors import TemporaryError


@contextlib.contextmanager
def atomic_path(path):
    """Yield a temporary path beside `path` and move it there when the block succeeds.

    The temporary file is flushed to disk before the move, so that a crash can
    not leave a short file under the final name. If the block raises, the
    temporary file is removed and whatever was at `path` stays untouched.

    Parameters
    ----------
    path : str or pathlib.Path
        Final place of the file. Missing parent folders are made.

    Yields
    ------
    pathlib.Path
        Where to write. Same suffix as `path`, since some writers look at it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name}.", suffix="".join(path.suffixes)
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        # mkstemp makes private files; results are meant to be read by everybody.
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def require_space(folder, needed):
    """Refuse to begin a write for which the disk has no room.

    HDF5 ends the whole process when its disk is full, so it must not come to that.

    Parameters
    ----------
    folder : pathlib.Path
    needed : int
        Bytes.

    Raises
    ------
    TemporaryError
        Naming the folder, what it has and what it needs.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        msg = (
            f"'{folder}' has {free / 1e6:.1f} MB of free space, {needed / 1e6:.1f} MB are needed; "
            "free some space and run the same command again"
        )
        raise TemporaryError(msg)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path, text):
    """Write `text` (UTF-8, Unix line ends) to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path, value):
    """Write `value` as indented JSON to `path` atomically; NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False, default=_plain) + "\n")


def _plain(value):
    """Turn NumPy scalars and paths, which json does not know, into plain values."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return value.as_posix()
    msg = f"cannot write {type(value).__name__} as JSON; convert it first. Received: {value!r}"
    raise TypeError(msg)


def write_csv(path, frame, **options):
    """Write a DataFrame without its index to `path` atomically, with Unix line ends."""
    write_text(path, frame.to_csv(index=False, lineterminator="\n", **options))


def sha256(path):
    """Return the SHA-256 of a file as a hexadecimal string."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_of(value):
    """Return the first 12 hexadecimal digits of the SHA-256 of `value` as canonical JSON."""
    text = json.dumps(value, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
