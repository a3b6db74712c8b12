"""The rule behind most claims: printed numbers are the ones that they should be.

The head of ``skinlib/paper/claims.yaml`` documents its arguments; the sentences there are filled
with what `Agreement.words` returns.
"""

import collections
import contextlib
import dataclasses
import operator
import re

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.paper import rounding
from skinlib.paper.audit import verdicts
from skinlib.paper.audit.cells import Cell, Entry, Shown, aslist, fill
from skinlib.paper.audit.expressions import evaluate
from skinlib.paper.audit.facts import NotAvailable
from skinlib.paper.audit.verdicts import listed, marked, only, share

# What is marked where no single cell is shown.
_PLACES = re.compile(r"\{(agreeing|good|first|tally|distinct|value|alternatives|fitting)[^}]*\}")
_SIGNS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


@verdicts.rule
def agree(facts, **arguments):
    """Are printed numbers the ones that they should be? See `Agreement`."""
    own = {field.name for field in dataclasses.fields(Agreement)}
    known = {name: value for name, value in arguments.items() if name in own}
    fields = {name: value for name, value in arguments.items() if name not in own}
    return Agreement(facts=facts, fields=fields, **known).result()


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
    fits: str | None = None
    undefined: str | None = None
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
            msg = f"no training run logged {self.value}"
            raise NotAvailable(msg)
        entries = self._decide(entries)
        words, members = self.words(entries), entries[-1].members
        claimed, evidence = (fill(text, members, words) for text in (self.claimed, self.evidence))
        if "**" not in evidence and (place := _PLACES.search(self.evidence)):
            text = self.evidence.replace(place[0], marked(place[0]), 1)
            evidence = fill(text, members, words)
        if self.undefined:
            evidence += f" The text gives no measure of “{self.undefined}”."
        cells = tuple(
            verdicts.compared(", ".join(filter(None, [*map(str, entry.members), cell.label])),
                              cell.printed, cell.value, cell.agrees, cell.decides)
            for entry in entries for cell in entry.cells
        )  # fmt: skip
        return verdicts.Result(claimed, evidence, self._verdict(entries, words), cells)

    def _decide(self, entries):
        """Mark the cells that decide: those against the claim.

        All do where there are none, where one entry is enough, or where none may be left out.
        """
        against = any(cell.agrees == self.differ for entry in entries for cell in entry.cells)
        if not against or self.any_of or self.exactly or self.undefined:
            return entries

        def decided(cell):
            return dataclasses.replace(cell, decides=bool(cell.agrees == self.differ))

        return [dataclasses.replace(each, cells=[*map(decided, each.cells)]) for each in entries]

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

    def _value(self, text, members):
        """Return the value of an expression for an entry."""
        run = fill(self.fields.get("run"), members, self.fields)
        return evaluate(fill(text, members, self.fields), self.facts, run)

    def _cells(self, value, members):
        """Compare what is printed with a value, one by one and class by class."""
        cells = []
        for texts in zip(aslist(self.printed), aslist(value), strict=False):
            both = (self._value(text, members) for text in texts)
            both = np.broadcast_arrays(*(np.atleast_1d(np.array(each, object)) for each in both))
            labels = CLASSES if both[0].size == len(CLASSES) else [""] * both[0].size
            for label, *pair in zip(labels, *(each.tolist() for each in both), strict=True):
                # As JSON has them. A count that was not logged is NaN.
                pair = [x.item() if isinstance(x, np.generic) else x for x in pair]
                if label in ("", *self.classes) and pair[0] == pair[0]:
                    cells.append(Cell(*pair, label, self.same(*pair)))
        return cells

    def _entry(self, members):
        """Compare one entry; None where its value was not logged and may be left out."""
        members = aslist(members)
        try:
            cells = self._cells(self.value, members)
        except NotAvailable:
            if self.skip:
                return None
            raise
        for text in self.accepted:
            also = self._cells(text, members)
            cells = [
                dataclasses.replace(cell, agrees=cell.agrees or other.agrees,
                                    later=cell.later or (other.agrees and not cell.agrees))
                for cell, other in zip(cells, also, strict=True)
            ]  # fmt: skip
        tried = {name: self._cells(text, members) for name, text in self.partial.items()}
        for name in self.others:
            with contextlib.suppress(NotAvailable):
                tried[name] = self._cells(self.value, [name, *members[1:]])
        numbers = {name: Shown(self._value(text, members)) for name, text in self.numbers.items()}
        instead = [] if self.instead is None else self._cells(self.instead, members)
        return Entry(members, cells, tried, instead, numbers)

    def words(self, entries):
        """Return what a sentence may hold, by name; see the head of ``claims.yaml``."""
        lines, last = [], {}
        for entry in entries:
            for cell in entry.cells:
                last = self.fields | entry.numbers | {"class": cell.label}
                last |= {"printed": Shown(cell.printed), "value": Shown(cell.value)}
                # A value that is of no class leaves a gap.
                line = fill(self.each, entry.members, last).replace("  ", " ").strip()
                lines.append(marked(line) if cell.decides else line)
        cells = [cell for entry in entries for cell in entry.cells]
        wrong = [line for line, cell in zip(lines, cells, strict=True) if not cell.agrees]
        later = [line for line, cell in zip(lines, cells, strict=True) if cell.later]
        gaps = [abs(cell.value - cell.printed) for cell in cells if not isinstance(cell.value, str)]
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
        # A claim's own numbers come last: one of them may have the name of a word.
        return means | {
            "each": "; ".join(lines),
            "said": ", ".join(f"{Shown(cell.printed)}" for cell in cells),
            "values": ", ".join(entry.text for entry in entries),
            "but": f"; {'; '.join(wrong)}" if wrong else "",
            "later": f"; {self.accepted_as}: {'; '.join(later)}" if later else "",
            "total": len(lines),
            "entries": len(entries),
            "good": good,
            "first": good - len(later),
            "second": len(later),
            "instead": sum(cell.agrees for entry in entries for cell in entry.instead),
            "agreeing": share(good, len(lines), self.noun),
            "tally": "; ".join(f"{text} in {count}" for text, count in tally.items()),
            "distinct": listed(dict.fromkeys(entry.text for entry in ordered)),
            "fitting": listed(fitting),
            "failing": listed(failing),
            "which": _minority(fitting, failing),
            "largest": max(gaps, default=0),
            "alternatives": listed(tried.values()),
            "fits": listed(tried[name] for name in entries[-1].partial),
        } | last  # fmt: skip

    def _fits(self, entry):
        return all(cell.agrees for cell in entry.cells) != self.differ

    def _verdict(self, entries, words):
        if self.undefined:
            return verdicts.OPEN
        agree = list(map(self._fits, entries))
        failing = {entry.name for entry in entries if not self._fits(entry)}
        names = list(dict.fromkeys(e.name for e in entries if e.name not in failing))
        holds = only(self.limit) if self.limit else verdicts.HOLDS
        against = verdicts.SOURCES.get(self.source) or only(fill(self.source, (), words))
        if self.exactly is not None:
            if set(names) == set(self.exactly):
                return holds
            return only(listed(names)) if set(names) > set(self.exactly) else against
        if all(agree) or (self.any_of and any(agree)):
            return verdicts.fits(fill(self.fits, (), words)) if self.fits else holds
        if self.share_of == "names" and names:
            return only(listed(names))
        if self.share_of not in (None, "names") and any(agree):
            return only(share(sum(agree), len(agree), self.share_of))
        partial = dict.fromkeys(name for entry in entries for name in entry.partial)
        if not partial or not all(self._fits(entry) or entry.partial for entry in entries):
            return against
        return (verdicts.fits if self.fits else only)(listed(partial))


def _minority(fitting, failing):
    """Return a sentence that names the smaller part of the entries."""
    few = min(fitting, failing, key=len)
    return f" {listed(few)} {'had it' if few is fitting else 'had not'}." if few else ""
