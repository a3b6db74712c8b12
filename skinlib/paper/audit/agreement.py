"""The rule behind most claims: printed numbers are the ones that they should be.

The head of ``skinlib/paper/claims.yaml`` documents its arguments; the sentences there are filled
with what `Agreement.words` returns.
"""

import collections
import contextlib
import dataclasses
import operator

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.paper import rounding
from skinlib.paper.audit.expressions import evaluate
from skinlib.paper.audit.facts import NotAvailable
from skinlib.paper.audit.verdicts import HOLDS, SOURCES, Result, listed, only, rule, share

_SIGNS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


@rule
def agree(facts, **arguments):
    """Are printed numbers the ones that they should be? See `Agreement`."""
    own = {field.name for field in dataclasses.fields(Agreement)}
    known = {name: value for name, value in arguments.items() if name in own}
    fields = {name: value for name, value in arguments.items() if name not in own}
    return Agreement(facts=facts, fields=fields, **known).result()


class Shown:
    """A value in a sentence: as `skinlib.paper.rounding.written`, or as its format says."""

    def __init__(self, value):
        self.value = value

    def __format__(self, form):
        plain = form or isinstance(self.value, str)
        return format(self.value, form) if plain else rounding.written(self.value)


@dataclasses.dataclass(frozen=True)
class Cell:
    """A printed number and its value, of a class; is it the same, or another accepted value?"""

    printed: object
    value: object
    label: str
    same: bool
    later: bool = False

    @property
    def agrees(self):
        return self.same or self.later


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
        return [name for name, cells in self.tried.items() if all(cell.same for cell in cells)]

    @property
    def name(self):
        return self.members[0] if self.members else ""

    @property
    def share(self):
        return f"{self.name} {sum(cell.agrees for cell in self.cells)} of {len(self.cells)}"

    @property
    def text(self):
        return ", ".join(f"{Shown(cell.value)}" for cell in self.cells)


