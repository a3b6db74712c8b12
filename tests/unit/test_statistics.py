"""The bootstrap over lesions, against SciPy's bootstrap and against theory."""

import numpy as np
import pytest
from scipy import stats

from skinlib.common.errors import DataError
from skinlib.stats.statistics import cluster_bootstrap


def accuracy(labels, probabilities):
    return np.mean(probabilities.argmax(axis=1) == labels)


def make_case(count, seed=0, share=0.8):
    """Return labels and one-hot predictions, right with probability `share`."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 7, count)
    guess = np.where(rng.random(count) < share, labels, (labels + 1) % 7)
    return labels, np.eye(7)[guess]


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_with_one_image_a_lesion_it_is_the_percentile_bootstrap(level):
    labels, probabilities = make_case(300)
    right = (probabilities.argmax(axis=1) == labels).astype(float)
    expected = stats.bootstrap(
        (right,), np.mean, n_resamples=3000, confidence_level=level, method="percentile", rng=1
    ).confidence_interval
    found = cluster_bootstrap(
        accuracy, labels, probabilities, [f"L{i}" for i in range(300)], draws=3000, level=level
    )
    # The deviation of an accuracy is 0.023 here; that of the end of an interval, 0.001.
    assert found == pytest.approx(expected, abs=0.005)


def test_four_copies_of_each_image_make_it_twice_as_wide():
    """Copies add no information, so the interval must be that of the originals.

    Taken as independent images they would promise half the width: 1 / sqrt(4).
    """
    labels, probabilities = make_case(150)
    copies, rows = np.repeat(labels, 4), np.repeat(probabilities, 4, axis=0)
    widths = {
        name: np.diff(cluster_bootstrap(accuracy, *data, clusters, draws=2000))[0]
        for name, data, clusters in (
            ("originals", (labels, probabilities), np.arange(150)),
            ("copies by lesion", (copies, rows), np.repeat(np.arange(150), 4)),
            ("copies by image", (copies, rows), np.arange(600)),
        )
    }
    assert widths["copies by lesion"] == pytest.approx(widths["originals"], rel=0.1)
    assert widths["copies by lesion"] == pytest.approx(2 * widths["copies by image"], rel=0.15)


def test_lesions_need_not_be_sorted_and_are_drawn_whole():
    """Two lesions of 3 and 1 images: a draw has 6, 4 or 2 rows, and never half a lesion."""
    seen = set()

    def count(labels, probabilities):
        assert (probabilities[:, 0] == labels).all()
        values, counts = np.unique(labels, return_counts=True)
        seen.add(tuple(zip(values.tolist(), counts.tolist(), strict=True)))
        return len(labels)

    labels = np.array([1, 2, 3, 4])
    found = cluster_bootstrap(count, labels, labels[:, None] * np.ones(7), ["a", "b", "a", "a"])
    assert seen == {((2, 2),), ((1, 1), (2, 1), (3, 1), (4, 1)), ((1, 2), (3, 2), (4, 2))}
    assert found == (2, 6)


def test_the_seed_decides_everything():
    labels, probabilities = make_case(60)

    def interval(seed):
        return cluster_bootstrap(
            accuracy, labels, probabilities, np.arange(60) // 2, draws=50, seed=seed
        )

    assert interval(3) == interval(3)
    assert len({interval(seed) for seed in range(5)}) > 1


def test_draws_without_a_value_are_left_out():
    """A statistic may be undefined in a draw that misses a class."""
    labels, probabilities = make_case(30)

    def sensitivity(labels, probabilities):
        mine = labels == labels_of_interest
        return accuracy(labels[mine], probabilities[mine]) if mine.any() else np.nan

    labels_of_interest = labels[0]
    labels[1:] = (labels_of_interest + 1) % 7
    low, high = cluster_bootstrap(sensitivity, labels, probabilities, np.arange(30), draws=200)
    assert low == high == float(probabilities[0].argmax() == labels[0])


@pytest.mark.parametrize(
    ("rows", "clusters", "named"),
    [
        (20, np.arange(19), "20 labels, 20 rows, 19 clusters"),
        (19, np.arange(20), "20 labels, 19 rows"),
        (20, np.zeros(20), "at least 2 lesions"),
    ],
)
def test_bad_input_is_refused(rows, clusters, named):
    labels, probabilities = make_case(20)
    with pytest.raises(DataError, match=named):
        cluster_bootstrap(accuracy, labels, probabilities[:rows], clusters)


def test_nothing_is_refused_too():
    with pytest.raises(DataError, match="at least 2 lesions"):
        cluster_bootstrap(accuracy, [], np.empty((0, 7)), [])
