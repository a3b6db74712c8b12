"""Where two models are equally good, how often is a difference found? No oftener than promised.

Data are simulated: the photographs of a lesion are mostly classified alike, and every difference
that is found is a false alarm. ``python tests/unit/test_null_levels.py`` writes the counts, which
the page `models` shows, to ``results/null-levels.json``.
"""

import gc
import json

import numpy as np
import pytest
from scipy import stats

from skinlib.common import paths
from skinlib.common.files import write_json
from skinlib.stats import agreement, bootstrap

TRIALS, LESIONS, LEVEL, TOGETHER, RESAMPLES = 400, 120, 0.05, 0.9, 250


def simulate(rng, together, gains=(0.0, 0.0)):
    """Return which of a lesion's one to four photographs each model classifies correctly.

    A photograph is classified as its whole lesion is with the chance `together`, else by itself. A
    model is correct with a chance of 0.5 or 0.85, by lesion, plus its gain.
    """
    lesions = np.repeat(np.arange(LESIONS), rng.integers(1, 5, LESIONS))
    hard = rng.random(LESIONS) < 0.5
    correct = []
    for gain in gains:
        chance = np.where(hard, 0.5, 0.85) + gain
        whole, single = rng.random(LESIONS) < chance, rng.random(len(lesions)) < chance[lesions]
        as_lesion = rng.random(len(lesions)) < together
        correct.append(np.where(as_lesion, whole[lesions], single))
    return correct, lesions


def trial(rng, seed):
    """Return whether each method raises an alarm on data of its own."""
    (first, second), lesions = simulate(rng, TOGETHER)
    apart, _ = simulate(rng, 0)
    three, theirs = simulate(rng, TOGETHER, (0, 0, 0))
    table = agreement.tests(dict(zip("abc", three, strict=True)), theirs)
    p = {
        "by_lesion": agreement.exact_by_lesion(first, second, lesions),
        "by_image": agreement.exact_by_image(first, second)[2],
        "by_image_independent": agreement.exact_by_image(*apart)[2],
        "holm": table["holm_lesion"].min(),
        "no_holm": table["p_lesion"].min(),
    }
    found = {name: value <= LEVEL for name, value in p.items()}
    for unit, clusters in (("lesions", lesions), ("images", np.arange(len(lesions)))):
        weights = bootstrap.cluster_weights(clusters, RESAMPLES, seed=seed)
        gap = bootstrap.share(weights, second) - bootstrap.share(weights, first)
        found[f"interval_{unit}"] = bootstrap.estimate(gap).sign
    return found


def count():
    """Return the false alarms of each method."""
    rng, alarms = np.random.default_rng(0), {}
    # statsmodels collects garbage at each correction; what is there already is left out of it.
    gc.freeze()
    for seed in range(TRIALS):
        for name, found in trial(rng, seed).items():
            alarms[name] = alarms.get(name, 0) + bool(found)
    gc.unfreeze()
    return alarms


def described(alarms):
    """Return what the file holds: the simulation and its counts."""
    return {"trials": TRIALS, "lesions": LESIONS, "together": TOGETHER, "alarms": alarms}


@pytest.fixture(scope="module")
def alarms():
    return count()


def bound(level=LEVEL):
    """Most rejections that a test of this level shows, but for once in a thousand times."""
    return stats.binom.ppf(0.999, TRIALS, level)


def test_the_stored_counts_are_those_counted_here(alarms):
    stored = json.loads((paths.ROOT / "results" / "null-levels.json").read_text())
    assert stored == described(alarms)


def test_levels_hold_by_lesion_and_by_image_only_for_independent_photographs(alarms):
    assert 0 < alarms["by_lesion"] <= bound()
    assert 0 < alarms["by_image_independent"] <= bound()
    assert alarms["by_image"] > 2 * bound()
    # Three models, three pairs: uncorrected, some pair stands out too often.
    assert alarms["holm"] <= bound()
    assert alarms["no_holm"] > 1.5 * alarms["holm"]
    # A percentile interval of 120 lesions is a little narrow: a point is allowed for it.
    least = stats.binom.ppf(0.001, TRIALS, LEVEL)
    assert least <= alarms["interval_lesions"] <= bound(LEVEL + 0.01)
    assert alarms["interval_images"] > 2 * bound(LEVEL + 0.01)


def test_the_test_by_lesion_finds_what_is_there():
    rng = np.random.default_rng(2)
    found = []
    for _ in range(100):
        (first, second), lesions = simulate(rng, 0.9, gains=(0, 0.14))
        found.append(agreement.exact_by_lesion(first, second, lesions))
    assert np.sum(np.array(found) <= LEVEL) > 60


if __name__ == "__main__":
    write_json(paths.RESULTS / "null-levels.json", described(count()))