@dataclasses.dataclass(kw_only=True)
class Agreement:
    """Printed numbers beside what they should be; see the head of ``claims.yaml``."""

    facts: object
    fields: dict
    printed: object
    value: object
    over: object = ((),)
    classes: tuple = CLASSES
    accepted: tuple = ()
    accepted_as: str = "counted as well"
    partial: dict = dataclasses.field(default_factory=dict)
    others: tuple = ()
    instead: object = None
    decimals: object = None
    within: float | None = None
    sign: str = "="
    differ: bool = False
    skip: bool = False
    source: str = "logs"
    share_of: str | None = None
    exactly: tuple | None = None
    any_of: bool = False
    limit: str | None = None
    numbers: dict = dataclasses.field(default_factory=dict)
    each: str = "printed {printed}, {value}"
    evidence: str = "{each}."
    claimed: str = "{said}"
    noun: str = "cells"
    form: str = ""

    def result(self):
        """Return the `Result`."""
        over = self.facts.logged if self.over == "logged" else self.over
        entries = [entry for entry in map(self._entry, over) if entry]
        if not entries:
            msg = f"no training logged {self.value}"
            raise NotAvailable(msg)
        words, members = self.words(entries), entries[-1].members
        claimed, evidence = (_fill(text, members, words) for text in (self.claimed, self.evidence))
        return Result(claimed, evidence, self._verdict(entries, words))

    def same(self, printed, value):
        """Are the two the same?"""
        if isinstance(printed, str) or isinstance(value, str):
            return printed == value
        if self.sign in _SIGNS:
            return _SIGNS[self.sign](value, printed)
        if self.within is not None:
            return abs(value / printed - 1) <= self.within
        decimals = self.decimals
        if decimals == "fewest":
            decimals = min(rounding.digits(printed), rounding.digits(value))
            printed = round(printed, decimals)
        elif decimals == "printed":
            decimals = rounding.digits(printed, 0)
        return printed == value or rounding.agrees(printed, value, decimals)

    def _cells(self, value, members):
        """Compare what is printed with a value, one by one and class by class."""
        cells = []
        run = _fill(self.fields.get("run"), members, self.fields)
        for texts in zip(_aslist(self.printed), _aslist(value), strict=False):
            both = (evaluate(_fill(t, members, self.fields), self.facts, run) for t in texts)
            both = np.broadcast_arrays(*(np.atleast_1d(np.array(each, object)) for each in both))
            labels = CLASSES if both[0].size == len(CLASSES) else [""] * both[0].size
            for label, *pair in zip(labels, *(each.tolist() for each in both), strict=True):
                # A count that was not logged is NaN.
                if label in ("", *self.classes) and pair[0] == pair[0]:
                    cells.append(Cell(*pair, label, self.same(*pair)))
        return cells

    def _entry(self, members):
        """Compare one entry; None where its value was not logged and may be left out."""
        members = _aslist(members)
        try:
            cells = self._cells(self.value, members)
        except NotAvailable:
            if self.skip:
                return None
            raise
        for text in self.accepted:
            also = self._cells(text, members)
            cells = [
                dataclasses.replace(cell, later=cell.later or (other.same and not cell.same))
                for cell, other in zip(cells, also, strict=True)
            ]
        tried = {name: self._cells(text, members) for name, text in self.partial.items()}
        for name in self.others:
            with contextlib.suppress(NotAvailable):
                tried[name] = self._cells(self.value, [name, *members[1:]])
        run = _fill(self.fields.get("run"), members, self.fields)
        numbers = {
            name: Shown(evaluate(_fill(text, members, self.fields), self.facts, run))
            for name, text in self.numbers.items()
        }
        instead = [] if self.instead is None else self._cells(self.instead, members)
        return Entry(members, cells, tried, instead, numbers)

    def words(self, entries):
        """Return what a sentence may hold, by name; see the head of ``claims.yaml``."""
        lines, last = [], {}
        for entry in entries:
            for cell in entry.cells:
                last = self.fields | entry.numbers | {"class": cell.label}
                last |= {"printed": Shown(cell.printed), "value": Shown(cell.value)}
                lines.append((_fill(self.each, entry.members, last), cell))
        wrong = [line for line, cell in lines if not cell.agrees]
        later = [line for line, cell in lines if cell.later]
        cells = [cell for entry in entries for cell in entry.cells]
        good = len(lines) - len(wrong)
        fitting = [entry.name for entry in entries if self._fits(entry)]
        failing = [entry.name for entry in entries if not self._fits(entry)]
        tally = collections.Counter(entry.text for entry in entries)
        ordered = sorted(entries, key=lambda entry: entry.cells[0].value)
        tried = {
            name: f"{name} ({Shown(found[0].value):{self.form}})"
            for name, found in entries[-1].tried.items()
        }
        means = {
            f"mean_{name}": np.mean([entry.numbers[name].value for entry in entries])
            for name, shown in entries[0].numbers.items()
            if not isinstance(shown.value, str)
        }
        return last | means | {
            "each": "; ".join(line for line, _ in lines),
            "said": ", ".join(f"{Shown(cell.printed)}" for cell in cells),
            "values": ", ".join(entry.text for entry in entries),
            "but": f"; {'; '.join(wrong)}" if wrong else "",
            "later": f"; {self.accepted_as}: {'; '.join(later)}" if later else "",
            "total": len(lines),
            "entries": len(entries),
            "good": good,
            "first": good - len(later),
            "second": len(later),
            "instead": sum(cell.same for entry in entries for cell in entry.instead),
            "agreeing": share(good, len(lines), self.noun),
            "tally": "; ".join(f"{text} in {count}" for text, count in tally.items()),
            "distinct": listed(dict.fromkeys(entry.text for entry in ordered)),
            "fitting": listed(fitting),
            "failing": listed(failing),
            "which": _minority(fitting, failing),
            "shares": "; ".join(entry.share for entry in entries),
            "largest": max((_gap(cell) for cell in cells), default=0),
            "alternatives": listed(tried.values()),
            "fits": listed(tried[name] for name in entries[-1].partial),
        }  # fmt: skip

    def _fits(self, entry):
        return all(cell.agrees for cell in entry.cells) != self.differ

    def _verdict(self, entries, words):
        fits = [self._fits(entry) for entry in entries]
        failing = {entry.name for entry in entries if not self._fits(entry)}
        names = list(dict.fromkeys(e.name for e in entries if e.name not in failing))
        against = SOURCES.get(self.source) or only(_fill(self.source, (), words))
        if self.exactly is not None:
            if set(names) == set(self.exactly):
                return HOLDS
            return only(listed(names)) if set(names) > set(self.exactly) else against
        if all(fits) or (self.any_of and any(fits)):
            return only(self.limit) if self.limit else HOLDS
        if self.share_of == "names" and names:
            return only(listed(names))
        if self.share_of not in (None, "names") and any(fits):
            return only(share(sum(fits), len(fits), self.share_of))
        partial = dict.fromkeys(name for entry in entries for name in entry.partial)
        explained = all(self._fits(entry) or entry.partial for entry in entries)
        return only(listed(partial)) if partial and explained else against


def _fill(template, members, fields):
    """Fill ``{0}``, … and ``{name}`` into a template; numbers stay as they are."""
    return template.format(*members, **fields) if isinstance(template, str) else template


def _aslist(value):
    return list(value) if isinstance(value, list | tuple) else [value]


def _gap(cell):
    return 0 if isinstance(cell.value, str) else abs(cell.value - cell.printed)


def _minority(fitting, failing):
    """Return a sentence that names the smaller part of the entries."""
    few = min(fitting, failing, key=len)
    return f" {listed(few)} {'had it' if few is fitting else 'had not'}." if few else ""
