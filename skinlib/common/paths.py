"""Folders. No other module guesses one."""

import os
from pathlib import Path

from skinlib.common.errors import DataError

ROOT = Path(os.environ.get("SKINLIB_ROOT", Path(__file__).resolve().parents[2]))

# Everything a run or a study writes; see skinlib.experiments.run.
RESULTS = Path(os.environ.get("SKINLIB_RESULTS", ROOT / "results"))

# Parameterised notebooks, committed without output.
NOTEBOOKS = ROOT / "notebooks"

# Executed copies of the training notebook, one folder a study; those of pages are in book/.
EXECUTED = ROOT / "book" / "executed"

# Released models, one folder each; see skinlib.predict.released.
MODELS = ROOT / "models"

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
    if "SKINLIB_CACHE" in os.environ:
        return Path(os.environ["SKINLIB_CACHE"])
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "skinlib"
    except RuntimeError as error:
        msg = "there is no home folder for the cache; set SKINLIB_CACHE to a folder"
        raise DataError(msg) from error
