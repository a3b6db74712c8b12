"""What a JSON file must contain, by JSON Schema; ``run.schema.json`` is the schema of run.json."""

import functools
import json
import re
from pathlib import Path

import jsonschema

from skinlib.common.errors import IntegrityError

# Text of a record is shown on pages and in spreadsheets: no markup, no formula, no escape code.
_MARKUP = re.compile(r"^[=+@-]|[<>`\x00-\x1f\x7f]")
SCHEMA = Path(__file__).with_name("run.schema.json")


@functools.cache
def validator(path):
    """Return the validator of a schema file."""
    return jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


def faults(value, path):
    """Return what is missing in a JSON value, or other than a schema file says, as texts.

    The ``description`` of a schema, where there is one, is what the texts name as expected.
    """
    return [_text(error) for error in validator(path).iter_errors(value)]


def _text(error):
    place, rule, wanted = ".".join(map(str, error.absolute_path)), error.validator, None
    if rule == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"it lacks {place}.{missing}" if place else f"it lacks {missing}"
    found = json.dumps(error.instance, ensure_ascii=False, default=str)
    if rule == "type" and "description" not in error.schema:
        wanted = error.validator_value
    elif rule == "enum":
        wanted = f"one of {', '.join(map(str, error.validator_value))}"
    elif rule == "const":
        wanted = json.dumps(error.validator_value)
    wanted = " ".join(filter(None, (wanted, error.schema.get("description"))))
    return f"{place or 'it'} is {found:.80}, expected {wanted or error.message}"


def checked(record, folder):
    """Return the record of a run that keeps the contract; refuse any other.

    Raises
    ------
    IntegrityError
        A field is missing or of another kind than in ``run.schema.json``, the classes have another
        order, or a text holds markup.
    """
    found = faults(record, SCHEMA) or [
        f"it has the text {text!r:.80}, expected plain text"
        for key, value in record.items()
        # The reason of a failure quotes an error as it is; it is printed, never rendered.
        for text in (_texts({key: value}) if key != "reason" else ())
        if _MARKUP.search(text)
    ]
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        msg = f"run.json of '{folder}': {found[0]}{more}; delete the run and train again"
        raise IntegrityError(msg)
    return record


def _texts(value):
    """Yield every text in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in (*value, *value.values()):
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
