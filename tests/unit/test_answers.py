"""What an answer says to a person."""

from pathlib import Path

import numpy as np
import pytest

from skinlib.predict import abstention, answers
from skinlib.predict.cases import Case


def answer(confidence, status=abstention.ANSWERED, **facts):
    probabilities = np.full(7, (1 - confidence) / 6)
    probabilities[4] = confidence
    return answers.Answer(Case(Path("a.jpg"), "a.jpg", **facts), status, probabilities, 0.5)


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(0.9999, "over 99% sure"), (0.9951, "over 99% sure"), (0.9949, "99% sure"), (0.5, "50% sure")],
)
def test_nobody_is_told_a_hundred_per_cent(confidence, words):
    assert f"melanoma (mel), {words}" in answer(confidence).text()


def test_the_least_confidence_named_is_that_of_what_is_known():
    rule = abstention.Rule(1.0, 0.67, 1.0, 0.86)
    given = {"age": 50.0, "sex": "male", "site": "back"}
    full = answer(0.5, abstention.UNSURE, **given).text(rule)
    assert "answers start at 67%\n" in full
    blind = answer(0.5, abstention.UNSURE, **{**given, "age": None}).text(rule)
    assert "answers start at 86% where age, sex or site is unknown" in blind
    never = abstention.Rule(1.0, None, 1.0)
    assert "was never sure enough" in answer(0.5, abstention.UNSURE, **given).text(never)
