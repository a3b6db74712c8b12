"""Read a released model: a folder with numbers, hashes and a card, never code.

``models/<name>/`` holds ``model.json`` (what the model is, when it answers, and what was
measured; ``model.schema.json`` in this package describes it) with its own hash in a file beside
it, the weights, the Gaussians of `skinlib.predict.ood`, the model card, and perhaps all of the
network as an ONNX graph. `skinlib.predict.release` makes it.
"""

import hashlib
import importlib.util
import json
from pathlib import Path

from skinlib.common import paths
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import write_json, write_text
from skinlib.experiments import contract, external
from skinlib.experiments.recipes import from_json
from skinlib.models.backbones import BACKBONES
from skinlib.predict import ood, runs
from skinlib.predict.abstention import Rule
from skinlib.predict.model import Classifier, OnnxClassifier
from skinlib.stats.points import Decision

MODEL, CARD = "model.json", "README.md"
# The hash of the first, as `sha256sum` writes and checks it.
SEAL = f"{MODEL}.sha256"
# The network in another format, and how to call it, where a folder has them.
ONNX, BESIDE = "model.onnx", "model.onnx.json"
SCHEMA = Path(__file__).with_name("model.schema.json")
# What the photographs are called that a model was measured on; of a model of all photographs the
# first are out of fold.
TITLES = {"test": "own test set", external.PART: "official test"}
OUT_OF_FOLD = "out of fold"
# The same for readers who know neither.
NEW_TO_IT = "HAM10000, by networks new to the lesion"


def folders():
    """Return the folders of the released models, the newest first."""
    found = [path.parent for path in paths.MODELS.glob(f"*/{MODEL}")]
    return sorted(found, key=lambda folder: (read(folder)["released"], folder.name), reverse=True)


def newest():
    """Return the folder of the newest released model; refuse to go on where there is none."""
    found = folders()
    if not found:
        msg = (
            f"no released model in '{paths.MODELS}'; name a model folder by --model or a "
            "run directory by --run, or make a release with `python -m skinlib release RUN`"
        )
        raise DataError(msg)
    return found[0]


def read(folder):
    """Read and check ``model.json``.

    Raises
    ------
    DataError
        There is none.
    IntegrityError
        It is not whole, does not follow the schema, or has another hash than it was released with.
    """
    path = Path(folder) / MODEL
    if not path.is_file():
        msg = (
            f"no released model in '{folder}': '{MODEL}' is missing; name the folder of a released "
            "model or of a run"
        )
        raise DataError(msg)
    try:
        text = path.read_text(encoding="utf-8")
        model = json.loads(text, parse_constant=_not_a_number)
    except (ValueError, RecursionError) as error:
        msg = f"'{path}' is not JSON ({error}); fetch this folder again"
        raise IntegrityError(msg) from error
    if fault := _fault(model) or _broken(path.with_name(SEAL), text):
        msg = f"'{path}': {fault}; fetch this folder again"
        raise IntegrityError(msg)
    return model


def _not_a_number(constant):
    msg = f"it has {constant}, which is not JSON"
    raise ValueError(msg)


def _fault(model):
    """Return what is wrong with a ``model.json``, and where, or None."""
    if found := contract.faults(model, SCHEMA):
        return found[0]
    for name in (*model["weights"], model["likeness"]):
        if name not in model["files"]:
            return f"it lacks files.{name}"
    for name in ("sexes", "sites"):
        if (values := model["metadata"][name]) != sorted(values):
            return f"metadata.{name} is {values}, expected it in alphabetical order"
    if model["backbone"] not in BACKBONES:
        return f"backbone is '{model['backbone']}', expected one of {', '.join(BACKBONES)}"
    try:
        from_json(model["recipe"])
    except (DataError, TypeError) as error:
        return f"recipe: {error}"
    return None


def _broken(seal, text):
    """Return how a ``model.json`` differs from the hash in the file beside it, or None."""
    if not seal.is_file():
        return f"'{SEAL}', which holds its hash, is missing"
    expected, found = seal.read_text(encoding="utf-8", errors="replace")[:64], _digest(text)
    return None if found == expected else f"it has SHA-256 {found}, expected {expected!r}"


def _digest(text):
    # Of the text, not the bytes: on some systems git ends lines in another way.
    return hashlib.sha256(text.encode()).hexdigest()


def titles(model, out_of_fold=OUT_OF_FOLD):
    """Return what the photographs are called that a model was measured on, by part."""
    own = {"test": out_of_fold} if model["folds"] else {}
    return {part: (TITLES | own)[part] for part in model["abstention"]["measured"]}


def write(folder, model):
    """Write ``model.json`` and its hash."""
    path = Path(folder) / MODEL
    write_json(path, model)
    write_text(path.with_name(SEAL), f"{_digest(path.read_text(encoding='utf-8'))}  {MODEL}\n")


def load(folder, *, onnx=False):
    """Load a released model with its rule.

    Parameters
    ----------
    folder : str or pathlib.Path
    onnx : bool
        Take its ONNX graph where it has one and ONNX Runtime is installed. The answers are the
        same, and Keras is not imported.

    Returns
    -------
    skinlib.predict.model.Classifier or skinlib.predict.model.OnnxClassifier

    Raises
    ------
    DataError, IntegrityError
        See `read`; or a file is missing, has another hash or holds anything but numbers.
    """
    folder = Path(folder)
    model = read(folder)
    rule = rule_of(model)
    there = ONNX in model["files"] and (folder / ONNX).is_file()
    if onnx and there and importlib.util.find_spec("onnxruntime"):
        return OnnxClassifier(model, content(folder, model, ONNX), rule=rule)
    (weights,), likeness = model["weights"], model["likeness"]
    detector = ood.load(folder / likeness, _hash(model, likeness))
    return Classifier(model, folder / weights, _hash(model, weights), rule=rule, detector=detector)


def rule_of(model):
    """Return the rule of a released model."""
    limits = {name: model["abstention"][name] for name in ("confidence_without", "distance")}
    return Rule(Decision.from_json(model["decision"]), **limits)


def _hash(model, name):
    return model["files"][name]["sha256"]


def content(folder, model, name):
    """Return the bytes of a file of a released model, after comparing their hash."""
    path = Path(folder) / name
    if not path.is_file():
        msg = f"'{path}' does not exist; fetch this folder again"
        raise DataError(msg)
    found = path.read_bytes()
    digest, expected = hashlib.sha256(found).hexdigest(), _hash(model, name)
    if digest != expected:
        msg = f"'{path}' has SHA-256 {digest}, expected {expected}; fetch this file again"
        raise IntegrityError(msg)
    return found


def locate(given=None, *, onnx=False):
    """Load the model that a command names.

    Parameters
    ----------
    given : str or pathlib.Path, optional
        A folder of a released model or of a run, or the name of one in ``models/``; the newest
        released model by default.
    onnx : bool
        See `load`.
    """
    folder = newest() if given is None else Path(given)
    if not folder.exists() and (paths.MODELS / folder / MODEL).is_file():
        folder = paths.MODELS / folder
    if not folder.is_dir():
        names = sorted(path.parent.name for path in paths.MODELS.glob(f"*/{MODEL}"))
        what = "was not opened" if folder.exists() else "is not there"
        msg = (
            f"'{folder}' {what}; name a released model ({', '.join(names) or 'there is none'}), "
            f"its folder, or that of a run with its run.json; a whole model in one file, which "
            "can run code, is never opened"
        )
        raise DataError(msg)
    if (folder / MODEL).is_file():
        return load(folder, onnx=onnx)
    return runs.load_run(folder, with_rule=True)
