"""Operating points: against what was put in, and against scikit-learn."""

import json

import numpy as np
import pytest
from sampled import SHARPER
from sklearn.metrics import balanced_accuracy_score

from skinlib.stats import points
from skinlib.stats.operating import MELANOMA


def test_the_probabilities_that_were_put_in_come_out(sample):
    labels, given, lesions, true = sample
    found = points.fit(labels, given, lesions)
    assert found.temperature == pytest.approx(SHARPER, rel=0.1)
    assert found.prior == pytest.approx(-SHARPER, rel=0.15)
    assert np.abs(found.probabilities(given) - true).mean() < 0.01
    np.testing.assert_allclose(found.shares, np.bincount(labels) / len(labels))


def test_no_other_shift_and_temperature_fit_better(sample):
    labels, given, lesions, _ = sample
    found = points.fit(labels, given, lesions)

    def loss(prior, temperature):
        scores = (np.log(given) - prior * np.log(found.shares)) / temperature
        scores -= scores.max(axis=1, keepdims=True)
        likelihood = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        return -np.log(likelihood[np.arange(len(labels)), labels]).mean()

    best = loss(found.prior, found.temperature)
    for step in (-0.2, 0.2):
        assert loss(found.prior + step, found.temperature) > best
        assert loss(found.prior, found.temperature + step) > best


def test_each_point_is_the_better_one_for_its_aim(sample):
    labels, given, lesions, _ = sample
    found = points.fit(labels, given, lesions)
    fitted = found.probabilities(given)
    data, alike = (found.named(fitted, point) for point in points.POINTS)
    np.testing.assert_array_equal(data, fitted.argmax(axis=1))
    np.testing.assert_array_equal(alike, (fitted / found.shares).argmax(axis=1))
    assert np.mean(data == labels) > np.mean(alike == labels) + 0.02
    assert balanced_accuracy_score(labels, alike) > balanced_accuracy_score(labels, data) + 0.05


def test_nine_in_ten_other_photographs_are_below_the_threshold(sample):
    labels, given, lesions, _ = sample
    found = points.fit(labels, given, lesions)
    others = found.probabilities(given)[labels != MELANOMA, MELANOMA]
    assert np.mean(others <= found.melanoma) == pytest.approx(0.9, abs=1e-3)


def test_too_few_lesions_for_the_risk_answer_nothing(sample):
    labels, given, lesions, _ = sample
    few = np.r_[:6, np.flatnonzero(labels == MELANOMA)[:2]]
    assert points.fit(labels[few], given[few], lesions[few], risk=0.1).confidence is None


def test_one_class_alone_moves_nothing_beyond_the_bounds():
    given = np.random.default_rng(0).dirichlet(np.ones(7), 40)
    found = points.fit(np.zeros(40, int), given, np.arange(40))
    assert abs(found.prior) <= points.PUSH * found.temperature + 1e-9
    assert np.isfinite(found.probabilities(given)).all()


def test_a_decision_is_the_same_from_json(sample):
    labels, given, lesions, _ = sample
    found = points.fit(labels, given, lesions)
    again = points.Decision.from_json(json.loads(json.dumps(found.to_json())))
    np.testing.assert_array_equal(again.probabilities(given), found.probabilities(given))
    assert again.to_json() == found.to_json()
