"""When a model answers: thresholds chosen on some photographs, measured on others."""

import types

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score

from skinlib.common.classes import CLASSES
from skinlib.predict import abstention, conditions
from skinlib.predict.abstention import ANSWERED, UNLIKE, UNSURE, Rule
from skinlib.predict.fitted import CrossFitted
from skinlib.stats.operating import MELANOMA
from skinlib.stats.points import ALIKE, AS_DATA, Decision


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
    return labels, sharp / sharp.sum(axis=1, keepdims=True), np.arange(count)


def rule_of(confidence, distance=None, without=None):
    """A rule that leaves the probabilities as they are."""
    shares = np.full(7, 1 / 7)
    return Rule(Decision(shares, 0.0, 1.0, confidence, 0.5), without, distance)


def by_hand(labels, probabilities, risk):
    """Try every confidence that occurs, from the highest; each lesion has one photograph."""
    confidence, wrong = probabilities.max(axis=1), probabilities.argmax(axis=1) != labels
    kept = [
        threshold
        for threshold in confidence
        if ((confidence >= threshold) & wrong).sum() + 1 <= risk * (len(labels) + 1)
    ]
    return min(kept, default=None)


@pytest.mark.parametrize("risk", [0.05, 0.1, 0.3])
def test_least_confidence_is_the_lowest_that_keeps_the_risk(risk):
    """With all facts and without them: each threshold is that of its own predictions."""
    labels, given, lesions = simulated(np.random.default_rng(1), 400, temperature=0.5)
    blind = 0.5 * given + 0.5 * np.random.default_rng(4).dirichlet(np.ones(7), 400)
    rule = abstention.fit(labels, given, lesions, blind=blind, risk=risk)
    assert rule.decision.temperature == pytest.approx(2.0, rel=0.2)
    assert rule.distance is None
    for complete, each in ((True, given), (False, blind)):
        fitted = rule.decision.probabilities(each)
        assert rule.least(complete) == by_hand(labels, fitted, risk)
    same = abstention.fit(labels, given, lesions, risk=risk)
    assert same.least() == same.confidence_without == rule.least()


def test_a_model_that_is_never_correct_answers_nothing():
    labels, lesions = np.arange(35) % 7, np.arange(35)
    wrong, right = (sure(np.linspace(0.4, 0.9, 35), (labels + k) % 7) for k in (1, 0))
    rule = abstention.fit(labels, wrong, lesions, risk=0.05)
    assert rule.least() is None
    assert abstention.fit(labels, right, lesions, risk=0.05).least() is not None
    answers = rule.answers(wrong)
    assert set(answers.status) == {UNSURE}
    found = abstention.measure(answers, labels, lesions)
    assert found["coverage"] == [0, 0, 0]
    assert found["risk"] is None


def test_decisions_at_and_around_the_thresholds():
    given = sure([0.8, 0.79, 0.9, 0.3, 0.9], [0] * 5)
    rule = rule_of(0.8 - 1e-9, 2.0)
    distances = [2.0, 1.0, 2.01, 9.0, np.nan]
    assert list(rule.answers(given, distances).status) == [
        ANSWERED, UNSURE, UNLIKE, UNLIKE, UNLIKE,
    ]  # fmt: skip
    # Without distances, or without a threshold for them, nothing is unlike.
    assert UNLIKE not in rule.answers(given).status
    assert UNLIKE not in rule_of(0.8).answers(given, distances).status
    # Each image has the threshold of what is known of it.
    rule, complete = rule_of(0.79 - 1e-9, None, 0.9 - 1e-9), np.array([1, 0, 0, 1, 1], bool)
    assert list(rule.answers(given, complete=complete).status) == [
        ANSWERED, UNSURE, ANSWERED, UNSURE, ANSWERED,
    ]  # fmt: skip
    # No confidence was enough without facts: nothing is answered then.
    assert set(rule_of(0.1).answers(given, complete=False).status) == {UNSURE}


def test_melanomas_are_counted_by_what_became_of_them():
    mel, nv = CLASSES.index("mel"), CLASSES.index("nv")
    labels = np.array([mel, mel, mel, mel, nv])
    given = sure([0.9, 0.9, 0.45, 0.9, 0.9], [mel, nv, mel, mel, nv])
    answers = rule_of(0.8, 2.0).answers(given, [1, 1, 1, 3, 1])
    found = abstention.measure(answers, labels, list("abcde"))
    assert found["melanoma"] == {"images": 4, "right": 1, "wrong": 1, "passed_on": 2}
    assert found["coverage"][0] == pytest.approx(3 / 5)
    assert found["risk"][0] == pytest.approx(1 / 3)
    assert found["wrong"][0] == found["unlike"][0] == pytest.approx(1 / 5)
    # Two of four melanomas are above 0.5, the nevus is not.
    assert (found["sensitivity"][0], found["specificity"][0]) == (0.5, 1)
    assert (found["images"], found["lesions"]) == (5, 5)


