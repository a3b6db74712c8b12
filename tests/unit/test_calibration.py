"""Calibration, against scikit-learn, hand-worked bins and a known temperature."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn import metrics as sk
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.frozen import FrozenEstimator

from skinlib.stats import calibration as cal


def make(count=4000, temperature=1.0):
    """Labels drawn from probabilities; what is returned is that distribution sharpened."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (count, 7))
    return drawn(softmax(logits, axis=1), rng), softmax(logits * temperature, axis=1)


def drawn(probabilities, rng):
    return (probabilities.cumsum(axis=1) > rng.random((len(probabilities), 1))).argmax(axis=1)


def test_bins_by_hand():
    confidence = np.array([0.55, 0.6, 0.7, 0.95, 1.0])
    probabilities = np.column_stack([confidence, *[(1 - confidence) / 6] * 6])
    labels = np.array([0, 1, 0, 0, 1])
    rows = cal.reliability(labels, probabilities)
    # 0.6 is on an edge of the fifteen bins, and belongs to the bin below.
    np.testing.assert_allclose(rows["high"], [0.6, 11 / 15, 1.0])
    assert list(rows["images"]) == [2, 1, 2]
    np.testing.assert_allclose(rows["confidence"], [0.575, 0.7, 0.975])
    np.testing.assert_allclose(rows["accuracy"], [0.5, 1.0, 0.5])
    by_hand = (2 * 0.075 + 0.3 + 2 * 0.475) / 5
    assert cal.ece(labels, probabilities) == pytest.approx(by_hand)


def test_points_are_those_of_scikit_learn():
    labels, probabilities = make(2000, 2.0)
    correct = probabilities.argmax(axis=1) == labels
    accuracy, mean = calibration_curve(correct, probabilities.max(axis=1), n_bins=cal.BINS)
    rows = cal.reliability(labels, probabilities)
    np.testing.assert_allclose(rows["accuracy"], accuracy)
    np.testing.assert_allclose(rows["confidence"], mean)


def test_losses_are_those_of_scikit_learn():
    labels, probabilities = make(300)
    brier, nll = cal.losses(labels, probabilities).mean(axis=0)
    every = {"labels": list(range(7))}
    assert nll == pytest.approx(sk.log_loss(labels, probabilities, **every))
    assert brier == pytest.approx(
        sk.brier_score_loss(labels, probabilities, scale_by_half=False, **every)
    )
    # Sure and wrong: bad, not infinite.
    sure = cal.losses(np.array([0, 1]), np.eye(7)[[0, 0]])
    assert np.isfinite(sure).all()
    assert sure[:, 0].tolist() == [0, 2]


class Given(ClassifierMixin, BaseEstimator):
    """A classifier of scikit-learn whose input are its probabilities."""

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, x):
        return x

    def predict(self, x):
        return self.classes_[x.argmax(axis=1)]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_is_that_of_scikit_learn_and_near_the_true_one(temperature):
    labels, probabilities = make(6000, temperature)
    found = cal.fit_temperature(labels, probabilities)
    frozen = FrozenEstimator(Given().fit(probabilities, labels))
    oracle = CalibratedClassifierCV(frozen, method="temperature").fit(probabilities, labels)
    scaled = cal.calibrated(probabilities, found)
    np.testing.assert_allclose(scaled, oracle.predict_proba(probabilities), atol=1e-5)
    # The standard error is about 2 % with so many labels.
    assert found == pytest.approx(temperature, rel=0.06)
    assert cal.ece(labels, scaled) < 0.02


def test_a_model_that_is_always_right_or_certain_has_a_temperature():
    _, probabilities = make(200)
    np.testing.assert_allclose(cal.calibrated(probabilities, 1), probabilities)
    always = probabilities.argmax(axis=1)
    assert cal.fit_temperature(always, probabilities) == pytest.approx(cal.RANGE[0], rel=0.01)
    assert np.isfinite(cal.calibrated(np.eye(7), 2)).all()


def test_chance_alone_gives_an_error():
    """Of a calibrated model, 19 in 20 sets of labels must stay below the bound."""
    _, probabilities = make(1000)
    high, rng = cal.chance_ece(probabilities, np.arange(1000)), np.random.default_rng(9)
    seen = [cal.ece(drawn(probabilities, rng), probabilities) for _ in range(200)]
    # 200 sets at 0.05: standard error 0.015.
    assert np.mean(np.array(seen) > high) == pytest.approx(0.05, abs=0.045)
    # Five copies of a photograph leave as much to chance as the photograph; were they five
    # lesions they would leave less than half: 1 / sqrt(5).
    copies = np.repeat(probabilities, 5, axis=0)
    assert cal.chance_ece(copies, np.arange(5000) // 5) == pytest.approx(high)
    assert cal.chance_ece(copies, np.arange(5000)) < high / 2


def test_overconfidence_by_hand():
    weights = np.array([[1, 1], [2, 0], [0, 1]])
    p = np.column_stack([[0.9, 0.6], *[[0.1 / 6, 0.4 / 6]] * 6])
    # Correct with 0.9, wrong with 0.6.
    found = cal.overconfidence(weights, np.array([0, 1]), p)
    np.testing.assert_allclose(found, [(-0.1 + 0.6) / 2, -0.1, 0.6])
