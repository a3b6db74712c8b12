"""What run.json must say, and what it must not: the other half of `skinlib.runs`."""

import re

from skinlib.classes import CLASSES
from skinlib.errors import IntegrityError

STATUSES = ("running", "finished", "failed")

# What a reader of a number is entitled to know, and of what kind it is; a run.json that lacks
# one of them is refused.
SCHEMA = {
    "identity": str, "study": str, "run": str, "status": str, "recipe": {"name": str},
    "changes": dict, "backbone": str, "input_size": int,
    "data": {"name": str, "fingerprint": str}, "split": {"unit": str, "hash": str},
    "weights": {"source": str}, "seed": int, "parameters": int, "device": str,
    "versions": {"keras": str, "backend": str}, "metadata": dict,
}  # fmt: skip
REQUIRED = tuple(SCHEMA)

# Text of a record is shown on pages and in spreadsheets: no markup, no formula, no escape code.
_PLAIN = re.compile(r"(?![=+@-])[^<>`\x00-\x1f\x7f]*")


def checked(record, folder):
    """Return a record that keeps the contract; refuse any other.

    Parameters
    ----------
    record : dict
    folder : path
        Whose it is; for the message.

    Returns
    -------
    dict
        The same.

    Raises
    ------
    IntegrityError
        Something of `SCHEMA` is missing or of another kind, the status or the classes are none
        of ours, or a text holds markup.
    """
    if faults := list(_faults(record, SCHEMA)):
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        msg = f"run.json of '{folder}': {faults[0]}{more}; delete the run and train again"
        raise IntegrityError(msg)
    if record["status"] not in STATUSES:
        msg = f"run.json of '{folder}' has status '{record['status']}', expected {STATUSES}"
        raise IntegrityError(msg)
    if record.get("classes", list(CLASSES)) != list(CLASSES):
        msg = (
            f"run.json of '{folder}' has the classes {record['classes']}, expected "
            f"{list(CLASSES)} in this order; its weights would name the wrong classes"
        )
        raise IntegrityError(msg)
    # The reason of a failure quotes an error as it is; it is printed, never rendered.
    for text in _texts({key: value for key, value in record.items() if key != "reason"}):
        if not _PLAIN.fullmatch(text):
            msg = f"run.json of '{folder}' holds {text[:80]!r}, expected plain text; refused"
            raise IntegrityError(msg)
    return record


def _faults(value, schema, place=""):
    """Yield what is missing or of another kind than `schema` says."""
    if not isinstance(value, dict):
        yield f"{place or 'it'} is {type(value).__name__}, expected an object"
        return
    for key, kind in schema.items():
        name = f"{place}.{key}" if place else key
        if key not in value:
            yield f"it lacks {name}"
        elif isinstance(kind, dict):
            yield from _faults(value[key], kind, name)
        elif not isinstance(value[key], kind) or isinstance(value[key], bool):
            yield f"{name} is {value[key]!r}, expected {kind.__name__}"


def _texts(value):
    """Yield every string in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in (*value, *value.values()):
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
