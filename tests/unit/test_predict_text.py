"""What `predict` tells a person about one prediction."""

from pathlib import Path

import numpy as np

from skinlib.predict import abstention, predictions
from skinlib.predict.requests import Request


def text(confidence, status=abstention.ANSWERED, rule=None, facts=()):
    probabilities = np.full(7, (1 - confidence) / 6)
    probabilities[4] = confidence
    request = Request(Path("a.jpg"), "a.jpg", facts)
    return predictions.Prediction(request, status, probabilities, 1.5).text(rule)


def test_what_a_person_reads():
    """Nobody is promised 100 %; the threshold is that of the facts that are known."""
    for confidence, words in ((0.9951, "over 99% sure"), (0.9949, "99% sure"), (0.5, "50% sure")):
        assert f"melanoma (mel), {words}" in text(confidence)
    rule = abstention.Rule(1.0, 0.67, 1.0, 0.86)
    given = 50.0, "male", "back"
    assert "answers start at 67%\n" in text(0.5, abstention.UNSURE, rule, given)
    blind = text(0.5, abstention.UNSURE, rule, (None, "male", "back"))
    assert "answers start at 86% where age, sex or site is unknown" in blind
    never = abstention.Rule(1.0, None, 1.0)
    assert "was never sure enough" in text(0.5, abstention.UNSURE, never, given)
    assert "distance 1.5, answers go up to 1\n" in text(0.9, abstention.UNLIKE, rule, given)
