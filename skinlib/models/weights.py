"""Load weights, and only weights, from HDF5 files, after checking them.

A ``.keras`` file or a pickle can run code when it is opened. An HDF5 file of numbers cannot,
once links that leave the file are refused. Keras writes them in two formats: its own of today,
``.weights.h5``, and an older one, ``.h5``, in which it publishes the ImageNet weights.
"""

import contextlib
import dataclasses
import os
import re
import tempfile
import warnings
from pathlib import Path

import h5py
import numpy as np

from skinlib.common.errors import DataError, IntegrityError, TemporaryError
from skinlib.common.files import hash_of, sha256

SUFFIX = ".weights.h5"
# Of a file that no harmless program writes.
REFUSED = "refused, get it again from those who made it"
# Prefix of a finished run that a training starts from, ``run:<study>/<run>``.
RUN_PREFIX = "run:"


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
            _check_group(file, path, set())
    # h5py passes on damage in whatever form the place of the damage gives it.
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        msg = f"'{path}' is not a whole HDF5 file ({error}); fetch this file again"
        raise IntegrityError(msg) from error
    return found


def _check_group(group, path, seen):
    """Check a group and all below it; `seen` has the addresses of the groups so far."""
    seen.add(h5py.h5o.get_info(group.id).addr)
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            msg = f"'{path}' has a link at '{name}' that may leave the file; {REFUSED}"
            raise IntegrityError(msg)
        item = group[name]
        if isinstance(item, h5py.Group):
            if h5py.h5o.get_info(item.id).addr in seen:
                msg = f"'{path}' leads back to one of its groups at '{name}'; {REFUSED}"
                raise IntegrityError(msg)
            _check_group(item, path, seen)
            continue
        if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "biuf" or not item.size:
            msg = f"'{path}' has '{item.name}', which is no array of numbers; {REFUSED}"
            raise IntegrityError(msg)
        if item.external or item.is_virtual:
            msg = f"'{path}' keeps '{item.name}' outside the file; {REFUSED}"
            raise IntegrityError(msg)
        declared = item.size * item.dtype.itemsize
        # Chunked data may be compressed, but weights files written by Keras are not.
        if declared > 16 * path.stat().st_size:
            msg = (
                f"'{path}' declares {declared} bytes for '{item.name}', more than it can hold; "
                f"{REFUSED}"
            )
            raise IntegrityError(msg)
        if item.dtype.kind == "f" and not np.isfinite(item[()]).all():
            msg = f"'{path}' has a number that is not finite in '{item.name}'; {REFUSED}"
            raise IntegrityError(msg)


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


@contextlib.contextmanager
def downloading(backbone):
    """Turn a failed download of ImageNet weights inside the block into an error with a remedy."""
    remedy = (
        "try again; or bring this file here from another machine and name it by --weights FILE, or "
        "set SKINLIB_WEIGHTS to its folder; or start from random ones by --weights none"
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


@dataclasses.dataclass(frozen=True)
class Start:
    """A finished run to start from, at another input size for example.

    A network trained on small pictures, and then for fewer epochs on larger ones, sees most of
    its epochs at a fraction of the cost (Howard, Training ImageNet in 3 hours for 25 minutes,
    2018). `skinlib.experiments.run.starting_weights` finds one.
    """

    run: str  # <study>/<run>
    path: Path  # of its kept weights
    record: dict  # its run.json
    recipe: object  # skinlib.experiments.recipe.Recipe

    def provenance(self):
        """Return what run.json records about starting weights."""
        return {
            "source": "run",
            "run": self.run,
            "sha256": self.record["weights_sha256"],
            "input_size": self.record["input_size"],
            "before": self.record["weights"],
        }

    def check_split(self, split):
        """Refuse a run of another split (by hash): it may have been trained on test images."""
        theirs = self.record["split"]["hash"]
        if theirs != split:
            msg = (
                f"weights '{RUN_PREFIX}{self.run}' were trained on the split {theirs}, this run "
                f"has {split}: photographs of one may be tested by the other; use the same unit "
                "and seed"
            )
            raise DataError(msg)

    def transfer(self, source, model):
        """Load this run's weights into `source`, its network, and copy them into `model`.

        Both must have the same layers (else `DataError`); the last one may differ in shape, and
        is then left as it is.
        """
        load_classifier(source, self.path, self.record["weights_sha256"])
        ours, theirs = (
            [[type(layer).__name__, len(layer.weights)] for layer in each.layers]
            for each in (model, source)
        )
        if ours != theirs:
            msg = (
                f"weights '{RUN_PREFIX}{self.run}' are of a network of other layers "
                f"({hash_of(theirs)}, expected {hash_of(ours)}); attention, metadata, head and "
                "augmentation must agree"
            )
            raise DataError(msg)
        for here, there in zip(model.layers, source.layers, strict=True):
            shapes = [[tuple(v.shape) for v in layer.weights] for layer in (here, there)]
            if shapes[0] == shapes[1]:
                here.set_weights(there.get_weights())
            elif here.name != "probabilities":
                msg = (
                    f"weights '{RUN_PREFIX}{self.run}': layer '{here.name}' has other shapes, "
                    f"{shapes}; recipe and backbone must agree"
                )
                raise DataError(msg)


def resolve(backbone, weights):
    """Return where the starting weights of a backbone come from: None, 'imagenet' or a path.

    `weights` is one of these or ``none``. ``imagenet`` becomes a file when the folder
    ``SKINLIB_WEIGHTS`` has one for this backbone, under the name that Keras publishes it by or as
    ``mobilenet_v2_imagenet_notop.weights.h5``: for machines without a network. VGG16 starts from
    scratch: it has no ImageNet weights, and a file for it is a `DataError`, as is a folder that is
    not there or has several files for one backbone.
    """
    if weights in (None, "", "none") or (weights == "imagenet" and not backbone.pretrained):
        return None
    if not backbone.pretrained:
        msg = f"{backbone.name} is trained from scratch; expected no weights, received '{weights}'"
        raise DataError(msg)
    if weights != "imagenet":
        return Path(weights)
    if not (folder := os.environ.get("SKINLIB_WEIGHTS")):
        return "imagenet"
    if not Path(folder).is_dir():
        msg = f"SKINLIB_WEIGHTS is '{folder}', which is no folder; set it to one, or unset it"
        raise DataError(msg)
    name = backbone.name.lower()
    wanted = re.compile(
        # mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5,
        # mobilenet_1_0_224_tf_no_top.h5, weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5
        rf"(weights)?{name}(weightstfdimorderingtfkernels)?(imagenet)?(10\d{{2,3}}|\d{{2,3}}10)?"
        r"(tf|float)?notop(v2)?(weights)?h5"
    )
    found = [
        path
        for path in sorted(Path(folder).glob("*.h5"))
        if wanted.fullmatch(re.sub("[^a-z0-9]", "", path.name.lower()))
    ]
    if len(found) > 1:
        msg = (
            f"SKINLIB_WEIGHTS, '{folder}', has several files for {backbone.name}: "
            f"{', '.join(path.name for path in found)}; keep one there, or name it by --weights"
        )
        raise DataError(msg)
    return found[0] if found else "imagenet"


def provenance(backbone, weights):
    """Return what run.json records about starting weights, after checking the file."""
    if weights is None:
        return {"source": "none"}
    if isinstance(weights, Start):
        return weights.provenance()
    if weights == "imagenet":
        return {"source": "imagenet", "origin": f"keras.applications.{backbone.name}"}
    return {"source": "file", "file": weights.name, "sha256": check_file(weights)}
