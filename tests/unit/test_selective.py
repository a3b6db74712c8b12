"""Risk, coverage and thresholds by hand and against the ROC; a guarantee kept on new lesions."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from skinlib.common.errors import DataError
from skinlib.stats import selective
from skinlib.stats.bootstrap import cluster_weights

RISK = 0.1


def predicted(confidence, correct):
    """Labels and probabilities that predict class 0 with the given confidence."""
    rest = (1 - np.asarray(confidence)) / 6
    return np.where(correct, 0, 1), np.column_stack([confidence, *[rest] * 6])


def test_by_hand_without_ties():
    case = predicted([0.9, 0.5, 0.8, 0.6], np.array([1, 0, 0, 1], bool))
    coverage, risk = selective.curve(*case)
    np.testing.assert_allclose(coverage, [0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(risk, [0, 1 / 2, 1 / 3, 1 / 2])
    for wanted, least in ((0.5, 0.5), (0.4, 0.6), (0.3, 0.9)):
        assert selective.least_confidence(*case, wanted) == least
    assert selective.least_confidence(*predicted([0.9], np.array([False])), 0.5) is None


def test_equal_confidences_are_answered_together():
    """Where a run of equal ones ends, the order within it does not matter."""
    rng = np.random.default_rng(1)
    confidence, wrong = rng.choice([0.4, 0.6, 0.9], 12), rng.random(12) < 0.4
    coverage, risk = selective.curve(*predicted(confidence, ~wrong))
    answered = [confidence >= level for level in (0.9, 0.6, 0.4)]
    np.testing.assert_allclose(coverage, [each.mean() for each in answered])
    np.testing.assert_allclose(risk, [wrong[each].mean() for each in answered])
    coverage, risk = selective.curve(*predicted(np.full(10, 0.7), np.arange(10) < 7))
    assert (coverage.tolist(), risk.tolist()) == ([1.0], [0.3])


def test_ten_lesions_by_hand():
    """Nine photographs from 0.9 down to 0.6 are sure; the errors at 0.8 and 0.7 cost 1 and 1/2."""
    confidence = np.array([0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.7, 0.65, 0.6, 0.55, 0.51])
    lesions = np.array([1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10])
    wrong = np.array([0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0], bool)
    # (errors + 1) / 11: 1/11 down to 0.85, 2/11 at 0.8, 2.5/11 from 0.7, 3.5/11 from 0.6.
    for risk, least in ((0.09, None), (0.1, 0.85), (0.19, 0.75), (0.23, 0.65), (0.32, 0.51)):
        case = predicted(confidence, ~wrong)
        assert selective.guaranteed_confidence(*case, lesions, risk) == least, risk


def test_a_sensitivity_by_hand():
    """Of 9 melanomas one may be missed for a sensitivity of 0.8, (1 + 1)/10; none for 0.9."""
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    lesions = np.arange(9)
    for wanted, threshold in ((0.8, 0.2), (0.9, 0.1), (0.91, None)):
        assert selective.guaranteed_score(scores, lesions, wanted) == threshold
    # The two photographs of a lesion are half a lesion each.
    more = np.append(scores, 0.05), np.append(lesions, 8)
    assert selective.guaranteed_score(*more, 0.85) == 0.1


def sample(rng, lesions):
    """Draw lesions of one to three photographs and an overconfident network."""
    sizes = rng.integers(1, 4, lesions)
    names = np.repeat(np.arange(lesions), sizes)
    hard = np.repeat(rng.random(lesions), sizes)
    confidence = 0.5 + 0.5 * rng.random(len(names)) ** 0.5
    wrong = rng.random(len(names)) < 0.6 * hard * (1.3 - confidence)
    return *predicted(confidence, ~wrong), names


@pytest.mark.parametrize("lesions", [40, 200])
def test_the_risk_is_kept_on_new_lesions(lesions):
    """On average over validation sets; the rule without the guarantee exceeds it."""
    rng = np.random.default_rng(0)
    labels, probabilities, names = sample(rng, 20_000)
    size = np.bincount(names)[names]
    sure, wrong = probabilities.max(axis=1), probabilities.argmax(axis=1) != labels

    def risk(least):
        return np.sum(wrong * (sure >= (2 if least is None else least)) / size) / 20_000

    guaranteed, naive = [], []
    for _ in range(300):
        case = sample(rng, lesions)
        guaranteed.append(risk(selective.guaranteed_confidence(*case, RISK)))
        levels, bad = case[1].max(axis=1), case[1].argmax(axis=1) != case[0]
        good = [level for level in levels if np.mean(bad & (levels >= level)) <= RISK]
        naive.append(risk(min(good, default=None)))
    error = 3 * np.std(guaranteed) / np.sqrt(300)
    assert RISK - 2 / (lesions + 1) - error < np.mean(guaranteed) <= RISK + error
    assert np.mean(naive) > np.mean(guaranteed)


@pytest.fixture
def scores():
    """300 scores with ties, and which of them are positive."""
    rng = np.random.default_rng(0)
    positive = rng.random(300) < 0.2
    return np.round(rng.random(300) * 0.7 + 0.3 * positive, 2), positive


@pytest.mark.parametrize("target", [0.5, 0.9, 0.95, 1.0])
def test_the_threshold_is_the_lowest_that_reaches_the_specificity(scores, target):
    values, positive = scores
    threshold = selective.threshold_at(values, positive, target)
    assert np.mean(values[~positive] <= threshold) >= target
    assert np.mean(values[~positive] < threshold) < target
    # On the images that chose it, it has the sensitivity that the ROC curve promises.
    found = selective.roc_sensitivity(np.ones((1, 300)), values, positive, target)[0]
    assert found == pytest.approx(np.mean(values[positive] > threshold))


def test_the_roc_reading_is_that_of_scikit_learn_on_copies(scores):
    values, positive = (each[:90] for each in scores)
    weights = cluster_weights(np.arange(90) // 2, 40)
    found = selective.roc_sensitivity(weights, values, positive, 0.9)
    for row, times in enumerate(weights.astype(int)):
        rows = np.repeat(np.arange(90), times)
        false, true, _ = roc_curve(positive[rows], values[rows], drop_intermediate=False)
        assert found[row] == pytest.approx(true[1 - false >= 0.9 - 1e-9].max())


def test_no_threshold_without_negatives(scores):
    every = np.ones(300, bool)
    with pytest.raises(DataError, match="without negatives"):
        selective.threshold_at(scores[0], every, 0.9)
    assert np.isnan(selective.roc_sensitivity(np.ones((1, 300)), scores[0], every, 0.9)).all()


@pytest.mark.parametrize("wanted", [0.8, 0.9])
def test_the_sensitivity_is_kept_on_new_lesions(wanted):
    rng = np.random.default_rng(1)
    found = []
    for _ in range(2000):
        scores = rng.beta(2, 1, 60)
        least = selective.guaranteed_score(scores[:30], np.arange(30), wanted)
        found.append(np.mean(scores[30:] >= (0 if least is None else least)))
    error = 3 * np.std(found) / np.sqrt(2000)
    assert wanted - error <= np.mean(found) < wanted + 1 / 31 + error
