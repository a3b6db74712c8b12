"""The rule by which an effect is called a gain or a loss."""

import numpy as np
import pytest
from scipy import stats

from skinlib.stats.bootstrap import Estimate
from skinlib.stats.gains import GAIN, LOSS, NOT_CLEAR, interval, judge, over_seeds

UP, DOWN, OPEN = Estimate(0.1, 0.05, 0.2), Estimate(-0.1, -0.2, -0.05), Estimate(0.1, -0.05, 0.2)
NOTHING = Estimate(0.1, np.nan, np.nan)


@pytest.mark.parametrize(
    ("lesions", "trainings", "word"),
    [
        (UP, UP, GAIN), (DOWN, DOWN, LOSS), (UP, OPEN, NOT_CLEAR), (OPEN, UP, NOT_CLEAR),
        (UP, DOWN, NOT_CLEAR), (UP, NOTHING, NOT_CLEAR), (OPEN, OPEN, NOT_CLEAR),
    ],
)  # fmt: skip
def test_both_intervals_must_exclude_zero_on_the_same_side(lesions, trainings, word):
    assert judge(lesions, trainings) == word


@pytest.mark.parametrize("count", [3, 8])
def test_the_interval_over_the_seeds_is_that_of_the_t_test(count):
    values = np.random.default_rng(count).normal(0.05, 0.02, count)
    found = over_seeds(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.value == pytest.approx(values.mean())
    np.testing.assert_allclose([found.low, found.high], expected)


@pytest.mark.parametrize("values", [[0.1], [0.1, 0.1001]])
def test_one_or_two_trainings_are_no_gain_however_large(values):
    found = over_seeds(values)
    assert np.isnan([found.low, found.high]).all()
    assert judge(UP, found) == NOT_CLEAR
    assert interval(found) == "–"


def test_an_interval_alone():
    assert interval(UP) == "[+0.050, +0.200]"
