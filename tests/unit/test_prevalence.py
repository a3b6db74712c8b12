"""Class shares are recovered where only they differ; the calibration against its conditions."""

import numpy as np
import pytest
import scipy

from skinlib.stats import prevalence

SOURCE = np.array([0.05, 0.1, 0.15, 0.05, 0.15, 0.4, 0.1])
TARGET = np.array([0.1, 0.05, 0.3, 0.1, 0.25, 0.1, 0.1])


def test_the_shares_of_a_test_set_are_found(rng):
    """Ten kinds of photographs whose frequency in each diagnosis is known: the posterior is exact."""
    kinds = rng.dirichlet(np.full(10, 0.5), 7)  # (diagnosis, kind)
    posterior = (SOURCE[:, None] * kinds / (SOURCE @ kinds)).T
    # As many of each kind as the target has on average, in a million photographs.
    counts = np.rint(1e5 * (TARGET @ kinds)).astype(int)
    found = prevalence.shares(np.repeat(posterior, counts, axis=0), SOURCE)
    assert found == pytest.approx(TARGET, abs=0.005)
    exact = (TARGET[:, None] * kinds / (TARGET @ kinds)).T
    assert prevalence.weighted(posterior, SOURCE, TARGET) == pytest.approx(exact)


def test_nothing_moves_where_the_shares_are_the_same(rng):
    probabilities = rng.dirichlet(np.ones(7), 400)
    source = probabilities.mean(axis=0)
    assert prevalence.shares(probabilities, source) == pytest.approx(source, abs=1e-8)


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
    labels = rng.integers(0, 6, 200)
    found = prevalence.calibrate(labels, probabilities)(probabilities)
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
