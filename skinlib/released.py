"""Read a released model: a folder with numbers, hashes and a card, never code.

``models/<name>/`` holds ``model.json`` (what the model is, when it answers, and what was
measured), weights as numbers in one or several files, the Gaussians of `skinlib.likeness`, and
``README.md``, the model card. `skinlib.release` makes it.
"""

import contextlib
import json
import math
import re
import tempfile
from pathlib import Path

import h5py

from skinlib import likeness, paths
from skinlib.abstention import Rule
from skinlib.classes import CLASSES
from skinlib.errors import DataError, IntegrityError
from skinlib.models.weights import SUFFIX, check_file

MODEL, CARD = "model.json", "README.md"
FORMAT = 2
# No file in git is larger.
LARGEST = 3_000_000
REQUIRED = {
    "format": int, "name": str, "released": str, "classes": list, "run": dict, "recipe": dict,
    "backbone": str, "input_size": int, "parameters": int, "metadata": dict, "weights": list,
    "likeness": str, "files": dict, "temperature": float, "abstention": dict,
}  # fmt: skip


def folders():
    """Return the folders of the released models, the newest first."""
    found = [path.parent for path in paths.MODELS.glob(f"*/{MODEL}")]
    return sorted(found, key=lambda folder: (read(folder)["released"], folder.name), reverse=True)


def newest():
    """Return the folder of the newest released model.

    Raises
    ------
    DataError
        There is none.
    """
    found = folders()
    if not found:
        msg = (
            f"no released model in '{paths.ROOT / 'models'}'; name a model folder by --model or a "
            "run directory by --run, or make a release with `python -m skinlib release RUN`"
        )
        raise DataError(msg)
    return found[0]


def read(folder):
    """Read and check ``model.json``.

    Parameters
    ----------
    folder : str or pathlib.Path

    Returns
    -------
    dict

    Raises
    ------
    DataError
        There is none.
    IntegrityError
        It is not whole, lacks something, or is of another version or order of classes.
    """
    path = Path(folder) / MODEL
    if not path.is_file():
        msg = f"no released model in '{folder}': '{MODEL}' is missing"
        raise DataError(msg)
    try:
        model = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        msg = f"'{path}' is not JSON ({error}); fetch this folder again"
        raise IntegrityError(msg) from error
    if fault := _fault(model):
        msg = f"'{path}': {fault}; fetch this folder again"
        raise IntegrityError(msg)
    return model


def _fault(model):
    """Return what is wrong with the contents of ``model.json``, or None."""
    if not isinstance(model, dict):
        return f"it is {type(model).__name__}, expected an object"
    for key, kind in REQUIRED.items():
        if not isinstance(model.get(key), kind) or isinstance(model[key], bool):
            return f"{key} is {model.get(key)!r}, expected {kind.__name__}"
    if model["format"] != FORMAT:
        return f"format {model['format']}, this skinlib reads {FORMAT}"
    if model["classes"] != list(CLASSES):
        return f"classes {model['classes']}, expected {list(CLASSES)} in this order"
    if not 0 < model["temperature"] < math.inf:
        return f"temperature {model['temperature']}, expected a positive number"
    for name in [*model["weights"], model["likeness"]]:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
            return f"file name {name!r}, expected a plain one"
        if not isinstance(model["files"].get(name, {}).get("sha256"), str):
            return f"no hash of '{name}'"
    return None


def rule_of(model):
    """Return the `skinlib.abstention.Rule` of a ``model.json``."""
    chosen = model["abstention"]
    return Rule(
        model["temperature"],
        chosen["confidence"],
        chosen["distance"],
        chosen["confidence_without"],
    )


def load(folder):
    """Load a released model.

    Parameters
    ----------
    folder : str or pathlib.Path

    Returns
    -------
    skinlib.inference.Classifier
        With its rule.

    Raises
    ------
    DataError, IntegrityError
        See `read` and `skinlib.models.weights.check_file`: a file that is missing, has
        another hash or holds anything but numbers.
    """
    from skinlib.inference import Classifier

    folder = Path(folder)
    model = read(folder)
    known = likeness.load(folder / model["likeness"], _hash(model, model["likeness"]))
    with whole(folder, model) as (path, digest):
        return Classifier(model, path, digest, rule=rule_of(model), known=known)


def _hash(model, name):
    return model["files"][name]["sha256"]


@contextlib.contextmanager
def whole(folder, model):
    """Yield one weights file and its hash, put together where there are several.

    Each part is checked against its own hash first; a file put together has none.
    """
    names = model["weights"]
    if len(names) == 1:
        yield Path(folder) / names[0], _hash(model, names[0])
        return
    for name in names:
        check_file(Path(folder) / name, _hash(model, name))
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / f"whole{SUFFIX}"
        with h5py.File(path, "w") as out:
            for name in names:
                with h5py.File(Path(folder) / name) as part:
                    for key, values in arrays(part).items():
                        out[key] = values
        yield path, None


def arrays(file):
    """Return every array of an open HDF5 file by its place."""
    found = {}

    def note(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    file.visititems(note)
    return found


def locate(given=None, run=None):
    """Load the model that a command names.

    Parameters
    ----------
    given : str or pathlib.Path, optional
        A folder of a released model or of a run, or the name of one in ``models/``.
    run : str or pathlib.Path, optional
        A run directory. The newest released model when neither is given.

    Returns
    -------
    skinlib.inference.Classifier
    """
    from skinlib.inference import load_calibrated

    if run is not None:
        return load_calibrated(run)
    if given is None:
        return load(newest())
    folder = Path(given)
    named = paths.MODELS / str(given)
    if not folder.exists() and named.is_dir():
        folder = named
    if folder.is_file():
        msg = (
            f"'{folder}' was not opened; name the folder of a released model or of a run, whose "
            "weights are numbers with a hash, never a whole model, which can run code"
        )
        raise DataError(msg)
    if (folder / MODEL).is_file() or not (folder / "run.json").is_file():
        return load(folder)
    return load_calibrated(folder)
