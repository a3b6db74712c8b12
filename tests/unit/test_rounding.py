"""When a printed number and another one are the same."""

import numpy as np
import pytest

from skinlib.paper import rounding
from skinlib.paper.rounding import CUT, DIFFERS, SAME


@pytest.mark.parametrize(
    ("printed", "value", "state"),
    [
        (0.90, 0.8986, SAME), (0.83, 0.8357, CUT), (0.84, 0.8645, DIFFERS),
        (0.974, 0.9743, SAME), (0.974, 0.9751, DIFFERS), (0.989, 0.9899, CUT),
        (0.94, 0.9353, SAME), (0.93, 0.9353, CUT), (1, 0.9999, SAME),
        (0.68, 0.675, SAME), (0.67, 0.675, SAME), (0.29, 0.29, SAME), (630, 633, DIFFERS),
        (0.5, None, None), (None, 0.5, None),
    ],
)  # fmt: skip
def test_rounded_cut_or_another(printed, value, state):
    assert rounding.compare(printed, value) == state
    assert rounding.agrees(printed, value) == (state in (SAME, CUT))


def test_digits_may_be_given():
    assert rounding.compare(5.5, 5.507, 1) == SAME
    assert rounding.compare(20.2, 20.29, 1) == CUT
    assert rounding.digits(4.37) == 2
    assert rounding.digits(1.3, 0) == 1
    assert rounding.digits(10.0, 0) == 0


def test_cut():
    assert rounding.cut(0.29) == 0.29
    np.testing.assert_array_equal(rounding.cut([0.959, 0.96]), [0.95, 0.96])


def test_numbers_are_written_with_their_digits():
    values = [0.9, 0.974, 0.89857, 55.9, 1.0, 6705, 3500.0, None, float("nan")]
    assert [rounding.written(value) for value in values] == [
        "0.90", "0.974", "0.8986", "55.90", "1.00", "6,705", "3,500", "–", "–",
    ]  # fmt: skip
    assert rounding.fixed(0.5) == "0.50"
    assert rounding.fixed(None) == "–"
