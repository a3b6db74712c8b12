"""Which checks an effect passes, worked by hand."""

import numpy as np
import pytest
from scipy import stats

from skinlib.experiments import conclusions
from skinlib.experiments.conclusions import CHECKS, NO, NO_THRESHOLD, UNTESTED, YES, checks
from skinlib.stats.paired import Effect

RECALL, AUC = "mean recall", "AUC, macro"
STEADY, MIXED = [0.04, 0.05, 0.06], [0.20, -0.08, 0.03]


def effect(by_seed, low=0.01, high=0.09):
    """An effect on two scores with the same changes."""
    both = np.column_stack([by_seed, by_seed])
    zero = np.zeros(2)
    return Effect(zero, both.mean(axis=0), both, zero + low, zero + high, (RECALL, AUC))


def passed(*args, **options):
    return [checks(*args, **options)[name] for name in CHECKS]


def test_a_steady_effect_passes_what_is_tested():
    assert passed(effect(STEADY), RECALL, 0.01) == [YES, YES, YES, UNTESTED, UNTESTED, UNTESTED]
    again = {"moved": effect(STEADY), "converged": effect(STEADY), "second": effect(STEADY)}
    assert passed(effect(STEADY), RECALL, 0.01, **again) == [YES] * 6
    assert passed(effect(STEADY), AUC, 0.01, **again)[3] == NO_THRESHOLD


@pytest.mark.parametrize(
    ("case", "check"),
    [
        ((effect(STEADY, low=-0.01), RECALL, 0.01), "Other lesions"),
        ((effect(MIXED), RECALL, 0.01), "Other training runs"),
        ((effect(STEADY), RECALL, 0.06), "All comparisons of its study"),
    ],
)
def test_each_check_can_fail_alone(case, check):
    found = checks(*case)
    assert [name for name in CHECKS if found[name] == NO] == [check]


@pytest.mark.parametrize(
    ("other", "check"), zip(("moved", "converged", "second"), CHECKS[3:], strict=True)
)
def test_the_same_effect_elsewhere_must_be_clear_and_have_the_same_direction(other, check):
    def found(elsewhere, here=None):
        return checks(here or effect(STEADY), RECALL, 0.01, **{other: elsewhere})[check]

    loss = effect([-x for x in STEADY], low=-0.09, high=-0.01)
    for elsewhere in (loss, effect(MIXED), effect(STEADY, low=-0.01)):
        assert found(elsewhere) == NO
    assert found(loss, here=loss) == YES
    # Two seeds cannot show the spread of training runs; a factorial measures it in its cells.
    factorial = other == "converged"
    for low, high, word in ((0.01, 0.09, YES), (-0.01, 0.09, NO), (-0.09, -0.01, NO)):
        two = effect(STEADY[:2], low=low, high=high)
        assert found(two) == (word if factorial else UNTESTED)
    assert found(effect(STEADY[:1])) == UNTESTED


def test_p_values_are_corrected_by_holm():
    """Four p-values of t tests: the smallest times four, the next times three, never falling."""
    found = {"steady": effect(STEADY), "mixed": effect(MIXED)}
    p = {name: stats.ttest_1samp(each, 0).pvalue for name, each in
         (("steady", STEADY), ("mixed", MIXED))}  # fmt: skip
    corrected = conclusions.holm(found)
    for score in (RECALL, AUC):
        assert corrected["steady", score] == pytest.approx(4 * p["steady"])
        assert corrected["mixed", score] == pytest.approx(min(1, 2 * p["mixed"]))
