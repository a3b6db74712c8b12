"""What ``model.json`` must say.

For `skinlib.predict.released` what `skinlib.experiments.contract` is for runs.
"""

import math
import re

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.data.metadata import SEX_SLOTS, SITE_SLOTS
from skinlib.experiments.contract import faults
from skinlib.experiments.recipes import from_json
from skinlib.models.backbones import BACKBONES
from skinlib.stats import calibration

FORMAT = 2
# Sides of a picture, in pixels: from what the smallest networks take to twice the authors' most.
SIDES = (32, 600)


def _number(low, high, *, null=False):
    def holds(value):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return (null and value is None) or (number and low <= value <= high)

    return f"a number from {low:g} to {high:g}{' or null' if null else ''}", holds


def _text(words, pattern):
    return words, lambda value: isinstance(value, str) and bool(re.fullmatch(pattern, value))


def _names(most):
    """Return the rule for categories as `skinlib.data.metadata.MetadataEncoder.fit` has them."""

    def holds(value):
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            return False
        return 1 <= len(value) <= most and value == sorted(set(value))

    return f"1 to {most} different texts in order", holds


def _files(value):
    return isinstance(value, list) and bool(value) and all(map(FILE[1], value))


FILE = _text("a plain file name", r"[A-Za-z0-9][\w.-]*")
HASH = _text("64 hexadecimal digits", "[0-9a-f]{64}")
SHARE = _number(0, 1, null=True)
# Nothing is looked at that only pages show.
SCHEMA = {
    "format": (f"{FORMAT}, which this skinlib reads", lambda value: value == FORMAT),
    "name": FILE,
    "released": _text("a time such as 2026-01-31T12:00:00Z", r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z"),
    "licence": {"id": str, "reason": str},
    "classes": (f"{list(CLASSES)} in this order", lambda value: value == list(CLASSES)),
    "run": {
        "study": str,
        "run": str,
        "data": {"name": str, "fingerprint": str},
        "split": {"unit": str, "hash": str},
    },
    "recipe": {"name": str},
    "backbone": (
        f"one of {', '.join(BACKBONES)}",
        lambda value: isinstance(value, str) and value in BACKBONES,
    ),
    "input_size": (
        f"a whole number from {SIDES[0]} to {SIDES[1]}",
        lambda value: isinstance(value, int) and SIDES[0] <= value <= SIDES[1],
    ),
    "parameters": int,
    "seed": int,
    "metadata": {
        "age_mean": _number(0, 120),
        "age_std": _number(0.1, 120),
        "sexes": _names(SEX_SLOTS - 1),
        "sites": _names(SITE_SLOTS - 1),
    },
    "weights": ("a list of plain file names", _files),
    "likeness": FILE,
    "files": dict,
    "temperature": _number(*calibration.RANGE),
    "abstention": {
        "confidence": SHARE,
        "confidence_without": SHARE,
        "distance": _number(math.ulp(0.0), 1e6),
    },
}
FILE_ENTRY = {"bytes": int, "sha256": HASH}
# What `predict` quotes of it: null, or the share of wrong answers with its interval.
MEASURED = {
    "risk": (
        "null or three numbers from 0 to 1",
        lambda value: (
            value is None
            or (isinstance(value, list) and len(value) == 3 and all(map(_number(0, 1)[1], value)))
        ),
    )
}


def fault(model):
    """Return what is wrong with the contents of a ``model.json``, or None.

    Parameters
    ----------
    model : object
        From JSON.

    Returns
    -------
    str or None
        The first fault: its place, what stands there and what was expected.
    """
    if found := next(faults(model, SCHEMA), None):
        return found
    names = [*model["weights"], model["likeness"]]
    if found := next(faults(model["files"], dict.fromkeys(names, FILE_ENTRY), "files"), None):
        return found
    if model.get("without_facts") is not None:
        wanted = dict.fromkeys(("given", "none"), MEASURED)
        if found := next(faults(model["without_facts"], wanted, "without_facts"), None):
            return found
    try:
        from_json(model["recipe"])
    except (DataError, TypeError) as error:
        return f"recipe: {error}"
    return None
