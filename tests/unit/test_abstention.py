"""When a model answers: thresholds chosen on one set, measured on another."""

import numpy as np
import pytest

from skinlib.common.classes import CLASSES
from skinlib.predict import abstention
from skinlib.predict.abstention import ANSWERED, UNLIKE, UNSURE, Rule
from skinlib.stats.calibration import calibrated


def sure(confidences, classes):
    """Return probabilities with the given confidences, the rest spread evenly."""
    confidences = np.asarray(confidences, float)
    found = np.repeat(((1 - confidences) / 6)[:, None], 7, axis=1)
    found[np.arange(len(found)), classes] = confidences
    return found


def simulated(rng, count, temperature=1.0):
    """Draw labels from calibrated probabilities; return them sharpened by a temperature."""
    true = rng.dirichlet(np.full(7, 0.15), count)
    labels = (true.cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
    sharp = true ** (1 / temperature)
    return labels, sharp / sharp.sum(axis=1, keepdims=True)


def by_hand(labels, probabilities, risk):
    """Try every confidence that occurs as the threshold, from the lowest."""
    confidence, wrong = probabilities.max(axis=1), probabilities.argmax(axis=1) != labels
    for threshold in np.sort(confidence):
        if wrong[confidence >= threshold].mean() <= risk:
            return threshold
    return None


@pytest.mark.parametrize("risk", [0.05, 0.1, 0.3])
def test_least_confidence_is_the_lowest_that_keeps_the_risk(risk):
    """With all facts and without them: each threshold is that of its own predictions."""
    labels, probabilities = simulated(np.random.default_rng(1), 400, temperature=0.5)
    blind = 0.5 * probabilities + 0.5 * np.random.default_rng(4).dirichlet(np.ones(7), 400)
    rule = abstention.fit(labels, probabilities, blind=blind, risk=risk)
    assert rule.temperature == pytest.approx(2.0, rel=0.2)
    assert rule.distance is None
    for complete, given in ((True, probabilities), (False, blind)):
        scaled = calibrated(given, rule.temperature)
        assert rule.least(complete) == by_hand(labels, scaled, risk)
    same = abstention.fit(labels, probabilities, risk=risk)
    assert same.confidence == same.confidence_without == rule.confidence


def test_the_rule_holds_on_other_images_when_the_model_is_calibrated():
    rng = np.random.default_rng(2)
    rule = abstention.fit(*simulated(rng, 2000), distance=1.0)
    labels, probabilities = simulated(rng, 2000)
    distances = rng.random(2000) + 0.01
    found = abstention.measure(rule, labels, probabilities, np.arange(2000), distances)
    value, low, high = found["risk"]
    assert low < 0.1 < high
    assert value < found["error"][0] < found["error_passed_on"][0]
    assert found["unlike"][0] == pytest.approx(0.01, abs=0.006)
    assert 0.2 < found["coverage"][0] < 0.9


def test_a_model_that_is_never_correct_answers_nothing():
    labels = np.zeros(30, int)
    probabilities = sure(np.linspace(0.4, 0.9, 30), np.ones(30, int))
    rule = abstention.fit(labels, probabilities)
    assert rule.confidence is None
    assert set(rule.decide(probabilities)) == {UNSURE}
    found = abstention.measure(rule, labels, probabilities, np.arange(30))
    assert found["coverage"] == [0, 0, 0]
    assert found["risk"] is None


def test_decisions_at_and_around_the_thresholds():
    probabilities = sure([0.8, 0.79, 0.9, 0.3, 0.9], [0] * 5)
    rule = Rule(1.0, 0.8, 2.0)
    distances = [2.0, 1.0, 2.01, 9.0, np.nan]
    assert list(rule.decide(probabilities, distances)) == [
        ANSWERED, UNSURE, UNLIKE, UNLIKE, UNLIKE,
    ]  # fmt: skip
    # Without distances, or without a threshold for them, nothing is unlike.
    assert UNLIKE not in rule.decide(probabilities)
    assert UNLIKE not in Rule(1.0, 0.8).decide(probabilities, distances)
    # Each image has the threshold of what is known of it.
    rule, complete = Rule(1.0, 0.79, None, 0.9), np.array([True, False, False, True, True])
    assert list(rule.decide(probabilities, complete=complete)) == [
        ANSWERED, UNSURE, ANSWERED, UNSURE, ANSWERED,
    ]  # fmt: skip
    # No confidence was enough without facts: nothing is answered then.
    assert set(Rule(1.0, 0.1).decide(probabilities, complete=False)) == {UNSURE}


def test_melanomas_are_counted_by_what_became_of_them():
    mel, nv = CLASSES.index("mel"), CLASSES.index("nv")
    labels = np.array([mel, mel, mel, mel, nv])
    probabilities = sure([0.9, 0.9, 0.5, 0.9, 0.9], [mel, nv, mel, mel, nv])
    rule = Rule(1.0, 0.8, 2.0)
    found = abstention.measure(rule, labels, probabilities, list("abcde"), [1, 1, 1, 3, 1])
    assert found["melanoma"] == {"images": 4, "right": 1, "wrong": 1, "passed_on": 2}
    assert found["coverage"][0] == pytest.approx(3 / 5)
    assert found["risk"][0] == pytest.approx(1 / 3)
    assert found["unlike"][0] == pytest.approx(1 / 5)
    assert (found["images"], found["lesions"]) == (5, 5)
