"""The bootstrap over lesions against SciPy's; scores under its weights are in `test_scores`."""

import numpy as np
import pytest
from scipy import stats

from skinlib.common.errors import DataError
from skinlib.stats import bootstrap
from skinlib.stats.bootstrap import Estimate


def test_with_one_image_a_lesion_it_is_the_percentile_bootstrap():
    hits = np.random.default_rng(0).random(300) < 0.8
    expected = stats.bootstrap((hits,), np.mean, n_resamples=3000, method="percentile", rng=1)
    weights = bootstrap.cluster_weights([f"L{i}" for i in range(300)], 3000)
    found = bootstrap.estimate(bootstrap.share(weights, hits))
    assert found.value == hits.mean()
    # The deviation of an accuracy is 0.023 here; that of the end of an interval, 0.001.
    assert (found.low, found.high) == pytest.approx(expected.confidence_interval, abs=0.005)


def test_lesions_need_not_be_sorted_and_are_drawn_whole():
    """Two lesions of 3 and 1 images: each image once, or one of the lesions twice."""
    found = bootstrap.cluster_weights(["a", "b", "a", "a"], 200)
    assert (found[0] == 1).all()
    assert {tuple(row) for row in found[1:]} == {(1, 1, 1, 1), (2, 0, 2, 2), (0, 2, 0, 0)}


def test_a_lesion_counts_equally_often_in_all_sets():
    first, second = bootstrap.joint_weights([["a", "b", "b"], ["c", "a"]])
    assert (first.shape, second.shape) == ((1001, 3), (1001, 2))
    np.testing.assert_array_equal(first[:, 0], second[:, 1])
    assert (first[:, 0] + first[:, 1] + second[:, 0] == 3).all()


def test_resamples_without_a_value_are_left_out():
    assert bootstrap.estimate(np.array([0.5, np.nan, 0.4, 0.4])) == Estimate(0.5, 0.4, 0.4)


def test_one_lesion_is_refused():
    with pytest.raises(DataError, match="at least 2 lesions"):
        bootstrap.cluster_weights(["L", "L"])


def test_a_share_of_independent_trials_has_an_exact_interval():
    found = bootstrap.proportion(37, 400, "exact")
    low, high = stats.beta.ppf([0.025, 0.975], [37, 38], [364, 363])
    assert (found.value, found.low, found.high) == pytest.approx((37 / 400, low, high))


def test_an_estimate_in_words():
    found = Estimate(-0.0004, -0.031, 0.02)
    assert found.text() == "0.000 [-0.031, 0.020]"
    assert found.text(signed=True) == "+0.000 [-0.031, +0.020]"
    assert (100 * found).text(2) == "-0.04 [-3.10, 2.00]"
    assert Estimate(0.7531, 0.7, 0.8).text(percent=True) == "75.3 % [70.0, 80.0]"
    assert Estimate(np.nan, np.nan, np.nan).text() == "–"


@pytest.mark.parametrize(
    ("ends", "sign"), [((-1, 4), 0), ((3, 4), 1), ((-1, -0.5), -1), ((0, 3), 0)]
)
def test_an_interval_on_one_side_of_zero(ends, sign):
    assert Estimate(0, *ends).sign == sign
