"""The committed runs: ``results/identities.json`` pins their identities, splits and predictions.

A page whose sentences name a direction is written for these runs.
"""

import functools
import json

from skinlib.common import paths
from skinlib.common.files import sha256, write_json
from skinlib.experiments.run import PREDICTIONS
from skinlib.experiments.study import load_study, study_names

FILE = "identities.json"


def current():
    """Return what the file should have, computed from the finished runs of studies on real data.

    By ``study/run``: ``identity``, ``split`` (hash), ``predictions`` (16 digits of the SHA-256).
    """
    studies = [each for each in map(load_study, study_names()) if each.require != "synthetic"]
    return dict(sorted(pair for study in studies for pair in of(study).items()))


def of(study):
    """Return the part of `current` that is of one study."""
    return {
        f"{study.name}/{run.name}": {
            "identity": run.record["identity"],
            "split": run.record["split"]["hash"],
            "predictions": sha256(run.folder / PREDICTIONS)[:16],
        }
        for run in study.finished()
    }


def pinned():
    """Return the contents of the file, empty where there is none."""
    path = paths.RESULTS / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def pin():
    """Write the file from the runs there are, and return its path."""
    path = paths.RESULTS / FILE
    write_json(path, current())
    return path


@functools.cache
def committed():
    """Return whether the runs at hand are the committed ones, no more and no fewer."""
    return pinned() == current()
