"""The bootstrap over lesions, against SciPy's, against theory and against copied rows."""

import numpy as np
import pytest
from resampling import cluster_bootstrap
from scipy import stats
from sklearn import metrics as sk

from skinlib.common.errors import DataError
from skinlib.stats import bootstrap
from skinlib.stats.bootstrap import Estimate


def correct(count, seed=0, share=0.8):
    return np.random.default_rng(seed).random(count) < share


def interval(hits, groups, n_resamples=3000, level=0.95):
    weights = bootstrap.cluster_weights(groups, n_resamples)
    return bootstrap.estimate(bootstrap.share(weights, hits), level)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_with_one_image_a_lesion_it_is_the_percentile_bootstrap(level):
    hits = correct(300)
    expected = stats.bootstrap(
        (hits,), np.mean, n_resamples=3000, confidence_level=level, method="percentile", rng=1
    ).confidence_interval
    found = interval(hits, [f"L{i}" for i in range(300)], level=level)
    assert found.value == hits.mean()
    # The deviation of an accuracy is 0.023 here; that of the end of an interval, 0.001.
    assert (found.low, found.high) == pytest.approx(expected, abs=0.005)


def test_four_copies_of_each_image_leave_the_interval_as_it_was():
    """Taken as independent images they would promise half the width: 1 / sqrt(4)."""
    hits, copies = correct(150), np.repeat(correct(150), 4)
    once, by_lesion, by_image = (
        found.high - found.low
        for found in (
            interval(hits, np.arange(150)),
            interval(copies, np.repeat(np.arange(150), 4)),
            interval(copies, np.arange(600)),
        )
    )
    assert by_lesion == pytest.approx(once, rel=0.1)
    assert by_lesion == pytest.approx(2 * by_image, rel=0.15)


def test_lesions_need_not_be_sorted_and_are_drawn_whole():
    """Two lesions of 3 and 1 images: each image once, or one of the lesions twice."""
    found = bootstrap.cluster_weights(["a", "b", "a", "a"], 200)
    assert (found[0] == 1).all()
    rows = {tuple(row) for row in found[1:]}
    assert rows == {(1, 1, 1, 1), (2, 0, 2, 2), (0, 2, 0, 0)}


def test_the_seed_decides_everything():
    one, again, other = (bootstrap.cluster_weights(np.arange(30), 20, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_a_lesion_counts_equally_often_in_all_sets():
    first, second = bootstrap.joint_weights([["a", "b", "b"], ["c", "a"]], 50)
    assert (first.shape, second.shape) == ((51, 3), (51, 2))
    np.testing.assert_array_equal(first[:, 0], second[:, 1])
    assert (first[:, 0] + first[:, 1] + second[:, 0] == 3).all()


def test_statistics_under_weights_are_those_of_copied_rows():
    """Recall, AUC and their means, with ties and with resamples that lack a class."""
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(60), rng.integers(1, 4, 60))
    labels = rng.choice(7, 60, p=[0.02, 0.08, 0.1, 0.1, 0.2, 0.4, 0.1])[owner]
    p = np.round(rng.random((len(owner), 7)) + 0.6 * np.eye(7)[labels], 1)
    weights = bootstrap.cluster_weights(owner, 100, seed=5)

    def melanoma_auc(y, scores):
        return sk.roc_auc_score(y == 4, scores[:, 4]) if (y == 4).any() else np.nan

    def mean_recall(y, scores):
        return np.mean([np.mean(scores[y == k].argmax(axis=1) == k) for k in set(y)])

    for slow, values in (
        (melanoma_auc, bootstrap.auc(weights, labels == 4, p[:, 4])),
        # The same with more positives than negatives.
        (melanoma_auc, bootstrap.auc(weights, labels != 4, -p[:, 4])),
        (mean_recall, bootstrap.mean_present(bootstrap.recalls(weights, labels, p.argmax(axis=1)))),
    ):
        low, high = cluster_bootstrap(slow, labels, p, owner, draws=100, seed=5)
        found = bootstrap.estimate(values)
        assert (found.value, found.low, found.high) == pytest.approx((slow(labels, p), low, high))


def test_resamples_without_a_value_are_left_out():
    found = bootstrap.estimate(np.array([0.5, np.nan, 0.4, 0.4]))
    assert found == Estimate(0.5, 0.4, 0.4)


@pytest.mark.parametrize("groups", [["L", "L"], []])
def test_one_lesion_is_refused(groups):
    with pytest.raises(DataError, match="at least 2 lesions"):
        bootstrap.cluster_weights(groups)


def test_a_share_of_independent_trials_has_an_exact_interval():
    found = bootstrap.proportion(37, 400, "exact")
    low, high = stats.beta.ppf([0.025, 0.975], [37, 38], [364, 363])
    assert (found.value, found.low, found.high) == pytest.approx((37 / 400, low, high))


def test_an_estimate_in_words():
    found = Estimate(-0.0004, -0.031, 0.02)
    assert found.text() == "0.000 [-0.031, 0.020]"
    assert found.text(signed=True) == "+0.000 [-0.031, +0.020]"
    assert Estimate(0.7531, 0.7, 0.8).text(percent=True) == "75.3 % [70.0, 80.0]"
    assert Estimate(np.nan, np.nan, np.nan).text() == "–"


@pytest.mark.parametrize(("ends", "side"), [((1, 4), 0), ((3, 4), 1), ((1, 1.5), -1), ((2, 3), 0)])
def test_an_interval_beside_a_target(ends, side):
    assert Estimate(0, *ends).compare(2) == side
    assert Estimate(0, *(end - 2 for end in ends)).sign == side
