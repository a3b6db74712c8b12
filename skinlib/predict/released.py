"""Read a released model: a folder with numbers, hashes and a card, never code.

``models/<name>/`` holds ``model.json`` (what the model is, when it answers, and what was
measured) with its own hash in a file beside it, weights as numbers in one or several files, the
Gaussians of `skinlib.predict.ood`, and ``README.md``, the model card. `skinlib.predict.release`
makes it.
"""

import contextlib
import hashlib
import json
import tempfile
from pathlib import Path

import h5py

from skinlib.common import paths
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import write_json, write_text
from skinlib.models.weights import SUFFIX, check_file
from skinlib.predict import ood as likeness
from skinlib.predict import release_contract
from skinlib.predict.abstention import Rule

MODEL, CARD = "model.json", "README.md"
# The hash of the first, as `sha256sum` writes and checks it.
SEAL = f"{MODEL}.sha256"
# No file in git is larger.
LARGEST = 3_000_000


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
        It is not whole, says something that cannot be, or has another hash than it was
        released with.
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
        model = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"'{path}' is not JSON ({error}); fetch this folder again"
        raise IntegrityError(msg) from error
    if fault := release_contract.fault(model) or _broken(path.with_name(SEAL), text):
        msg = f"'{path}': {fault}; fetch this folder again"
        raise IntegrityError(msg)
    return model


def _broken(seal, text):
    """Return what the file with the hash has against a ``model.json``, or None."""
    if not seal.is_file():
        return f"'{SEAL}', which holds its hash, is missing"
    expected, found = seal.read_text(encoding="utf-8", errors="replace")[:64], _digest(text)
    return None if found == expected else f"it has SHA-256 {found}, expected {expected!r}"


def _digest(text):
    # Of the text, not the bytes: on some systems git ends lines in another way.
    return hashlib.sha256(text.encode()).hexdigest()


def write(folder, model):
    """Write ``model.json`` and its hash."""
    path = Path(folder) / MODEL
    write_json(path, model)
    write_text(path.with_name(SEAL), f"{_digest(path.read_text(encoding='utf-8'))}  {MODEL}\n")


def rule_of(model):
    """Return the `skinlib.predict.abstention.Rule` of a ``model.json``."""
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
    skinlib.predict.inference.Classifier
        With its rule.

    Raises
    ------
    DataError, IntegrityError
        See `read` and `skinlib.models.weights.check_file`: a file that is missing, has
        another hash or holds anything but numbers.
    """
    from skinlib.predict.inference import Classifier

    folder = Path(folder)
    model = read(folder)
    known = likeness.load(folder / model["likeness"], _hash(model, model["likeness"]))
    with whole(folder, model) as (path, digest):
        return Classifier(model, path, digest, rule=rule_of(model), known=known, name=folder)


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
    skinlib.predict.inference.Classifier
    """
    from skinlib.predict.inference import load_calibrated

    if run is not None:
        if (Path(run) / MODEL).is_file():
            msg = f"'{run}' is a released model, not a run; name it by --model"
            raise DataError(msg)
        return load_calibrated(run)
    if given is None:
        return load(newest())
    folder = Path(given)
    if not folder.exists():
        folder = _named(str(given))
    if folder.is_file():
        msg = (
            f"'{folder}' was not opened; name the folder of a released model or of a run, whose "
            "weights are numbers with a hash, never a whole model, which can run code"
        )
        raise DataError(msg)
    if (folder / MODEL).is_file() or not (folder / "run.json").is_file():
        return load(folder)
    return load_calibrated(folder)


def _named(name):
    """Return the folder of a released model by its name."""
    there = sorted(path.parent.name for path in paths.MODELS.glob(f"*/{MODEL}"))
    if name not in there:
        msg = (
            f"there is no model '{name}'; released models: {', '.join(there) or 'none'}; name one "
            "of them, or the folder of a released model or of a run"
        )
        raise DataError(msg)
    return paths.MODELS / name
