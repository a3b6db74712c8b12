"""How numbers are written in the tables and sentences about benches, and looked up."""

import math

NOT_MEASURED = "not measured"
NONE = "–"


def short(value, digits=3):
    """Format a number with so many significant digits, without exponents.

    >>> short(0.01234), short(1234.5), short(98765.4)
    ('0.0123', '1,230', '98,800')
    """
    if value is None:
        return NONE
    if not value:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    rounded = float(f"{value:.{digits}g}")
    text = f"{rounded:,.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


def span(spread, scale=1.0, digits=3):
    """Format a spread as ``median [min, max]``."""
    values = (spread.get(key) for key in ("median", "min", "max"))
    median, low, high = (short(None if v is None else scale * v, digits) for v in values)
    return f"{median} [{low}, {high}]"


def pair(found, name):
    """Return the results of the CPU and of the GPU, None where they are not there."""
    return found.get(name), found.get(f"{name}-gpu")


def get(tree, *keys):
    """Look up nested keys; None where one is missing."""
    for key in keys:
        if tree is None:
            return None
        tree = tree.get(key)
    return tree


def maybe(spread, scale=1.0, digits=3):
    """Format a spread as `span` does, or say that it was not measured."""
    return NOT_MEASURED if spread is None else span(spread, scale, digits)


def failed(row):
    """Return what a cell says of something whose measurement failed, or None."""
    return "failed" if "error" in row else None


def scaled(row, key, unit):
    """Return an entry in another unit, or None where it is missing."""
    return row[key] / unit if key in row else None
