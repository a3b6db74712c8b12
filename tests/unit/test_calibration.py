"""Calibration, against scikit-learn, hand-worked bins and a known temperature."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn import metrics as sk
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.frozen import FrozenEstimator

from skinlib.stats import calibration as cal


def make(count=4000, temperature=1.0, seed=0):
    """Labels drawn from probabilities; what is returned is that distribution sharpened."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, 7))
    true = softmax(logits, axis=1)
    labels = (true.cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
    return labels, softmax(logits * temperature, axis=1)


def confident(confidence):
    """Rows that predict class 0 with the given confidence."""
    rest = (1 - np.asarray(confidence)) / 6
    return np.column_stack([confidence, *[rest] * 6])


def test_bins_by_hand():
    # 0.6 is on an edge of five bins, and belongs to the bin below.
    probabilities = confident([0.55, 0.6, 0.7, 0.9, 1.0])
    labels = np.array([0, 1, 0, 0, 1])
    rows = cal.reliability(labels, probabilities, bins=5)
    np.testing.assert_allclose(rows["high"], [0.6, 0.8, 1.0])
    assert list(rows["images"]) == [2, 1, 2]
    np.testing.assert_allclose(rows["confidence"], [0.575, 0.7, 0.95])
    np.testing.assert_allclose(rows["accuracy"], [0.5, 1.0, 0.5])
    by_hand = (2 * 0.075 + 0.3 + 2 * 0.45) / 5
    assert cal.ece(labels, probabilities, bins=5) == pytest.approx(by_hand)


def test_points_are_those_of_scikit_learn():
    labels, probabilities = make(2000, 2.0)
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    accuracy, mean = calibration_curve(correct, confidence, n_bins=10)
    rows = cal.reliability(labels, probabilities, 10)
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
    sure = np.eye(7)[[0, 0]]
    assert np.isfinite(cal.losses(np.array([0, 1]), sure)).all()
    assert cal.losses(np.array([0, 1]), sure)[:, 0].tolist() == [0, 2]


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


def test_scaling_changes_no_class_and_one_changes_nothing():
    _, probabilities = make(200)
    np.testing.assert_allclose(cal.calibrated(probabilities, 1), probabilities)
    softer = cal.calibrated(probabilities, 4)
    assert (softer.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    assert (softer.max(axis=1) < probabilities.max(axis=1)).all()
    assert np.isfinite(cal.calibrated(np.eye(7), 2)).all()
    # A model that is always correct ends at the end of the range.
    always = probabilities.argmax(axis=1)
    assert cal.fit_temperature(always, probabilities) == pytest.approx(cal.RANGE[0], rel=0.01)


def test_chance_alone_gives_an_error():
    """Of a calibrated model, 19 in 20 sets of labels must stay below the bound."""
    _, probabilities = make(1000)
    median, high = cal.chance_ece(probabilities, np.arange(1000))
    rng = np.random.default_rng(9)
    seen = []
    for _ in range(200):
        drawn = (probabilities.cumsum(axis=1) > rng.random((1000, 1))).argmax(axis=1)
        seen.append(cal.ece(drawn, probabilities))
    # 200 sets at 0.05: standard error 0.015.
    assert np.mean(np.array(seen) > high) == pytest.approx(0.05, abs=0.045)
    assert np.median(seen) == pytest.approx(median, rel=0.05)
    # Five copies of a photograph leave as much to chance as the photograph; were they five
    # lesions they would leave less than half: 1 / sqrt(5).
    copies = np.repeat(probabilities, 5, axis=0)
    assert cal.chance_ece(copies, np.arange(5000) // 5) == pytest.approx((median, high))
    assert cal.chance_ece(copies, np.arange(5000))[0] < 0.6 * median


def test_overconfidence_has_a_sign():
    weights = np.ones((1, 4000))
    for temperature, sign in ((0.4, -1), (3.0, 1)):
        found = cal.overconfidence(weights, *make(4000, temperature))
        assert sign * found[0] > 0.05
    assert abs(cal.overconfidence(weights, *make(4000))[0]) < 0.02