FOLDS = np.random.default_rng(1).integers(0, 5, 3000).repeat(2)


def cross_fitted(labels, given, lesions):
    joined = types.SimpleNamespace(labels=labels, lesions=lesions, folds=FOLDS)
    return CrossFitted(joined, given).answers(given)


@pytest.fixture(scope="module")
def crossed(sample):
    return cross_fitted(*sample[:3])


def test_a_fold_is_answered_without_its_labels(sample, crossed):
    labels, given, lesions, _ = sample
    here = FOLDS == 2
    again = cross_fitted(np.where(here, (labels + 1) % 7, labels), given, lesions)
    # And as if it were new, by what is fitted on the rest.
    rest = abstention.fit(labels[~here], given[~here], lesions[~here]).answers(given[here])
    for name in ("probabilities", "status", "alike", "flagged"):
        found = getattr(crossed, name)
        np.testing.assert_array_equal(getattr(again, name)[here], found[here])
        np.testing.assert_array_equal(getattr(rest, name), found[here])
    assert (again.probabilities[~here] != crossed.probabilities[~here]).any()


def test_what_is_measured_is_what_scikit_learn_measures(sample, crossed):
    labels, _, lesions, _ = sample
    found = abstention.measure(crossed, labels, lesions)
    for point, named in crossed.named.items():
        scores = found["points"][point]
        assert scores["accuracy"][0] == pytest.approx(np.mean(named == labels))
        assert scores["mean_recall"][0] == pytest.approx(balanced_accuracy_score(labels, named))
        recalls = recall_score(labels, named, average=None)
        assert scores["recalls"]["mel"][0] == pytest.approx(recalls[MELANOMA])
        for value, low, high in (scores["accuracy"], *scores["recalls"].values()):
            assert low <= value <= high
    data, alike = (found["points"][point] for point in (AS_DATA, ALIKE))
    assert data["accuracy"][0] > alike["accuracy"][0] + 0.02
    assert alike["mean_recall"][0] > data["mean_recall"][0] + 0.05


def test_the_risk_and_the_specificity_are_kept_on_the_other_folds(sample, crossed):
    labels, _, lesions, _ = sample
    found = abstention.measure(crossed, labels, lesions)
    assert found["wrong"][1] <= 0.1
    assert 0.05 < found["wrong"][0] < 0.13
    assert 0.3 < found["coverage"][0] <= 1
    assert found["specificity"][0] == pytest.approx(0.9, abs=0.02)
    assert found["sensitivity"][0] > 0.5


LABELS = np.repeat(np.arange(7), 10)
RIGHT = 0.9 * np.eye(7)[LABELS] + 0.1 / 7


def without_facts(blind):
    rule = rule_of(0.5, without=0.5)
    answers = {"given": rule.answers(RIGHT), "without facts": rule.answers(blind, None, False)}
    return conditions.compare(answers, LABELS, np.arange(70) // 2)


def test_the_same_answers_make_no_difference():
    found = without_facts(RIGHT)
    assert found["without facts"]["difference"] == {"accuracy": [0, 0, 0], "mean_recall": [0, 0, 0]}
    assert found["given"]["accuracy"] == [1, 1, 1]


def test_a_class_that_is_lost_costs_its_share_on_the_same_draws():
    """All of class 0 become class 1: a seventh of the mean recall, a sixth where one is not drawn."""
    blind = RIGHT.copy()
    blind[LABELS == 0] = RIGHT[10]
    change = without_facts(blind)["without facts"]["difference"]
    assert change["mean_recall"] == pytest.approx([-1 / 7] * 3, abs=1 / 42)
    value, low, high = change["accuracy"]
    # Of 35 lesions 5 turn wrong: binomial, on average 5 a draw with a deviation of 2.07.
    assert value == pytest.approx(-1 / 7)
    assert low == pytest.approx(-1 / 7 - 1.96 * 2.07 / 35, abs=0.03)
    assert high == pytest.approx(-1 / 7 + 1.96 * 2.07 / 35, abs=0.03)
