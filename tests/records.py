"""A run.json with nothing in it but what the contract requires."""

from skinlib.experiments import contract


def blank(schema=None):
    """Return an empty value of the right kind for every required field."""
    schema = schema or contract.validator(contract.SCHEMA).schema
    kinds = {name: schema["properties"][name] for name in schema["required"]}
    return {name: _empty(kind) for name, kind in kinds.items()}


def _empty(kind):
    if "enum" in kind:
        return kind["enum"][0]
    if "required" in kind:
        return blank(kind)
    return {"string": "", "integer": 0, "object": {}}[kind["type"]]


def as_in_history(value):
    """Return a number as ``history.csv`` stores it: with six significant digits."""
    return float(f"{value:.6g}")
