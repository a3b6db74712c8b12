"""Printed numbers beside their values, as `skinlib.paper.audit.agreement` compares them."""

import dataclasses

from skinlib.paper import rounding


class Shown:
    """A value in a sentence: as `skinlib.paper.rounding.written`, or as its format says."""

    def __init__(self, value):
        self.value = value

    def __format__(self, form):
        plain = form or isinstance(self.value, str)
        return format(self.value, form) if plain else rounding.written(self.value)


@dataclasses.dataclass(frozen=True)
class Cell:
    """A printed number and its value, of a class.

    ``later``: they agree, but only because another value counts as well; ``decides``: it is one of
    those that decide the verdict.
    """

    printed: object
    value: object
    label: str
    agrees: bool
    later: bool = False
    decides: bool = True


@dataclasses.dataclass(frozen=True)
class Entry:
    """One member of ``over``, compared.

    ``tried``: cells by name of another value; ``instead``: cells of the value that is only counted.
    """

    members: list
    cells: list
    tried: dict
    instead: list
    numbers: dict

    @property
    def partial(self):
        return [name for name, cells in self.tried.items() if all(cell.agrees for cell in cells)]

    @property
    def name(self):
        return self.members[0] if self.members else ""

    @property
    def text(self):
        return ", ".join(f"{Shown(cell.value)}" for cell in self.cells)


def fill(template, members, fields):
    """Fill ``{0}``, … and ``{name}`` into a template; numbers stay as they are."""
    return template.format(*members, **fields) if isinstance(template, str) else template


def aslist(value):
    """Return a list, of one value where there is no other."""
    return list(value) if isinstance(value, list | tuple) else [value]
