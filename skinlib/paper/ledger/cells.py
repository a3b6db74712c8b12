"""Compare a printed number with the logged one behind it, and say why they differ.

Reasons are computed from the numbers, so that none is an opinion: a cell that repeats
another cell of its row, a row that is another model's, a number cut instead of rounded.
"""

import math

NONE = "–"
UNKNOWN = "the printed value is not the logged one; cause not known"


def text(value, digits=2):
    """Format a number; the sign for "not printed" when there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NONE
    return f"{value:.{digits}f}"


def as_printed(value):
    """Format a transcribed number with the digits it is printed with, two at least."""
    return NONE if value is None else f"{value:.{digits_of(value)}f}"


def digits_of(value, least=2):
    """Return the number of decimals a transcribed number is printed with."""
    return max(least, len(f"{value:.6f}".rstrip("0").partition(".")[2]))


def rounds_to(value, printed, digits=None):
    """Is `printed` what `value` gives when it is rounded to the printed digits?"""
    digits = digits_of(printed) if digits is None else digits
    # Half a unit of the last digit, and both ways of rounding a half.
    return abs(value - printed) <= 0.5 * 10**-digits + 1e-9


def cut_to(value, printed, digits=None):
    """Is `printed` what `value` gives when the further digits are cut off?"""
    digits = digits_of(printed) if digits is None else digits
    return math.floor(value * 10**digits + 1e-9) == round(printed * 10**digits)


def compare(printed, logged):
    """Return ``same``, ``cut``, ``differs``, or None where one of them is missing."""
    if printed is None or logged is None:
        return None
    if rounds_to(logged, printed):
        return "same"
    return "cut" if cut_to(logged, printed) else "differs"


class Notes:
    """Remarks on cells of one table: a star at the cell, the remark in a list below."""

    def __init__(self):
        self.places = {}

    def mark(self, cell, reason, row, column=None):
        """Return a cell, with a star if there is something to say about it.

        Parameters
        ----------
        cell : str
        reason : str or None
        row, column : str
            Where the cell is, as the list below shall name it.
        """
        if not reason:
            return cell
        columns = self.places.setdefault(reason, {}).setdefault(row, [])
        if column and column not in columns:
            columns.append(column)
        return cell if cell.endswith("*") else f"{cell}*"

    def markdown(self):
        """Return the list of remarks, each with the cells that it is about."""
        if not self.places:
            return ""
        lines = ["Cells with a star:", ""]
        for reason, rows in self.places.items():
            named = [f"{row} ({', '.join(columns)})" if columns else row
                     for row, columns in rows.items()]  # fmt: skip
            lines.append(f"- {'; '.join(named)}: {reason}.")
        return "\n".join(lines)


def row_reasons(printed, logged, rows, own):
    """Say for each class of a per-class row why the printed cell is not the logged one.

    Parameters
    ----------
    printed, logged : sequence of float
        Seven cells, in the order of the classes.
    rows : dict of str to sequence of float
        Rows that the whole row could have been taken from: title to seven cells.
    own : dict of str to sequence of float
        Other metrics of the same model, that a single cell could have been taken from.

    Returns
    -------
    list of (str or None)
        One a class; None where the cells agree.
    """
    states = [compare(a, b) for a, b in zip(printed, logged, strict=True)]
    taken = [name for name, cells in rows.items() if list(cells) == list(printed)]
    reasons = []
    for index, state in enumerate(states):
        if state in (None, "same"):
            reasons.append(None)
        elif taken and states.count("differs") > 1:
            reasons.append(f"the whole row is {taken[0]}")
        elif state == "cut":
            reasons.append("cut, not rounded")
        elif index == 6 and printed[6] == printed[5]:
            reasons.append("the printed cell of vasc repeats the one of nv")
        else:
            reasons.append(_single(index, printed, own))
    return reasons


def _single(index, printed, own):
    for name, cells in own.items():
        if cells[index] == printed[index]:
            return f"the printed cell equals {name}"
    return UNKNOWN
