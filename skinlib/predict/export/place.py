"""Where an export may go: a place that can be written to, and over nothing but an older export."""

import json
import os

from skinlib.common.errors import DataError
from skinlib.common.files import require_place


def sidecar(path):
    """Return the path of the JSON file beside an exported one."""
    return path.with_name(f"{path.name}.json")


def check(path):
    """Refuse a place before seconds are spent on a conversion.

    Parameters
    ----------
    path : pathlib.Path
        Of the exported file, as the user named it.

    Raises
    ------
    DataError
        A file there is no export of ours: the JSON file beside `path` does not list it. Or the
        folder cannot be written to.
    """
    ours = _listed(sidecar(path))
    # OpenVINO writes the weights beside the graph.
    weights = [path.with_suffix(".bin")] if path.suffix == ".xml" else []
    for target in (path, *weights, sidecar(path)):
        if os.path.lexists(target) and target.name not in ours:
            msg = (
                f"'{target}' is there already and is no export of skinlib, which '{sidecar(path)}' "
                "would say; choose another name by -o, or remove it"
            )
            raise DataError(msg)
    require_place(path)


def _listed(path):
    """Return the names of the files that a JSON file of ours speaks of, its own among them."""
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        return {*files, path.name} if path.stem in files else set()
    except (OSError, ValueError, KeyError, TypeError):
        return set()
