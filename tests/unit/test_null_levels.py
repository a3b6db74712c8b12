"""Where two models are equally good, how often is a difference found? No oftener than promised."""

import json

import numpy as np
import pytest
from resampling import cluster_bootstrap
from scipy import stats

from skinlib.common import paths
from skinlib.stats import agreement, bootstrap, null_levels

LEVEL, TRIALS = null_levels.LEVEL, null_levels.TRIALS


@pytest.fixture(scope="module")
def alarms():
    return null_levels.measure()["alarms"]


def bound(level=LEVEL):
    """Most rejections that a test of this level shows, but for once in a thousand times."""
    return stats.binom.ppf(0.999, TRIALS, level)


def test_the_stored_counts_are_those_counted_here(alarms):
    path = paths.ROOT / "results" / null_levels.FILE
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert stored == {"trials": TRIALS, "alarms": alarms}


def test_a_rate_has_the_exact_interval():
    found = null_levels.rate(37, TRIALS)
    low, high = stats.beta.ppf([0.025, 0.975], [37, 38], [TRIALS - 36, TRIALS - 37])
    assert (found.value, found.low, found.high) == pytest.approx((37 / TRIALS, low, high))


def test_photographs_of_a_lesion_are_alike_and_models_equally_good():
    """What the counts rest on, of many lesions drawn at once."""
    rng = np.random.default_rng(9)
    alike, means = [], []
    for _ in range(40):
        (first, second), lesions = null_levels.answers(rng, null_levels.TOGETHER)
        same = lesions[1:] == lesions[:-1]
        alike.append(np.mean(first[1:][same] == first[:-1][same]))
        means.append(np.mean(first) - np.mean(second))
    assert np.mean(alike) > 0.85
    assert abs(np.mean(means)) < 4 * np.std(means) / np.sqrt(len(means))


def test_by_image_the_level_holds_for_independent_photographs_only(alarms):
    assert 0 < alarms["by_image_independent"] <= bound()
    assert alarms["by_image"] > 2 * bound()


def test_by_lesion_it_holds(alarms):
    assert 0 < alarms["by_lesion"] <= bound()


def test_the_test_by_lesion_finds_what_is_there():
    rng = np.random.default_rng(2)
    found = []
    for _ in range(100):
        (first, second), lesions = null_levels.answers(rng, 0.9, gains=(0, 0.14))
        found.append(agreement.exact_by_lesion(first, second, lesions))
    assert np.sum(np.array(found) <= LEVEL) > 60


def test_holm_keeps_the_chance_of_any_false_alarm(alarms):
    """Three models, three pairs: uncorrected, some pair stands out too often."""
    assert alarms["holm"] <= bound()
    assert alarms["no_holm"] > 1.5 * alarms["holm"]


def test_the_bootstrap_over_lesions_keeps_its_level_and_one_over_images_does_not(alarms):
    # A percentile interval of 120 lesions is a little narrow: a point is allowed for it.
    least = stats.binom.ppf(0.001, TRIALS, LEVEL)
    assert least <= alarms["interval_lesions"] <= bound(LEVEL + 0.01)
    assert alarms["interval_images"] > 2 * bound(LEVEL + 0.01)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_with_one_image_a_lesion_it_is_scipys_bootstrap_draw_for_draw(level):
    rng = np.random.default_rng(5)
    first, second = rng.random((2, 200)) < np.array([[0.7], [0.75]])
    expected = stats.bootstrap(
        (second.astype(float) - first,), np.mean, n_resamples=999, confidence_level=level,
        method="percentile", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    weights = bootstrap.cluster_weights(np.arange(200), 999)
    gap = bootstrap.share(weights, second) - bootstrap.share(weights, first)
    found = bootstrap.estimate(gap, level)
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=1e-12)
    # And so is the bootstrap that copies rows instead of counting them.
    both = np.stack([first, second], axis=1)

    def difference(_, right):
        return right[:, 1].mean() - right[:, 0].mean()

    slow = cluster_bootstrap(
        difference, np.zeros(200), both, np.arange(200), draws=999, level=level
    )
    assert slow == pytest.approx(tuple(expected), abs=1e-12)
