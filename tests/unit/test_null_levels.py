"""Where two models are equally good, how often is a difference found? No oftener than promised.

Simulated lesions with one to four photographs, on which a model is right or wrong mostly
together: what makes photographs count for less than their number.
"""

import gc

import numpy as np
import pytest
from scipy import stats

from skinlib.evidence import agreement, draws
from skinlib.statistics import cluster_bootstrap

TRIALS, LESIONS, LEVEL = 400, 120, 0.05


def bound(level=LEVEL, trials=TRIALS):
    """Most rejections that a test of this level shows, but for once in a thousand times."""
    return stats.binom.ppf(0.999, trials, level)


def least(level=LEVEL, trials=TRIALS):
    return stats.binom.ppf(0.001, trials, level)


def models(rng, together, gains=(0.0, 0.0)):
    """Is each model right on each image, and the lesions; equally good but for the gains.

    With probability `together` an image is answered as its whole lesion is.
    """
    lesions = np.repeat(np.arange(LESIONS), rng.integers(1, 5, LESIONS))
    hard = rng.random(LESIONS) < 0.5
    right = []
    for gain in gains:
        chance = np.where(hard, 0.5, 0.85) + gain
        whole, single = rng.random(LESIONS) < chance, rng.random(len(lesions)) < chance[lesions]
        as_lesion = rng.random(len(lesions)) < together
        right.append(np.where(as_lesion, whole[lesions], single))
    return *right, lesions


def rejections(p_values):
    return int(np.sum(np.array(p_values) <= LEVEL))


def test_exact_mcnemar_keeps_its_level_on_independent_images():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(TRIALS):
        first, second, _ = models(rng, together=0)
        found.append(agreement.exact_by_image(first, second)[2])
    assert rejections(found) <= bound()
    assert rejections(found) > 0


def test_on_photographs_of_lesions_only_the_test_by_lesion_keeps_it():
    rng = np.random.default_rng(1)
    by_image, by_lesion = [], []
    for _ in range(TRIALS):
        first, second, lesions = models(rng, together=0.9)
        by_image.append(agreement.exact_by_image(first, second)[2])
        by_lesion.append(agreement.exact_by_lesion(first, second, lesions))
    assert rejections(by_lesion) <= bound()
    assert rejections(by_image) > 2 * bound()


def test_the_test_by_lesion_finds_what_is_there():
    rng = np.random.default_rng(2)
    found = []
    for _ in range(100):
        first, second, lesions = models(rng, together=0.9, gains=(0, 0.14))
        found.append(agreement.exact_by_lesion(first, second, lesions))
    assert rejections(found) > 60


def test_holm_keeps_the_chance_of_any_false_alarm(monkeypatch):
    """Three models, three pairs: uncorrected, some pair stands out too often."""
    # statsmodels collects garbage at each correction: minutes, over hundreds of tables.
    monkeypatch.setattr(gc, "collect", int)
    rng = np.random.default_rng(3)
    raw, corrected = [], []
    for _ in range(TRIALS):
        *right, lesions = models(rng, together=0.5, gains=(0, 0, 0))
        answers = {name: np.eye(7)[np.where(each, 0, 1)]
                   for name, each in zip("abc", right, strict=True)}  # fmt: skip
        table = agreement.tests(np.zeros(len(lesions), int), answers, lesions)
        raw.append(table["p_lesion"].min())
        corrected.append(table["holm_lesion"].min())
    assert rejections(corrected) <= bound()
    assert rejections(raw) > 1.5 * rejections(corrected)


def test_the_bootstrap_over_lesions_keeps_its_level_and_one_over_images_does_not():
    rng = np.random.default_rng(4)
    found = {"lesions": 0, "images": 0}
    for trial in range(TRIALS):
        first, second, lesions = models(rng, together=0.9)
        for unit, clusters in (("lesions", lesions), ("images", np.arange(len(lesions)))):
            weights = draws.lesion_weights(clusters, 250, seed=trial)
            gap = draws.share(weights, second) - draws.share(weights, first)
            found[unit] += bool(draws.estimate(gap).sign)
    # A percentile interval of 120 lesions is a little narrow: a point is allowed for it.
    assert least() <= found["lesions"] <= bound(LEVEL + 0.01)
    assert found["images"] > 2 * bound(LEVEL + 0.01)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_with_one_image_a_lesion_it_is_scipys_bootstrap_draw_for_draw(level):
    rng = np.random.default_rng(5)
    first, second = rng.random((2, 200)) < np.array([[0.7], [0.75]])
    expected = stats.bootstrap(
        (second.astype(float) - first,), np.mean, n_resamples=999, confidence_level=level,
        method="percentile", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    weights = draws.lesion_weights(np.arange(200), 999)
    gap = draws.share(weights, second) - draws.share(weights, first)
    found = draws.estimate(gap, level)
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=1e-12)
    # And so is the bootstrap that copies rows instead of counting them.
    both = np.stack([first, second], axis=1)

    def difference(_, right):
        return right[:, 1].mean() - right[:, 0].mean()

    slow = cluster_bootstrap(
        difference, np.zeros(200), both, np.arange(200), draws=999, level=level
    )
    assert slow == pytest.approx(tuple(expected), abs=1e-12)
