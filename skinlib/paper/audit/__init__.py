"""The claims audit: each checkable statement of the paper, checked by a rule anyone can run.

``skinlib/paper/claims.yaml`` names for each claim a rule and its arguments; the rules are
small functions of `skinlib.paper.audit.facts.Facts`. No verdict is written down anywhere.
"""

import dataclasses
import functools

from skinlib import paper
from skinlib.paper.audit import (  # noqa: F401 - importing registers the rules
    rules_code,
    rules_formulas,
    rules_logs,
    rules_outside,
    rules_settings,
    rules_sources,
    rules_tables,
)
from skinlib.paper.audit.facts import Facts, NotAvailable, gather
from skinlib.paper.audit.verdicts import OPEN, RULES, VERDICTS, Result, kind

__all__ = ["VERDICTS", "Claim", "Facts", "Finding", "audit", "check", "claims", "gather", "kind"]

# What one finding is as JSON.
KEYS = ("id", "place", "claim", "rule", "claimed", "evidence", "verdict", "group", "note")


@dataclasses.dataclass(frozen=True)
class Claim:
    """One statement of the paper and how to check it.

    Attributes
    ----------
    id : str
        Stable; an anchor in the book.
    place : str
        Where in the paper.
    claim : str
        Its words, or the printed number for the journal version.
    group : str
    rule : str
        Name of a rule.
    arguments : dict
    note : str
        A sentence of context.
    link : str
        Anchor of a table or figure, or page, of the book.
    """

    id: str
    place: str
    claim: str
    group: str
    rule: str
    arguments: dict
    note: str = ""
    link: str = ""


@dataclasses.dataclass(frozen=True)
class Finding:
    """A claim with what its rule found."""

    claim: Claim
    result: Result

    def to_json(self):
        """Return one flat dictionary with the keys `KEYS`."""
        entry = dataclasses.asdict(self.claim) | dataclasses.asdict(self.result)
        return {key: entry[key] for key in KEYS}


@functools.cache
def _file():
    return paper.load("claims")


def claims():
    """Return every claim, in the order of the file."""
    return [Claim(**entry) for entry in _file()["claims"]]


def groups():
    """Return ``{group: title}`` in the order of the book."""
    return _file()["groups"]


def check(claim, facts):
    """Apply a claim's rule.

    Parameters
    ----------
    claim : Claim
    facts : Facts

    Returns
    -------
    Finding
        ``open`` when a fact the rule needs is not there yet.
    """
    try:
        result = RULES[claim.rule](facts, **claim.arguments)
    except NotAvailable as reason:
        result = Result(claim.claim, f"Not decided: {reason}.", OPEN)
    return Finding(claim, _capitalised(result))


def _capitalised(result):
    return dataclasses.replace(result, evidence=result.evidence[:1].upper() + result.evidence[1:])


def audit(facts=None):
    """Check every claim.

    Parameters
    ----------
    facts : Facts, optional
        By default `gather`'s.

    Returns
    -------
    list of Finding
    """
    facts = facts or gather()
    return [check(claim, facts) for claim in claims()]
