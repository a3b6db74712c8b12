"""Atomic writes and content hashes: a killed process leaves the old file or the new one."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from skinlib.common.errors import DataError, TemporaryError


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

    Raises
    ------
    OSError
        Naming `path`, not the temporary file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{path.name}."
    temporary = None
    try:
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=prefix, suffix="".join(path.suffixes)
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        # mkstemp makes private files; results are meant to be read by everybody.
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        if Path(str(error.filename)).name.startswith(prefix):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def require_file(path, what):
    """Refuse a path that is no file, and say what it is instead.

    Parameters
    ----------
    path : pathlib.Path
    what : str
        Expected there, for the message: 'photograph'.

    Raises
    ------
    DataError
        It is a folder, a link that leads nowhere, a device, or not there.
    """
    if path.is_file():
        return
    if path.is_dir():
        msg = f"'{path}' is a folder, expected a {what}; name a file in it"
    elif path.is_symlink():
        msg = (
            f"'{path}' is a link to '{os.readlink(path)}', which leads to no file; name the "
            f"{what} itself"
        )
    elif path.exists():
        msg = f"'{path}' is no plain file, expected a {what}; save it as a file first"
    else:
        msg = f"{what} '{path}' does not exist; see to its name and folder"
    raise DataError(msg)


def require_place(path):
    """Refuse a file that could not be written, before the work that it is for.

    Parameters
    ----------
    path : pathlib.Path
        Missing parent folders are no fault, see `atomic_path`.

    Raises
    ------
    DataError
        Naming `path`: it is a folder, or the folder to write in is none or refuses.
    """
    if path.is_dir():
        msg = f"'{path}' is a folder; name a file to write"
        raise DataError(msg)
    folder = next(parent for parent in path.parents if os.path.lexists(parent))
    try:
        # Asked by doing it: rights do not tell of a disk that is read-only.
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        msg = f"'{path}' cannot be written: '{folder}': {error.strerror}; choose another place"
        raise DataError(msg) from error


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
    """Write `text` (UTF-8, Unix line ends) to `path` atomically.

    What is no Unicode in the name of a file is escaped.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


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
