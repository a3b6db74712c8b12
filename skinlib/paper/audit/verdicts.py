"""Verdicts, the result of a rule, and the registry of rules."""

import dataclasses

HOLDS = "holds"
ONLY = "true only for"  # followed by what it is true for
OWN_TABLE = "contradicted by its own table"
LOGS = "contradicted by the logs"
MEASURED = "contradicted by our measurement"
SOURCE = "contradicted by the cited work"
FITS = "fits"  # followed by what the digits match, and ", an inference"
NOT_HERE = "not testable here"
OPEN = "open"
VERDICTS = (HOLDS, ONLY, OWN_TABLE, LOGS, MEASURED, SOURCE, FITS, NOT_HERE, OPEN)
# What a claim is compared with, and the verdict where the two disagree.
SOURCES = {
    "tables": OWN_TABLE, "logs": LOGS, "here": MEASURED, "cited": SOURCE, "open": OPEN,
}  # fmt: skip

RULES = {}


@dataclasses.dataclass(frozen=True)
class Result:
    """What the paper says, the sentences with the numbers that decide, and one of `VERDICTS`.

    ``cells`` are the compared values, see `compared`; the evidence has those that decide between
    two stars.
    """

    claimed: str
    evidence: str
    verdict: str
    cells: tuple = ()

    def __post_init__(self):
        if kind(self.verdict) not in VERDICTS:
            msg = f"'{self.verdict}' is no verdict, expected one of {', '.join(VERDICTS)}"
            raise ValueError(msg)


def compared(what, printed, value, agrees, decides=True):
    """Return a cell of a `Result`: a printed value, another, and do they decide?"""
    return {"what": what, "printed": printed, "value": value, "agrees": bool(agrees),
            "decides": bool(decides)}  # fmt: skip


def kind(verdict):
    """Return the verdict without what it is true for, or what it fits."""
    found = [each for each in (ONLY, FITS) if verdict.startswith(f"{each} ")]
    return found[0] if found else verdict


def shown(kind):
    """Return the words for a kind of verdict, with dots where more words follow."""
    return {ONLY: f"{ONLY} …", FITS: fits("…")}.get(kind, kind)


def only(what):
    """Return the verdict ``true only for …``."""
    return f"{ONLY} {what}"


def fits(what):
    """Return the verdict ``fits …, an inference``."""
    return f"{FITS} {what}, an inference"


def marked(text):
    """Mark a part of a sentence as what decides."""
    return f"**{text}**"


def rule(function):
    """Register a rule: a function of the facts and the claim's arguments to a `Result`."""
    RULES[function.__name__] = function
    return function


def listed(names):
    """Return ``a, b and c``; of nothing, "none"."""
    names = [str(name) for name in names] or ["none"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def share(part, whole, what):
    """Return ``all 9 runs``, ``none of the 9 runs`` or ``4 of the 9 runs``."""
    return {0: f"none of the {whole} {what}", whole: f"all {whole} {what}"}.get(
        part, f"{part} of the {whole} {what}"
    )
