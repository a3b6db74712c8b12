"""What leaving out the facts about a patient costs, on answers made by hand."""

import types

import numpy as np
import pytest

from skinlib.predict.abstention import Rule
from skinlib.predict.measure import without_facts
from skinlib.stats.points import Decision

LABELS = np.repeat(np.arange(7), 10)
LESIONS = np.array([f"lesion {k // 2}" for k in range(70)])
RIGHT = 0.9 * np.eye(7)[LABELS] + 0.1 / 7


@pytest.fixture
def measured():
    def measure(blind):
        rule = Rule(Decision(np.full(7, 1 / 7), 0.0, 1.0, 0.5, 0.5), 0.5)
        answers = {"given": rule.answers(RIGHT), "without facts": rule.answers(blind, None, False)}
        held = types.SimpleNamespace(labels=LABELS, lesions=LESIONS, answers=answers)
        return without_facts(held)

    return measure


def test_the_same_answers_make_no_difference(measured):
    found = measured(RIGHT)
    assert found["without facts"]["difference"] == {"accuracy": [0, 0, 0], "mean_recall": [0, 0, 0]}
    assert found["given"]["accuracy"] == [1, 1, 1]


def test_a_class_that_is_lost_costs_its_share_on_the_same_draws(measured):
    """All of class 0 become class 1: a seventh of the mean recall, a sixth where one is not drawn."""
    blind = RIGHT.copy()
    blind[LABELS == 0] = RIGHT[10]
    change = measured(blind)["without facts"]["difference"]
    assert change["mean_recall"] == pytest.approx([-1 / 7] * 3, abs=1 / 42)
    value, low, high = change["accuracy"]
    # Of 35 lesions 5 turn wrong: binomial, on average 5 a draw with a deviation of 2.07.
    assert value == pytest.approx(-1 / 7)
    assert low == pytest.approx(-1 / 7 - 1.96 * 2.07 / 35, abs=0.03)
    assert high == pytest.approx(-1 / 7 + 1.96 * 2.07 / 35, abs=0.03)
