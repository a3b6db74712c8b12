"""When a printed number and another one are the same: rounded, or cut off after its digits.

Both count as the same number, because the authors' spreadsheets truncate in places.
"""

import math

import numpy as np

SAME, CUT, DIFFERS = "same", "cut", "differs"
NONE = "–"
# Two numbers of two decimals that are further apart are different.
HUNDREDTH = 0.0051
# Room for the binary fractions of decimal numbers.
_SLACK = 1e-9


def digits(number, least=2):
    """Return the number of decimals that a number is written with, `least` at least, 6 at most."""
    return max(least, len(f"{number:.6f}".rstrip("0").partition(".")[2]))


def cut(values, decimals=2):
    """Cut a number, or an array of them, off after so many decimals."""
    found = np.floor(np.asarray(values, float) * 10**decimals + _SLACK) / 10**decimals
    return found if found.ndim else float(found)


def compare(printed, value, decimals=None):
    """Say what a printed number is to another one, at its decimals (two at least) or some others.

    `SAME` where `value` rounds to the printed number (a half both ways), `CUT` where it gives it
    when its further digits are cut off, else `DIFFERS`. None where one of them is missing.
    """
    if printed is None or value is None:
        return None
    decimals = digits(printed) if decimals is None else decimals
    if abs(value - printed) <= 0.5 * 10**-decimals + _SLACK:
        return SAME
    return CUT if abs(cut(value, decimals) - printed) < _SLACK else DIFFERS


def agrees(printed, value, decimals=None):
    """Is the printed number the other one, rounded or cut? See `compare`."""
    return compare(printed, value, decimals) in (SAME, CUT)


def written(value):
    """Write a transcribed number with the digits it has: two decimals at least, four at most.

    Whole numbers have thousands separators and no decimals; None and NaN become a dash.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NONE
    if isinstance(value, int | np.integer) or (float(value).is_integer() and abs(value) > 1):
        return f"{value:,.0f}"
    return f"{value:.{min(4, digits(value))}f}"


def fixed(value, decimals=2):
    """Write a number with so many decimals; None and NaN become a dash."""
    return NONE if value is None or math.isnan(value) else f"{value:.{decimals}f}"
