"""What run.json must say, and what it must not: the other half of `skinlib.experiments.run`."""

import re

from skinlib.common.classes import CLASSES
from skinlib.common.errors import IntegrityError

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
    if found := list(faults(record, SCHEMA)):
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        msg = f"run.json of '{folder}': {found[0]}{more}; delete the run and train again"
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


def faults(value, schema, place=""):
    """Yield what is missing, or other than it should be.

    Parameters
    ----------
    value : object
        From JSON.
    schema : dict
        What must be there under each key: a type, a dictionary like this one, or a pair of
        words and a function that says of a value whether they hold.
    place : str
        Where `value` stands, for the messages.

    Yields
    ------
    str
    """
    if not isinstance(value, dict):
        yield f"{place or 'it'} is {type(value).__name__}, expected an object"
        return
    for key, kind in schema.items():
        name = f"{place}.{key}" if place else key
        if key not in value:
            yield f"it lacks {name}"
        elif isinstance(kind, dict):
            yield from faults(value[key], kind, name)
        else:
            words, holds = kind if isinstance(kind, tuple) else (kind.__name__, _of(kind))
            if not holds(value[key]):
                yield f"{name} is {value[key]!r:.80}, expected {words}"


def _of(kind):
    return lambda value: isinstance(value, kind) and not isinstance(value, bool)


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
