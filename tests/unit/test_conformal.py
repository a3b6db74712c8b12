"""Conformal thresholds: worked by hand, and a risk that is kept on new lesions."""

import numpy as np
import pytest

from skinlib.stats import conformal, selective

RISK = 0.1


def sample(rng, lesions):
    """Draw lesions of one to three photographs and an overconfident network for two classes."""
    sizes = rng.integers(1, 4, lesions)
    names = np.repeat(np.arange(lesions), sizes)
    hard = np.repeat(rng.random(lesions), sizes)
    confidence = 0.5 + 0.5 * rng.random(len(names)) ** 0.5
    wrong = rng.random(len(names)) < 0.6 * hard * (1.3 - confidence)
    probabilities = np.zeros((len(names), 7))
    probabilities[:, 0], probabilities[:, 1] = confidence, 1 - confidence
    return np.where(wrong, 1, 0), probabilities, names


def test_ten_lesions_by_hand():
    """Nine photographs from 0.9 down to 0.6 are sure; the errors at 0.8 and 0.7 cost 1 and 1/2."""
    confidence = np.array([0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.7, 0.65, 0.6, 0.55, 0.51])
    lesions = np.array([1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10])
    labels = np.array([0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0])
    probabilities = np.zeros((11, 7))
    probabilities[:, 0], probabilities[:, 1] = confidence, 1 - confidence
    # (errors + 1) / 11: 1/11 down to 0.85, 2/11 at 0.8, 2.5/11 from 0.7, 3.5/11 from 0.6.
    for risk, least in ((0.09, None), (0.1, 0.85), (0.19, 0.75), (0.23, 0.65), (0.32, 0.51)):
        assert conformal.least_confidence(labels, probabilities, lesions, risk) == least, risk


def test_a_sensitivity_by_hand():
    """Of 9 melanomas one may be missed for a sensitivity of 0.8, (1 + 1)/10; none for 0.9."""
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    lesions = np.arange(9)
    assert conformal.least_score(scores, lesions, 0.8) == 0.2
    assert conformal.least_score(scores, lesions, 0.9) == 0.1
    assert conformal.least_score(scores, lesions, 0.91) is None
    # The two photographs of a lesion are half a lesion each.
    assert conformal.least_score(np.append(scores, 0.05), np.append(lesions, 8), 0.85) == 0.1


@pytest.mark.parametrize("lesions", [40, 200])
def test_the_risk_is_kept_on_new_lesions(lesions):
    """On average over validation sets; the rule without the guarantee exceeds it."""
    rng = np.random.default_rng(0)
    new = sample(rng, 20_000)
    size = np.bincount(new[2])[new[2]]
    wrong = new[1].argmax(axis=1) != new[0]

    def risk(least):
        answered = new[1].max(axis=1) >= (2 if least is None else least)
        return np.sum(wrong * answered / size) / 20_000

    guaranteed, naive = [], []
    for _ in range(300):
        labels, probabilities, names = sample(rng, lesions)
        guaranteed.append(risk(conformal.least_confidence(labels, probabilities, names, RISK)))
        bad = probabilities.argmax(axis=1) != labels
        levels = np.unique(probabilities.max(axis=1))[::-1]
        shares = [np.mean(bad & (probabilities.max(axis=1) >= level)) for level in levels]
        good = np.flatnonzero(np.array(shares) <= RISK)
        naive.append(risk(levels[good[-1]] if len(good) else None))
    error = 3 * np.std(guaranteed) / np.sqrt(300)
    assert RISK - 2 / (lesions + 1) - error < np.mean(guaranteed) <= RISK + error
    assert np.mean(naive) > np.mean(guaranteed)


@pytest.mark.parametrize("wanted", [0.8, 0.9])
def test_the_sensitivity_is_kept_on_new_lesions(wanted):
    rng = np.random.default_rng(1)
    found = []
    for _ in range(2000):
        scores = rng.beta(2, 1, 60)
        least = conformal.least_score(scores[:30], np.arange(30), wanted)
        found.append(np.mean(scores[30:] >= (0 if least is None else least)))
    error = 3 * np.std(found) / np.sqrt(2000)
    assert wanted - error <= np.mean(found) < wanted + 1 / 31 + error


def test_the_plain_rule_controls_another_share():
    """Wrong among the answers is at least wrong among all: the plain threshold is the higher one."""
    rng = np.random.default_rng(2)
    labels, probabilities, lesions = sample(rng, 300)
    plain = selective.least_confidence(labels, probabilities, 0.05)
    assert plain >= conformal.least_confidence(labels, probabilities, lesions, 0.06)
