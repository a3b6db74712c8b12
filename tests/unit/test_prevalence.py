"""Probabilities for other class shares: by hand, against a search, and in simulation."""

import types

import numpy as np
import pytest
import scipy

from skinlib.stats import prevalence

SHARES = np.array([0.03, 0.05, 0.11, 0.01, 0.11, 0.67, 0.02])
SOURCE = np.array([0.05, 0.1, 0.15, 0.05, 0.15, 0.4, 0.1])
TARGET = np.array([0.1, 0.05, 0.3, 0.1, 0.25, 0.1, 0.1])


def simulate(count):
    """Labels and calibrated probabilities of a model that sees a noisy sign of the class."""
    rng = np.random.default_rng(0)
    labels = rng.choice(7, count, p=SHARES)
    seen = np.eye(7)[labels] * 1.5 + rng.normal(size=(count, 7))
    # The normal densities around each class, times the shares: Bayes' rule.
    return labels, prevalence.weighted(np.exp(1.5 * seen), SHARES)


def recall(labels, probabilities):
    right = probabilities.argmax(axis=1) == labels
    return np.mean([right[labels == k].mean() for k in range(7)])


def test_the_best_tau_is_the_first_that_maximises_mean_recall():
    labels, probabilities = simulate(800)
    shares = prevalence.shares(labels)
    np.testing.assert_allclose(shares, np.bincount(labels, minlength=7) / 800)
    found = [recall(labels, probabilities * shares**-tau) for tau in prevalence.TAUS]
    assert prevalence.tau(labels, probabilities) == prevalence.TAUS[int(np.argmax(found))]
    # Decisions that no shift changes are best as they are.
    assert prevalence.tau(labels, np.eye(7)[labels]) == 0


def test_a_class_that_validation_lacks_counts_as_one_photograph():
    labels = np.array([0, 1, 2, 4, 4, 5, 6, 6])
    np.testing.assert_allclose(prevalence.shares(labels), np.array([1, 1, 1, 1, 2, 1, 2]) / 8)


def test_an_effect_of_the_threshold_alone_is_gone_where_it_is_chosen():
    """Class weights that only move the decision: a large effect as trained, none when shifted."""
    labels, plain = simulate(6000)
    recalls = []
    for answers in (plain, prevalence.weighted(plain, SHARES**-0.5)):
        run = types.SimpleNamespace(arrays=lambda part, given=answers: (labels, given, part))
        shifted = prevalence.shifted(run, answers)
        recalls.append([recall(labels, each) for each in (answers, shifted)])
    given, moved = np.diff(recalls, axis=0)[0]
    assert given > 0.08
    assert abs(moved) < 0.01


def test_the_shares_of_a_test_set_are_found(rng):
    """Ten kinds of photographs whose frequency in each diagnosis is known: the posterior is exact."""
    kinds = rng.dirichlet(np.full(10, 0.5), 7)  # (diagnosis, kind)
    posterior = (SOURCE[:, None] * kinds / (SOURCE @ kinds)).T
    # As many of each kind as the target has on average, in a hundred thousand photographs.
    counts = np.rint(1e5 * (TARGET @ kinds)).astype(int)
    found = prevalence.estimated(np.repeat(posterior, counts, axis=0), SOURCE)
    assert found == pytest.approx(TARGET, abs=0.005)
    exact = (TARGET[:, None] * kinds / (TARGET @ kinds)).T
    assert prevalence.weighted(posterior, TARGET / SOURCE) == pytest.approx(exact)
    # Nothing moves where the shares are the same.
    same = posterior[rng.choice(10, 400)]
    assert prevalence.estimated(same, same.mean(axis=0)) == pytest.approx(
        same.mean(axis=0), abs=1e-8
    )


def test_the_calibration_recovers_what_was_distorted(rng):
    logits = rng.normal(0, 2, (20_000, 7))
    truth = scipy.special.softmax(logits, axis=1)
    labels = (truth.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    bias = np.array([0.5, -0.5, 0, 1, 0, -1, 0])
    distorted = scipy.special.softmax((logits - bias) / 0.5, axis=1)
    found = prevalence.calibrate(labels, distorted)(distorted)
    assert np.abs(found - truth).mean() < 0.01
    # Where the loss is least, the mean probability of a class is its share.
    assert found.mean(axis=0) == pytest.approx(np.bincount(labels) / len(labels), abs=1e-4)


def test_a_class_without_a_photograph_keeps_its_bias(rng):
    probabilities = rng.dirichlet(np.ones(7), 200)
    found = prevalence.calibrate(rng.integers(0, 6, 200), probabilities)(probabilities)
    assert np.isfinite(found).all()
    assert (found[:, 6] > 0).all()


def test_correcting_helps_where_only_the_shares_differ(rng):
    means = rng.normal(0, 1, (7, 5))

    def photographs(mix, count):
        labels = rng.choice(7, count, p=mix)
        distance = (rng.normal(means[labels])[:, None] - means) ** 2
        return labels, scipy.special.softmax(np.log(SOURCE) - distance.sum(axis=2) / 2, axis=1)

    test = photographs(TARGET, 4000)
    found = prevalence.corrected(photographs(SOURCE, 4000), test)
    loss = {name: -np.log(each[np.arange(4000), test[0]]).mean() for name, each in found.items()}
    assert loss["shares known"] < loss["calibrated"] - 0.02
    assert loss["shares estimated"] == pytest.approx(loss["shares known"], abs=0.01)
    assert found["as trained"] is test[1]
    table = prevalence.compare(photographs(SOURCE, 400), (*test, np.arange(4000)))
    assert list(table.index) == list(found)
    right = (test[1].argmax(axis=1) == test[0]).mean()
    assert table["Accuracy"]["as trained"].value == pytest.approx(right)
    assert table["Change of accuracy"]["calibrated"].value == 0
