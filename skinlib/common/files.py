"""Atomic writes and content hashes: a killed process leaves the old file or the new one."""

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np

from skinlib.common import paths
from skinlib.common.errors import DataError, TemporaryError


@contextlib.contextmanager
def atomic_path(path):
    """Yield a temporary path beside `path`; it is flushed and moved there if the block succeeds.

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
    prefix, suffix = f".{path.name}.", "".join(path.suffixes)
    temporary = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=suffix)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        # mkstemp makes private files; results are meant to be read by everybody.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        if Path(str(error.filename)).name.startswith(prefix):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path):
    """Yield an empty folder beside `path` that takes its place if the block succeeds.

    What a killed process left is removed first, so one process at a time may do this: callers
    hold a lock where there can be two.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        shutil.rmtree(path, ignore_errors=True)
        os.replace(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def below(folder):
    """List the files below a folder; links are followed, hidden names left out.

    A folder is entered once, so that links in a circle end.

    Returns
    -------
    files : list of pathlib.Path
        Sorted.
    closed : list of OSError
        Of the folders, links and files that the system does not show.
    """
    files, closed, seen = [], [], set()
    for place, folders, names in os.walk(folder, onerror=closed.append, followlinks=True):
        if (where := os.path.realpath(place)) in seen:
            folders.clear()
            continue
        seen.add(where)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(place, name) for name in names if not name.startswith(".")):
            try:
                path.stat()
                files.append(path)
            except OSError as error:
                closed.append(error)
    return sorted(files), closed


def closed_to_us(error):
    """Say what could not be entered, of an error from `below`."""
    what = "is a link that leads nowhere" if os.path.islink(error.filename) else "cannot be entered"
    return f"'{error.filename}' {what} ({error.strerror}); mend it, or name the folders beside it"


def require_file(path, what):
    """Raise `DataError` unless `path` is a file; `what` is expected there ('photograph')."""
    if not path.is_file():
        odd = "is a folder" if path.is_dir() else "is no plain file" if path.exists() else None
        odd = odd or ("is a link that leads to no file" if path.is_symlink() else "does not exist")
        msg = f"'{path}' {odd}, expected a {what}; see to its name and folder"
        raise DataError(msg)


def require_place(path):
    """Raise `DataError` if a file could not be written to `path`, before the work it is for."""
    if path.is_dir():
        msg = f"'{path}' is a folder; name a file to write"
        raise DataError(msg)
    folder = next(parent for parent in path.parents if os.path.lexists(parent))
    try:
        # Access rights do not show a read-only disk.
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        msg = f"'{path}' cannot be written: '{folder}': {error.strerror}; choose another place"
        raise DataError(msg) from error


def require_name(name, what):
    """Raise `DataError` unless `name` can be the name of one folder; `what` is said of it."""
    if not re.fullmatch(r"\w[\w.-]*", str(name)):
        msg = f"{what} '{name}' is no name of a folder; write letters, digits, '-', '_' and '.'"
        raise DataError(msg)


def require_space(folder, needed):
    """Raise `TemporaryError` if the disk of `folder` has fewer than `needed` bytes.

    HDF5 ends the whole process when its disk is full, so writers check before.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder)
        msg = (
            f"'{folder}' has {free / 1e6:.1f} MB of free space, {needed / 1e6:.1f} MB are needed; "
            + paths.remedy(full, "free some space, and run the same command again")
        )
        raise TemporaryError(msg)


def write_text(path, text):
    """Write `text` atomically: UTF-8, Unix line ends; what is no Unicode is escaped."""
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
