"""The effect over seeds, against the bootstrap of one seed and against a null and a known effect."""

import numpy as np
import pytest

from skinlib import metrics
from skinlib.errors import DataError
from skinlib.evidence.paired import Pair, effect
from skinlib.evidence.scores import scores
from skinlib.statistics import cluster_bootstrap


def accuracy(weights, labels, probabilities):
    return (weights @ (probabilities.argmax(axis=1) == labels) / weights.sum(axis=1))[:, None]


def plain(labels, probabilities):
    return np.array([np.mean(probabilities.argmax(axis=1) == labels)])


def make(rng, count, shares, per_lesion=1, offset=0):
    """Answers of two models, right with given probability, the same for images of one lesion."""
    lesions = np.repeat(np.arange(offset, offset + count), per_lesion)
    labels = np.repeat(rng.integers(0, 7, count), per_lesion)
    answers = []
    for share in shares:
        right = np.repeat(rng.random(count) < share, per_lesion)
        answers.append(np.eye(7)[np.where(right, labels, (labels + 1) % 7)])
    return Pair(labels, *answers, lesions)


def test_with_one_seed_it_is_the_bootstrap_over_lesions_of_the_difference():
    pair = make(np.random.default_rng(0), 200, (0.6, 0.7), per_lesion=2)
    both = np.stack([pair.first, pair.second], axis=1)

    def difference(labels, answers):
        return plain(labels, answers[:, 1]) - plain(labels, answers[:, 0])

    expected = cluster_bootstrap(difference, pair.labels, both, pair.lesions, draws=3000)
    found = effect([pair], accuracy, draws=3000)
    assert found.difference == difference(pair.labels, both)
    # The interval is some 0.18 wide; two sets of 3000 draws differ by a tenth of that at most.
    np.testing.assert_allclose([found.low, found.high], expected, atol=0.015)


def test_seeds_with_the_same_lesions_promise_no_more_than_one():
    pair = make(np.random.default_rng(1), 150, (0.5, 0.7))
    one, three = (effect([pair] * count, accuracy, draws=2000) for count in (1, 3))
    np.testing.assert_allclose(three.low, one.low, atol=1e-12)
    other = [make(np.random.default_rng(s), 150, (0.5, 0.7), offset=1000 * s) for s in (1, 2, 3)]
    narrower = effect(other, accuracy, draws=2000)
    width = one.high - one.low
    assert (narrower.high - narrower.low) / width == pytest.approx(3**-0.5, rel=0.15)


@pytest.mark.parametrize("shares", [(0.7, 0.7), (0.6, 0.75)])
def test_the_interval_covers_the_truth_as_often_as_it_says(shares):
    rng = np.random.default_rng(5)
    covered = 0
    for trial in range(300):
        pairs = [make(rng, 80, shares, per_lesion=2, offset=k) for k in (0, 40)]
        found = effect(pairs, accuracy, draws=200, level=0.9, seed=trial)
        covered += bool(found.low <= shares[1] - shares[0] <= found.high)
    # 300 trials at 0.9: standard error 0.017.
    assert covered / 300 == pytest.approx(0.9, abs=0.05)


def test_by_seed_and_means():
    pairs = [make(np.random.default_rng(s), 60, (0.5, 0.8)) for s in (0, 1)]
    found = effect(pairs, accuracy, draws=50)
    for seed, pair in enumerate(pairs):
        expected = plain(pair.labels, pair.second) - plain(pair.labels, pair.first)
        np.testing.assert_allclose(found.by_seed[seed], expected)
    np.testing.assert_allclose(found.second - found.first, found.difference)


def test_nothing_to_compare():
    with pytest.raises(DataError, match="at least one pair"):
        effect([], accuracy)
    with pytest.raises(DataError, match="at least 2 lesions"):
        effect([make(np.random.default_rng(0), 1, (1, 1))], accuracy)


def test_scores_with_equal_weights_are_the_metrics():
    rng = np.random.default_rng(3)
    labels, probabilities = rng.integers(0, 7, 300), rng.dirichlet(np.ones(7), 300).round(2)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    expected = metrics.summary(labels, probabilities)
    found = scores(np.ones((1, 300)), labels, probabilities)[0]
    names = ("accuracy", "mean_recall", "macro_f1", "auc_macro")
    np.testing.assert_allclose(found, [expected[name] for name in names])


def test_scores_of_a_draw_are_those_of_the_drawn_images():
    rng = np.random.default_rng(4)
    labels, probabilities = rng.integers(0, 6, 80), rng.dirichlet(np.ones(7), 80)
    times = rng.integers(0, 3, 80)
    rows = np.repeat(np.arange(80), times)
    expected = scores(np.ones((1, len(rows))), labels[rows], probabilities[rows])
    np.testing.assert_allclose(scores(times[None].astype(float), labels, probabilities), expected)
