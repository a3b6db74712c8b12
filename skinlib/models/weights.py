"""Load weights, and only weights, from ``.weights.h5`` files, after checking them.

A ``.keras`` file or a pickle can run code when opened; an HDF5 file of numbers can
not, once links out of the file are refused.
"""

import contextlib
import os
import warnings
from pathlib import Path

import h5py
import numpy as np

from skinlib.common.errors import DataError, IntegrityError, TemporaryError
from skinlib.common.files import sha256
from skinlib.training import warm

SUFFIX = ".weights.h5"


def check_file(path, expected_sha256=None):
    """Check a weights file before anything is loaded from it.

    Parameters
    ----------
    path : str or pathlib.Path
    expected_sha256 : str, optional
        64 hexadecimal digits.

    Returns
    -------
    str
        The SHA-256 of the file.

    Raises
    ------
    DataError
        If the file is missing or is not a ``.weights.h5``.
    IntegrityError
        Wrong hash; not HDF5; a link or storage outside the file; a number that is
        not finite.
    """
    path = Path(path)
    if not path.name.endswith(SUFFIX):
        msg = (
            f"'{path}' is not a {SUFFIX} file and was not opened; only weights are loaded, as "
            "`skinlib train` writes them, never whole models, which can run code"
        )
        raise DataError(msg)
    if not path.is_file():
        msg = f"weights file '{path}' does not exist"
        raise DataError(msg)
    found = sha256(path)
    if expected_sha256 and found != expected_sha256:
        msg = f"'{path}' has SHA-256 {found}, expected {expected_sha256}; fetch this file again"
        raise IntegrityError(msg)
    try:
        with h5py.File(path) as file:
            _check_group(file, path, set())
    # h5py passes on damage in whatever form the place of the damage gives it.
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        msg = f"'{path}' is not a whole HDF5 file ({error}); fetch this file again"
        raise IntegrityError(msg) from error
    return found


def _check_group(group, path, seen):
    """Check a group and all below it; `seen` holds the addresses of groups met so far."""
    seen.add(h5py.h5o.get_info(group.id).addr)
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            msg = f"'{path}' has a link at '{name}' that may leave the file; refused"
            raise IntegrityError(msg)
        item = group[name]
        if isinstance(item, h5py.Group):
            if h5py.h5o.get_info(item.id).addr in seen:
                msg = f"'{path}' leads back to one of its groups at '{name}'; refused"
                raise IntegrityError(msg)
            _check_group(item, path, seen)
            continue
        if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "biuf" or not item.size:
            msg = f"'{path}' has '{item.name}', which is no array of numbers; refused"
            raise IntegrityError(msg)
        if item.external or item.is_virtual:
            msg = f"'{path}' keeps '{item.name}' outside the file; refused"
            raise IntegrityError(msg)
        declared = item.size * item.dtype.itemsize
        # Chunked data may be compressed, but weights files written by Keras are not.
        if declared > 16 * path.stat().st_size:
            msg = f"'{path}' declares {declared} bytes for '{item.name}', more than it can hold"
            raise IntegrityError(msg)
        if item.dtype.kind == "f" and not np.isfinite(item[()]).all():
            msg = f"'{path}' has a number that is not finite in '{item.name}'"
            raise IntegrityError(msg)


def load_backbone(model, backbone, path):
    """Load a backbone's weights, without its top, into a freshly built network.

    Parameters
    ----------
    model : keras.Model
        From `skinlib.models.backbones.build_stock`.
    backbone : skinlib.models.backbones.Backbone
    path : str or pathlib.Path

    Raises
    ------
    DataError, IntegrityError
        See `check_file`; also if the shapes do not fit this backbone.
    """
    check_file(path)
    _load(model, path, f"{backbone.name} without its top")


