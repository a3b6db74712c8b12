"""Operating points fitted out of fold: against what was put in, scikit-learn and new photographs."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score

from skinlib.stats import crossfit
from skinlib.stats.crossfit import ALIKE, AS_DATA, POINTS
from skinlib.stats.operating import MELANOMA

SHARES = np.array([0.03, 0.05, 0.11, 0.03, 0.11, 0.62, 0.05])
SHARPER = 1.7


@pytest.fixture(scope="module")
def sample():
    """A network for equal frequencies that is too sure, of lesions with two photographs."""
    rng = np.random.default_rng(0)
    labels = np.repeat(rng.choice(7, 3000, p=SHARES), 2)
    seen = np.eye(7)[labels] * 1.8 + rng.normal(size=(6000, 7))
    true = np.exp(1.8 * seen) * SHARES
    true /= true.sum(axis=1, keepdims=True)
    given = (true / SHARES) ** SHARPER
    return labels, given / given.sum(axis=1, keepdims=True), np.repeat(np.arange(3000), 2), true


@pytest.fixture(scope="module")
def folds(sample):
    return np.random.default_rng(1).integers(0, 5, 3000).repeat(2)


@pytest.fixture(scope="module")
def crossfitted(sample, folds):
    return crossfit.crossfit(*sample[:3], folds)


def test_the_probabilities_that_were_put_in_come_out(sample):
    labels, given, lesions, true = sample
    found = crossfit.fit(labels, given, lesions)
    assert found.temperature == pytest.approx(SHARPER, rel=0.1)
    assert found.prior == pytest.approx(-SHARPER, rel=0.15)
    assert np.abs(found.probabilities(given) - true).mean() < 0.01
    np.testing.assert_allclose(found.shares, np.bincount(labels) / len(labels))
    # Bayes' rule for equal frequencies takes the shares off once.
    assert found.alike == pytest.approx(1, abs=0.3)


def test_no_other_shift_and_temperature_fit_better(sample):
    labels, given, lesions, _ = sample
    found = crossfit.fit(labels, given, lesions)

    def loss(prior, temperature):
        scores = (np.log(given) - prior * np.log(found.shares)) / temperature
        scores -= scores.max(axis=1, keepdims=True)
        likelihood = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        return -np.log(likelihood[np.arange(len(labels)), labels]).mean()

    best = loss(found.prior, found.temperature)
    for step in (-0.2, 0.2):
        assert loss(found.prior + step, found.temperature) > best
        assert loss(found.prior, found.temperature + step) > best


def test_a_fold_is_decided_without_its_labels(sample, folds, crossfitted):
    labels, given, lesions, _ = sample
    here = folds == 2
    turned = np.where(here, (labels + 1) % 7, labels)
    again = crossfit.crossfit(turned, given, lesions, folds)
    for point in POINTS:
        np.testing.assert_array_equal(again.named[point][here], crossfitted.named[point][here])
        np.testing.assert_array_equal(
            again.answered[point][here], crossfitted.answered[point][here]
        )
    np.testing.assert_array_equal(again.melanoma[here], crossfitted.melanoma[here])
    np.testing.assert_array_equal(again.probabilities[here], crossfitted.probabilities[here])
    assert (again.probabilities[~here] != crossfitted.probabilities[~here]).any()
    # And as if it were new, by what is fitted on the rest.
    rest = crossfit.fit(labels[~here], given[~here], lesions[~here])
    np.testing.assert_array_equal(
        crossfit.decide(rest, given[here]).named[ALIKE], crossfitted.named[ALIKE][here]
    )


def test_each_point_is_the_better_one_for_its_aim(sample, crossfitted):
    labels, _, lesions, _ = sample
    found = crossfit.measure(crossfitted, labels, lesions)
    for point in POINTS:
        named = crossfitted.named[point]
        assert found[point]["accuracy"].value == pytest.approx(np.mean(named == labels))
        assert found[point]["mean recall"].value == pytest.approx(
            balanced_accuracy_score(labels, named)
        )
        recalls = recall_score(labels, named, average=None)
        assert found[point]["recall mel"].value == pytest.approx(recalls[MELANOMA])
        for each in found[point].values():
            assert each.low <= each.value <= each.high
    assert found[AS_DATA]["accuracy"].value > found[ALIKE]["accuracy"].value + 0.02
    assert found[ALIKE]["mean recall"].value > found[AS_DATA]["mean recall"].value + 0.05


def test_the_risk_and_the_specificity_are_kept_on_the_other_folds(sample, crossfitted):
    labels, _, lesions, _ = sample
    found = crossfit.measure(crossfitted, labels, lesions)
    for point in POINTS:
        assert found[point]["wrong"].low <= 0.1
        assert 0.05 < found[point]["wrong"].value < 0.13
        assert 0.3 < found[point]["answered"].value <= 1
    assert found["melanoma"]["specificity"].value == pytest.approx(0.9, abs=0.02)
    assert found["melanoma"]["sensitivity"].value > 0.5


def test_too_few_lesions_for_the_risk_answer_nothing(sample):
    labels, given, lesions, _ = sample
    few = np.r_[:6, np.flatnonzero(labels == MELANOMA)[:2]]
    found = crossfit.fit(labels[few], given[few], lesions[few], risk=0.1)
    assert found.confidence == {AS_DATA: None, ALIKE: None}
    assert not crossfit.decide(found, given[:50]).answered[ALIKE].any()
