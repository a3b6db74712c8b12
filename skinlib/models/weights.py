"""Load weights, and only weights, from HDF5 files, after checking them.

A ``.keras`` file or a pickle can run code when it is opened. An HDF5 file of numbers cannot,
once links that leave the file are refused. Keras writes them in two formats: its own of today,
``.weights.h5``, and an older one, ``.h5``, in which it publishes the ImageNet weights.
"""

import contextlib
import tempfile
import warnings
from pathlib import Path

import h5py
import numpy as np

from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import sha256

SUFFIX = ".weights.h5"


def check_file(path, expected_sha256=None):
    """Check a weights file before anything is loaded from it, and return its SHA-256.

    Raises
    ------
    DataError
        The file is missing, has another ending, or holds a whole model.
    IntegrityError
        Wrong hash; not HDF5; a link or storage outside the file; a number that is not finite.
    """
    path = Path(path)
    if path.suffix != ".h5":
        msg = (
            f"'{path}' is not a {SUFFIX} file and was not opened; only weights are loaded, as "
            "`model.save_weights` writes them or as Keras publishes them (…_notop.h5), never whole "
            "models, which can run code"
        )
        raise DataError(msg)
    if not path.is_file():
        msg = f"weights file '{path}' does not exist; see to its name and folder"
        raise DataError(msg)
    found = sha256(path)
    if expected_sha256 and found != expected_sha256:
        msg = f"'{path}' has SHA-256 {found}, expected {expected_sha256}; fetch this file again"
        raise IntegrityError(msg)
    try:
        with h5py.File(path) as file:
            if "model_config" in file.attrs:
                msg = (
                    f"'{path}' is a whole model, which can run code; save its weights alone: "
                    f"`model.save_weights('name{SUFFIX}')`"
                )
                raise DataError(msg)
            if fault := next(_faults(file, path.stat().st_size, set()), None):
                msg = f"'{path}' {fault}; refused, get it again from those who made it"
                raise IntegrityError(msg)
    # h5py passes on damage in whatever form the place of the damage gives it.
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        msg = f"'{path}' is not a whole HDF5 file ({error}); fetch this file again"
        raise IntegrityError(msg) from error
    return found


def _faults(group, size, seen):
    """Yield what is wrong with a group, in a file of `size` bytes.

    Only the first fault can be asked for: what follows it relies on there being none. `seen` has
    the addresses of the groups so far.
    """
    seen.add(h5py.h5o.get_info(group.id).addr)
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            yield f"has a link at '{name}' that may leave the file"
        item = group[name]
        if isinstance(item, h5py.Group):
            if h5py.h5o.get_info(item.id).addr in seen:
                yield f"leads back to one of its groups at '{name}'"
            yield from _faults(item, size, seen)
            continue
        if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "biuf" or not item.size:
            yield f"has '{item.name}', which is no array of numbers"
        if item.external or item.is_virtual:
            yield f"keeps '{item.name}' outside the file"
        # Chunked data may be compressed, but weights files written by Keras are not.
        if (declared := item.size * item.dtype.itemsize) > 16 * size:
            yield f"declares {declared} bytes for '{item.name}', more than it can hold"
        if item.dtype.kind == "f" and not np.isfinite(item[()]).all():
            yield f"has a number that is not finite in '{item.name}'"


def load_classifier(model, path, expected_sha256=None, name=None):
    """Load the weights of a whole classifier that skinlib trained.

    Raises as `check_file`, and `IntegrityError` if they are not those of such a classifier; `name`
    is used in messages for weights that were put together of several files.
    """
    check_file(path, expected_sha256)
    try:
        load(model, path, f"this {model.name} classifier", name)
    except DataError as error:
        raise IntegrityError(str(error)) from error


def load(model, path, what, name=None):
    """Load a file that was checked; `DataError` if it does not fit the model, which is `what`."""
    try:
        with warnings.catch_warnings():
            # One line for every layer that is not in the file; the error says enough.
            warnings.filterwarnings("ignore", message="Skipping nested container")
            with _named_by_format(path) as named:
                model.load_weights(named)
    except (ValueError, KeyError) as error:
        # Keras: how many layers do not fit; an empty line; the reason for one of them; a list.
        reason = " ".join([line for line in str(error).splitlines() if line][:2])
        msg = f"'{name or path}' does not fit {what}: {reason}; name weights of that network"
        raise DataError(msg) from error


@contextlib.contextmanager
def _named_by_format(path):
    """Yield a name of a file by whose ending Keras tells in which of its formats it is."""
    with h5py.File(path) as file:
        suffix = ".h5" if "layer_names" in file.attrs else SUFFIX
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / f"linked{suffix}"
        link.symlink_to(Path(path).resolve())
        yield link