def load_classifier(model, path, expected_sha256=None, name=None):
    """Load the weights of a whole classifier written by a training of ours.

    Parameters
    ----------
    model : keras.Model
    path : str or pathlib.Path
    expected_sha256 : str, optional
    name : str or pathlib.Path, optional
        What messages call weights that were put together of several files.

    Raises
    ------
    DataError, IntegrityError
        See `check_file`; the latter also if they are not those of such a classifier.
    """
    check_file(path, expected_sha256)
    try:
        _load(model, path, f"this {model.name} classifier", name)
    except DataError as error:
        raise IntegrityError(str(error)) from error


def _load(model, path, what, name=None):
    try:
        with warnings.catch_warnings():
            # One line for every layer that is not in the file; the error says enough.
            warnings.filterwarnings("ignore", message="Skipping nested container")
            model.load_weights(path)
    except (ValueError, KeyError) as error:
        # Keras: how many layers do not fit; an empty line; the reason for one of them; a list.
        reason = " ".join([line for line in str(error).splitlines() if line][:2])
        msg = f"'{name or path}' does not fit {what}: {reason}"
        raise DataError(msg) from error


@contextlib.contextmanager
def downloading(backbone):
    """Say what to do where Keras fails to download ImageNet weights inside the block.

    Raises
    ------
    TemporaryError
        The network fails.
    IntegrityError
        The server sent other bytes than Keras expects.
    """
    name = f"{backbone.name.lower()}_imagenet_notop{SUFFIX}"
    remedy = (
        f"try again, put them as '{name}' into a folder and set SKINLIB_WEIGHTS to it, "
        "or start from random ones by --weights none"
    )
    try:
        yield
    # keras.utils.get_file raises a bare Exception for a network that fails.
    except Exception as error:
        if "URL fetch failure" in str(error):
            msg = f"cannot download the ImageNet weights of {backbone.name} ({error}); {remedy}"
            raise TemporaryError(msg) from error
        if "corrupted file" in str(error):
            msg = f"the ImageNet weights of {backbone.name} came wrong ({error}); {remedy}"
            raise IntegrityError(msg) from error
        raise


def resolve(backbone, weights):
    """Decide where a backbone's starting weights come from.

    Parameters
    ----------
    backbone : skinlib.models.backbones.Backbone
    weights : {None, 'none', 'imagenet'} or path
        Or ``run:<study>/<run>``, a finished run (`skinlib.training.warm`).

    Returns
    -------
    None, 'imagenet', pathlib.Path or skinlib.training.warm.Start
        ``imagenet`` becomes a file when the folder ``SKINLIB_WEIGHTS`` holds one for
        this backbone, ``mobilenet_v2_imagenet_notop.weights.h5`` for example: for
        machines without a network. VGG16 starts from scratch, and has no ImageNet weights.

    Raises
    ------
    DataError
        A file for a backbone that takes none.
    """
    if weights in (None, "", "none") or (weights == "imagenet" and not backbone.pretrained):
        return None
    if str(weights).startswith(warm.PREFIX):
        return warm.find(backbone, str(weights))
    if not backbone.pretrained:
        msg = f"{backbone.name} is trained from scratch; expected no weights, received '{weights}'"
        raise DataError(msg)
    if weights != "imagenet":
        return Path(weights)
    folder = os.environ.get("SKINLIB_WEIGHTS")
    for path in sorted(Path(folder).glob(f"*{SUFFIX}")) if folder else ():
        if path.name.lower().replace("_", "") == f"{backbone.name.lower()}imagenetnotop{SUFFIX}":
            return path
    return "imagenet"


def provenance(backbone, weights):
    """Return what run.json says about starting weights, after checking the file."""
    if weights is None:
        return {"source": "none"}
    if isinstance(weights, warm.Start):
        return weights.provenance()
    if weights == "imagenet":
        return {"source": "imagenet", "origin": f"keras.applications.{backbone.constructor}"}
    return {"source": "file", "file": weights.name, "sha256": check_file(weights)}
