"""Net benefit against a hand-worked case and the formula of Vickers and Elkin."""

import numpy as np
import pytest

from skinlib.stats import decision


def test_a_hand_worked_case():
    # Ten photographs, three melanomas; acting on four finds two: (2 - 2 * 0.25 / 0.75) / 10.
    positive = np.arange(10) < 3
    acted = np.isin(np.arange(10), [0, 1, 7, 8])
    found = decision.net_benefit(np.ones((1, 10)), positive, acted, 0.25)
    assert found == pytest.approx([(2 - 2 / 3) / 10])


def test_resamples_count_photographs_as_often_as_they_were_drawn():
    positive, acted = np.array([True, False, False]), np.array([True, True, False])
    weights = np.array([[2.0, 0.0, 1.0], [0.0, 3.0, 1.0]])
    found = decision.net_benefit(weights, positive, acted, 0.2)
    assert found == pytest.approx([2 / 3, -3 * 0.25 / 4])


def test_the_curve(rng):
    labels = rng.integers(0, 7, 300)
    probabilities = rng.dirichlet(np.ones(7), 300)
    # A model that knows the diagnosis gains all that can be gained; one that guesses, nothing.
    perfect = np.eye(7)[labels]
    lesions = np.arange(300) // 2
    share = (labels == decision.MELANOMA).mean()
    known = decision.curve(labels, perfect, lesions)
    for threshold, model, everyone, gain in known.itertuples(index=False):
        acting = 1000 * (share - (1 - share) * threshold / (1 - threshold))
        assert model.value == pytest.approx(1000 * share)
        assert everyone == pytest.approx(acting)
        assert gain.value == pytest.approx(1000 * share - max(acting, 0))
    guessed = decision.curve(labels, probabilities, lesions, (0.5,))
    assert guessed["Gain"][0].high < 10
