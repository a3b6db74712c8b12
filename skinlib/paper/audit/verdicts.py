"""Verdicts, the result of a rule, the registry of rules, and when two numbers agree."""

import dataclasses
import math

HOLDS = "holds"
ONLY = "holds only against"  # followed by what it holds against
OWN_TABLE = "contradicted by its own table"
LOGS = "contradicted by the logs"
NOT_HERE = "not reproducible here"
OPEN = "open"
VERDICTS = (HOLDS, ONLY, OWN_TABLE, LOGS, NOT_HERE, OPEN)

RULES = {}


@dataclasses.dataclass(frozen=True)
class Result:
    """What a rule found.

    Attributes
    ----------
    claimed : str
        What the paper says, with its numbers.
    evidence : str
        One to three sentences with the numbers that decide.
    verdict : str
        One of `VERDICTS`; the second is followed by what the claim does hold against.
    """

    claimed: str
    evidence: str
    verdict: str

    def __post_init__(self):
        if kind(self.verdict) not in VERDICTS:
            msg = f"'{self.verdict}' is no verdict, expected one of {', '.join(VERDICTS)}"
            raise ValueError(msg)


def kind(verdict):
    """Return the verdict without what it holds against."""
    return ONLY if verdict.startswith(f"{ONLY} ") else verdict


def only(what):
    """Return the verdict ``holds only against …``."""
    return f"{ONLY} {what}"


def rule(function):
    """Register a rule: a function of the facts and the claim's arguments to a `Result`."""
    RULES[function.__name__] = function
    return function


def decimals(number):
    """Return how many decimals a number is written with, as ``repr`` writes it."""
    _, _, digits = repr(float(number)).partition(".")
    return 0 if digits == "0" else len(digits)


def rounded(value, digits):
    """Round half up."""
    return math.floor(value * 10**digits + 0.5 + 1e-9) / 10**digits


def truncated(value, digits):
    """Cut off after so many decimals."""
    return math.floor(value * 10**digits + 1e-9) / 10**digits


def agrees(printed, value, digits=None):
    """Is `value`, rounded or truncated to the printed digits (two at least), the printed one?

    Both count: the authors' spreadsheets truncate in places, which is no error.
    """
    digits = max(2, decimals(printed)) if digits is None else digits
    return any(abs(cut(value, digits) - printed) < 1e-9 for cut in (rounded, truncated))


def mean_agrees(printed, values):
    """Is the mean of class values the printed one, as it is or of values cut to two decimals?

    The authors' averages are means of a spreadsheet that holds two decimals of each class.
    """
    cut = [truncated(value, 2) for value in values]
    return agrees(printed, sum(values) / len(values)) or agrees(printed, sum(cut) / len(cut))


def label(column):
    """Return a column name in words."""
    words = {"parameters_millions": "parameters in millions", "seconds_per_epoch": "seconds"}
    return words.get(column, column.replace("_", " "))


def listed(names):
    """Return ``a, b and c``; of nothing, "nothing"."""
    names = [str(name) for name in names] or ["nothing"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def share(part, whole, what):
    """Return ``all 9 runs``, ``none of the 9 runs`` or ``4 of the 9 runs``."""
    return {0: f"none of the {whole} {what}", whole: f"all {whole} {what}"}.get(
        part, f"{part} of the {whole} {what}"
    )


def percent(value, digits=1):
    """Return ``10.2 %``, with a space that does not break."""
    return f"{100 * value:.{digits}f}\u00a0%"


def written(value):
    """Write a printed number with two decimals at least; whole ones as they are."""
    if isinstance(value, int) or (decimals(value) == 0 and abs(value) > 1):
        return f"{value:,.0f}"
    return f"{value:.{max(2, decimals(value))}f}"


def by_match(matching, whole, what, otherwise):
    """Return the verdict on a statement about all members of a set."""
    if matching == whole:
        return HOLDS
    return only(share(matching, whole, what)) if matching else otherwise
