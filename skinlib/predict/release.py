"""Make a released model of a finished run: small files of numbers, and what they are worth.

Kernels are rounded to float16, except those of depthwise convolutions, which are few and whose
rounding changes the probabilities more than that of all others together. Everything else stays
as it is: variances of batch normalisation may lie outside the range of float16.
"""

import datetime
import logging
from pathlib import Path

import h5py
import numpy as np

from skinlib.common import NOT_A_DEVICE, paths
from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import atomic_path, require_name, sha256
from skinlib.models.weights import SUFFIX, check_file
from skinlib.predict import abstention, conditions, export, ood, released
from skinlib.predict.measure import measure
from skinlib.predict.model import Classifier
from skinlib.predict.runs import finished, prepare, require_weights

FORMAT = 3
WEIGHTS, FEATURES = f"float16{SUFFIX}", f"features{SUFFIX}"
LICENCE = {
    "id": "cc-by-nc-4.0",
    "reason": "trained on HAM10000, which is licensed CC BY-NC 4.0: no commercial use",
}
# Keys that run.json and model.json share; and those that model.json has of the run.
SHARED = ("recipe", "changes", "backbone", "input_size", "parameters", "metadata", "seed")
OF_RUN = (
    "study", "run", "identity", "weights_sha256", "epochs", "best_epoch", "finished", "external",
    "data", "split", "weights", "versions", "device",
)  # fmt: skip
# Those that it has of each run of the folds.
OF_FOLD = ("study", "run", "identity", "weights_sha256")
# Fields of a recipe that a network of a fold and one of all photographs need not share.
ASIDE = {"fold", "split_unit", "test_share", "views"}
# In the name that Keras gives a layer in a weights file: that of its class.
DEPTHWISE = "/depthwise_conv2d"

_log = logging.getLogger(__name__)


def make(directory, data=None, *, folds=(), name=None, risk=abstention.RISK, progress=True):
    """Write ``models/<name>/`` without its card.

    Parameters
    ----------
    directory : str or pathlib.Path
        A finished run with its weights, and with a validation set and a test set or with `folds`.
    data : str or pathlib.Path, optional
        What it was trained on; see `skinlib.data.ham10000.locate`.
    folds : sequence of str or pathlib.Path
        For a run on all photographs: runs of all folds, of the same settings, measured by
        `skinlib.predict.conditions`.
    name : str, optional
    risk : float
        See `skinlib.predict.abstention.fit`.
    progress : bool

    Raises
    ------
    DataError
        The run has not finished or has no weights; it has neither validation set and test set nor
        runs of all folds.
    IntegrityError
        The data or the split are not those of the run, or its weights do not give its predictions.
    """
    run = finished(directory)
    members = [finished(folder) for folder in folds]
    there = set(run.predictions()["part"])
    if not members and not {"validation", "test"} <= there:
        msg = (
            f"run '{directory}' has the parts {sorted(there)}, a release needs validation and "
            "test: thresholds are chosen on the one and measured on the other; train with both, or "
            "name runs of the folds of the same photographs by --folds"
        )
        raise DataError(msg)
    record = run.record
    if members:
        # Before anything of an older release is replaced.
        require_same(record, members[0])
        conditions.together(members)
    name = name or f"{record['backbone']}-{record['recipe']['name']}-{record['input_size']}px"
    require_name(name, "name of the model")
    folder = paths.MODELS / name.lower()
    weights = require_weights(run)
    if (folder / released.MODEL).is_file():
        older = released.read(folder)["run"]
        if (older["study"], older["run"]) != (record["study"], record["run"]):
            msg = (
                f"'{folder}' holds a model of the run '{older['study']}/{older['run']}'; choose "
                "another name by --name, or remove that folder"
            )
            raise DataError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    # Of an older release, which need not be written again.
    for path in (folder / released.ONNX, folder / released.BESIDE, *folder.glob("float16*")):
        path.unlink(missing_ok=True)
    write_weights(weights, folder / WEIGHTS, record["weights_sha256"])
    now = datetime.datetime.now(datetime.UTC)
    model = {
        "format": FORMAT,
        "name": folder.name,
        "released": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "notice": NOT_A_DEVICE,
        "licence": LICENCE,
        "classes": list(CLASSES),
        "class_names": LONG_NAMES,
        "run": {key: record.get(key) for key in OF_RUN},
        "folds": [{key: each.record[key] for key in OF_FOLD} for each in members],
        **{key: record[key] for key in SHARED},
        "weights": [WEIGHTS],
        "likeness": FEATURES,
    }
    classifier = Classifier(record, folder / WEIGHTS, sha256(folder / WEIGHTS))
    prepared = prepare(classifier, data, progress=progress)
    model |= measure(run, classifier, prepared, members, risk=risk, progress=progress)
    ood.save(folder / FEATURES, classifier.detector)
    model["files"] = export.files_of(folder / WEIGHTS, folder / FEATURES)
    released.write(folder, model)
    add_onnx(folder)
    return folder


def require_same(record, run):
    """Refuse a run of a fold whose settings, but for its split and its views, are not of a record.

    The network of all photographs predicts in eight views, as `skinlib.predict.conditions.TURNS`.

    Raises
    ------
    DataError
        Naming the setting.
    """
    one, other = ({**each["recipe"], **{key: each[key] for key in ("backbone", "input_size")}}
                  for each in (record, run.record))  # fmt: skip
    if one["views"] != "d4":
        msg = (
            f"views is {one['views']} in '{record['study']}/{record['run']}', expected d4, as the "
            "predictions of the folds that its rule is fitted on; train it with --set views=d4"
        )
        raise DataError(msg)
    for name in sorted({*one, *other} - ASIDE):
        if one.get(name) != other.get(name):
            msg = (
                f"{name} is {one.get(name)} in '{record['study']}/{record['run']}' and "
                f"{other.get(name)} in '{run.name}'; name runs of the folds with its settings"
            )
            raise DataError(msg)


def add_onnx(folder):
    """Add the network of a released model to its folder as ONNX, with kernels in float16.

    Without the packages for it a warning says so.
    """
    path = Path(folder) / released.ONNX
    try:
        export.check("onnx", "fp16", path)
    except DataError as error:
        _log.warning("'%s' is not written, `predict` will need Keras: %s", path, error)
        return
    classifier = released.load(folder)
    export.export(classifier, "onnx", path, "fp16")
    record = classifier.record
    files = export.files_of(path, path.with_name(released.BESIDE))
    released.write(folder, {**record, "files": record["files"] | files})


def write_weights(source, path, expected_sha256):
    """Write the weights of a run, kernels in float16, without the state of the optimiser."""
    check_file(source, expected_sha256)
    with (
        h5py.File(source) as file,
        atomic_path(path) as temporary,
        h5py.File(temporary, "w") as out,
    ):

        def keep(key, item):
            if isinstance(item, h5py.Dataset) and not key.startswith("optimizer"):
                out[key] = _rounded(key, item[()])

        file.visititems(keep)


def _rounded(key, values):
    if values.dtype != np.float32 or values.ndim < 2 or DEPTHWISE in key:
        return values
    with np.errstate(over="ignore"):
        small = values.astype(np.float16)
    if not np.isfinite(small).all():
        msg = f"'{key}' has a number beyond float16, which ends at 65504; it cannot be released"
        raise IntegrityError(msg)
    return small
