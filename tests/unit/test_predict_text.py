"""What `predict` tells a person about one prediction."""

from pathlib import Path

import numpy as np

from skinlib.predict import abstention, predictions
from skinlib.predict.requests import Request
from skinlib.stats.points import Decision


def rule_of(confidence, distance, without=None):
    return abstention.Rule(
        Decision(np.full(7, 1 / 7), 0.0, 1.0, confidence, 0.25), without, distance
    )


def text(confidence, status=abstention.ANSWERED, rule=None, facts=(), **points):
    probabilities = np.full(7, (1 - confidence) / 6)
    probabilities[4] = confidence
    request = Request(Path("a.jpg"), "a.jpg", facts)
    return predictions.Prediction(request, status, probabilities, 1.5, **points).text(rule)


def test_what_a_person_reads():
    """Nobody is promised 100 %; the threshold is that of the facts that are known."""
    for confidence, words in ((0.9951, "over 99% sure"), (0.9949, "99% sure"), (0.5, "50% sure")):
        assert f"melanoma (mel), {words}" in text(confidence)
    rule = rule_of(0.67, 1.0, 0.86)
    given = 50.0, "male", "back"
    assert "answers start at 67%\n" in text(0.5, abstention.UNSURE, rule, given)
    blind = text(0.5, abstention.UNSURE, rule, (None, "male", "back"))
    assert "answers start at 86% where age, sex or site is unknown" in blind
    never = rule_of(None, 1.0)
    assert "was never sure enough" in text(0.5, abstention.UNSURE, never, given)
    assert "distance 1.5, answers go up to 1\n" in text(0.9, abstention.UNLIKE, rule, given)


def test_both_operating_points_and_melanoma_are_named():
    rule = rule_of(0.1, 1.0)
    said = text(0.3, rule=rule, facts=(50.0, "male", "back"), alike=0, flagged=True)
    assert "answer: melanoma (mel), 30% sure\n" in said
    assert "every class alike: actinic keratosis / Bowen's disease (akiec)\n" in said
    assert "melanoma: 30.0%, above its threshold of 25.0%\n" in said
    unlike = text(0.3, abstention.UNLIKE, rule, alike=0, flagged=True)
    assert "alike" not in unlike
