"""The claims audit: each checkable statement of the paper, checked by a rule anyone can run.

``skinlib/paper/claims.yaml`` names for each claim a rule, its arguments and its sentences; the
rules compute the numbers and the verdict. No verdict is written down anywhere.
"""

import dataclasses
import re
import textwrap

from skinlib import paper
from skinlib.paper.audit import agreement, rules  # noqa: F401 - registers the rules
from skinlib.paper.audit.facts import Facts, NotAvailable, OutOfReach, gather
from skinlib.paper.audit.verdicts import (
    NOT_HERE,
    ONLY,
    OPEN,
    RULES,
    VERDICTS,
    Result,
    compared,
    kind,
    marked,
    only,
)

__all__ = ["VERDICTS", "Claim", "Facts", "Finding", "audit", "check", "claims", "gather", "kind"]

# What one finding is as JSON.
KEYS = (
    "id", "place", "claim", "rule", "claimed", "evidence", "cells", "verdict", "group", "note",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Claim:
    """One statement of the paper and how to check it.

    The head of ``claims.yaml`` says what each field is.
    """

    id: str
    place: str
    claim: str
    group: str
    rule: str
    arguments: dict
    note: str = ""
    link: str = ""
    part: str = "{}"


@dataclasses.dataclass(frozen=True)
class Finding:
    """A claim with what its rule found."""

    claim: Claim
    result: Result

    def to_json(self):
        """Return one flat dictionary with the keys `KEYS`."""
        entry = dataclasses.asdict(self.claim) | dataclasses.asdict(self.result)
        return {key: entry[key] for key in KEYS}


def claims():
    """Return every claim, in the order of the file."""
    own = {field.name for field in dataclasses.fields(Claim)}
    return [
        Claim(
            **{key: value for key, value in entry.items() if key in own},
            arguments={key: value for key, value in entry.items() if key not in own},
        )
        for entry in paper.load("claims")["claims"]
    ]


def groups():
    """Return ``{group: title}`` in the order of the book."""
    return paper.load("claims")["groups"]


def check(claim, facts):
    """Return the `Finding` of a claim: ``open`` when a fact its rule needs is not there yet."""
    try:
        result = RULES[claim.rule](facts, **claim.arguments)
    except NotAvailable as reason:
        verdict = NOT_HERE if isinstance(reason, OutOfReach) else OPEN
        cells = (compared(str(reason), None, None, agrees=False),)
        result = Result(claim.claim, f"Not decided: {marked(reason)}.", verdict, cells)
    evidence = re.sub(r"^(\*\*)?.", lambda start: start[0].upper(), result.evidence)
    verdict = result.verdict
    if kind(verdict) == ONLY:
        verdict = only(claim.part.format(verdict.removeprefix(ONLY).strip()))
    return Finding(claim, dataclasses.replace(result, evidence=evidence, verdict=verdict))


def audit(facts=None):
    """Return the `Finding` of every claim, by default with the facts of `gather`."""
    facts = facts or gather()
    return [check(claim, facts) for claim in claims()]


def counts(findings):
    """Return ``{verdict: number of claims}`` in the order of `VERDICTS`."""
    kinds = [kind(finding.result.verdict) for finding in findings]
    return {verdict: kinds.count(verdict) for verdict in VERDICTS}


def text(findings):
    """Return the findings as a table for a terminal, evidence below each claim."""
    lines = []
    for finding in findings:
        claim, result = finding.claim, finding.result
        lines.append(f"{claim.id} – {claim.place}: “{claim.claim}”")
        lines.append(f"    {result.verdict.upper()}")
        lines += textwrap.wrap(result.evidence, 100, initial_indent="    ",
                               subsequent_indent="    ")  # fmt: skip
    lines.append("")
    lines += [f"{number:>4}  {verdict}" for verdict, number in counts(findings).items()]
    lines.append(f"{len(findings):>4}  claims")
    return "\n".join(lines)
