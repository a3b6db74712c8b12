"""Risk and coverage against sorting by hand and trying all orders; thresholds against the ROC."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from skinlib.common.errors import DataError
from skinlib.stats import selective
from skinlib.stats.bootstrap import cluster_weights
from skinlib.stats.selective import curve


def predicted(confidence, correct):
    """Labels and probabilities that predict class 0 with the given confidence."""
    rest = (1 - np.asarray(confidence)) / 6
    return np.where(correct, 0, 1), np.column_stack([confidence, *[rest] * 6])


def brute(confidence, wrong, orders=50, seed=0):
    """Risk after 1 … n answers, averaged over random orders of equal confidences."""
    rng = np.random.default_rng(seed)
    curves = []
    for _ in range(orders):
        order = np.lexsort([rng.random(len(wrong)), -confidence])
        curves.append(np.cumsum(wrong[order]) / np.arange(1, len(wrong) + 1))
    return np.mean(curves, axis=0)


def test_by_hand_without_ties():
    coverage, risk = curve(*predicted([0.9, 0.5, 0.8, 0.6], np.array([1, 0, 0, 1], bool)))
    np.testing.assert_allclose(coverage, [0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(risk, [0, 1 / 2, 1 / 3, 1 / 2])


def test_equal_confidences_are_answered_together():
    """Where a run of equal ones ends, the order within it does not matter."""
    rng = np.random.default_rng(1)
    confidence = rng.choice([0.4, 0.6, 0.9], 12)
    wrong = rng.random(12) < 0.4
    coverage, risk = curve(*predicted(confidence, ~wrong))
    ends = np.cumsum([np.sum(confidence == level) for level in (0.9, 0.6, 0.4)])
    np.testing.assert_allclose(coverage, ends / 12)
    np.testing.assert_allclose(risk, brute(confidence, wrong)[ends - 1])
    coverage, risk = curve(*predicted(np.full(10, 0.7), np.arange(10) < 7))
    assert (coverage.tolist(), risk.tolist()) == ([1.0], [0.3])


def scores(seed=0, count=300):
    rng = np.random.default_rng(seed)
    positive = rng.random(count) < 0.2
    return np.round(rng.random(count) * 0.7 + 0.3 * positive, 2), positive


@pytest.mark.parametrize("target", [0.5, 0.9, 0.95, 1.0])
def test_the_threshold_is_the_lowest_that_reaches_the_specificity(target):
    values, positive = scores()
    threshold = selective.threshold_at(values, positive, target)
    assert np.mean(values[~positive] <= threshold) >= target
    assert np.mean(values[~positive] < threshold) < target
    # On the images that chose it, it has the sensitivity that the ROC curve promises.
    false, true, _ = roc_curve(positive, values, drop_intermediate=False)
    promised = true[1 - false >= target - 1e-9].max()
    ones = np.ones((1, len(values)))
    found = selective.roc_sensitivity(ones, values, positive, target)[0]
    assert found == pytest.approx(promised) == np.mean(values[positive] > threshold)


def test_the_roc_reading_under_weights_is_that_of_copies():
    values, positive = scores(3, 90)
    weights = cluster_weights(np.arange(90) // 2, 40)
    found = selective.roc_sensitivity(weights, values, positive, 0.9)
    for row, times in enumerate(weights.astype(int)):
        rows = np.repeat(np.arange(90), times)
        false, true, _ = roc_curve(positive[rows], values[rows], drop_intermediate=False)
        assert found[row] == pytest.approx(true[1 - false >= 0.9 - 1e-9].max())


def test_no_threshold_without_negatives():
    values, positive = scores()
    with pytest.raises(DataError, match="0 negatives"):
        selective.threshold_at(values, np.ones_like(positive), 0.9)
    with pytest.raises(DataError, match=r"specificity of 1\.5"):
        selective.threshold_at(values, positive, 1.5)
    lone = selective.roc_sensitivity(np.ones((1, 3)), np.arange(3.0), np.ones(3, bool), 0.9)
    assert np.isnan(lone).all()
