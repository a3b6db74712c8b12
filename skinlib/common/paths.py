"""Folders. No other module guesses one."""

import contextlib
import os
import tempfile
from pathlib import Path

from skinlib import __version__
from skinlib.common.errors import DataError

_PACKAGE = Path(__file__).resolve().parents[1]

# What a wheel has beside its modules; a clone has no such folder (setup.py).
SHARE = _PACKAGE / "share"

# The clone. Of a wheel: a folder in the current one, into which `skinlib.book.archive` unpacks the
# results of the release, and a training writes its own.
ROOT = Path(
    os.environ.get("SKINLIB_ROOT")
    or (f"skinlib-{__version__}" if SHARE.is_dir() else _PACKAGE.parent)
)

# Everything a run or a study writes; see skinlib.experiments.run.
RESULTS = Path(os.environ.get("SKINLIB_RESULTS", ROOT / "results"))

# Parameterised notebooks, committed without output.
NOTEBOOKS = ROOT / "notebooks"

# The pages: text, and executed notebooks.
BOOK = ROOT / "book"

# Executed copies of the training notebook, one folder a study.
EXECUTED = BOOK / "executed"

# Released models, one folder each; see skinlib.predict.released.
MODELS = (SHARE if SHARE.is_dir() else ROOT) / "models"

# One YAML file a study.
STUDIES = ROOT / "studies"


def cache():
    """Return the folder for files that can be made again: pixel caches, synthetic data.

    ``SKINLIB_CACHE``, else ``$XDG_CACHE_HOME/skinlib``, else ``~/.cache/skinlib``.

    Raises
    ------
    DataError
        None of the three is known, as in a container without a home.
    """
    return _cache()[1]


def _cache():
    """Return the variable that the cache folder comes from, and the folder."""
    if chosen := os.environ.get("SKINLIB_CACHE"):
        return "SKINLIB_CACHE", Path(chosen)
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        return "XDG_CACHE_HOME", Path(chosen) / "skinlib"
    try:
        return "HOME", Path.home() / ".cache" / "skinlib"
    except RuntimeError as error:
        msg = "there is no home folder for the cache; set SKINLIB_CACHE to a folder"
        raise DataError(msg) from error


def remedy(error, otherwise):
    """Return what to do about an `OSError`: set the variable that leads to its folder.

    Where none does, choose another folder; `otherwise` is what else can be done.
    """
    if not isinstance(error.filename, str | bytes | os.PathLike):
        none = "temporary directory" in str(error)
        return "set TMPDIR to a folder that can be written" if none else otherwise
    path = os.path.abspath(os.fsdecode(error.filename))
    places = [("SKINLIB_RESULTS", RESULTS, "SKINLIB_RESULTS")]
    with contextlib.suppress(DataError):
        places.append((*_cache(), "SKINLIB_CACHE"))
    with contextlib.suppress(OSError):
        # As `tempfile` begins its names.
        places.append(("TMPDIR", os.path.join(tempfile.gettempdir(), "tmp"), "TMPDIR"))
    for variable, folder, chosen in places:
        start = os.path.abspath(folder)
        inside = start if chosen == "TMPDIR" else os.path.join(start, "")
        # Of a folder that cannot be made, the first missing one above it is named.
        missing = start.startswith(os.path.join(path, "")) and not os.path.lexists(path)
        if path == start or path.startswith(inside) or missing:
            leads = f"{variable} leads there: " if variable in os.environ else ""
            return f"{leads}choose another folder by {chosen}, or {otherwise}"
    return f"choose another folder, or {otherwise}"
