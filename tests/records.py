"""A run.json with nothing in it but what the contract asks for."""

from skinlib.experiments import contract


def blank(schema=contract.SCHEMA):
    """Return an empty value of the right kind for every required key."""
    return {key: blank(kind) if isinstance(kind, dict) else kind() for key, kind in schema.items()}


def as_in_history(value):
    """Return a number as ``history.csv`` stores it: with six significant digits."""
    return float(f"{value:.6g}")
