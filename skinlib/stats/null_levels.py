"""How often the tests and intervals of the book raise a false alarm, in simulated data.

Two models, or three, are equally good by construction, and the photographs of a lesion are
mostly right or wrong together. So every difference that is found is a false alarm, and a
method that promises 5 % may raise 5 % of them. `write` keeps the counts in
``results/null-levels.json``; a test counts anew.
"""

import gc

import numpy as np
from scipy import stats

from skinlib.common import paths
from skinlib.common.files import write_json
from skinlib.stats import agreement, bootstrap
from skinlib.stats.bootstrap import Estimate

FILE = "null-levels.json"
TRIALS, LESIONS, LEVEL, TOGETHER, DRAWS = 400, 120, 0.05, 0.9, 250
METHODS = {
    "by_lesion": "Test by lesion",
    "interval_lesions": "Interval from a bootstrap over lesions",
    "holm": "Tests by lesion of three models, Holm",
    "by_image": "McNemar's test by image",
    "interval_images": "Interval from a bootstrap over images",
    "by_image_independent": "McNemar's test by image, photographs independent",
}


def answers(rng, together, gains=(0.0, 0.0)):
    """Draw lesions with one to four photographs, and which of them each model gets right.

    Parameters
    ----------
    rng : numpy.random.Generator
    together : float
        Chance that a photograph is answered as its whole lesion is, else by itself.
    gains : tuple of float
        What each model's chance to be right has beyond the common one, 0.5 or 0.85.

    Returns
    -------
    list of numpy.ndarray of bool
        Of each model, shape (n,).
    numpy.ndarray
        Lesion of each photograph, shape (n,).
    """
    lesions = np.repeat(np.arange(LESIONS), rng.integers(1, 5, LESIONS))
    hard = rng.random(LESIONS) < 0.5
    right = []
    for gain in gains:
        chance = np.where(hard, 0.5, 0.85) + gain
        whole, single = rng.random(LESIONS) < chance, rng.random(len(lesions)) < chance[lesions]
        as_lesion = rng.random(len(lesions)) < together
        right.append(np.where(as_lesion, whole[lesions], single))
    return right, lesions


def measure(trials=TRIALS):
    """Count false alarms.

    Parameters
    ----------
    trials : int
        Data sets for each count.

    Returns
    -------
    dict
        For JSON: ``trials`` and ``alarms``, a number by method of `METHODS`, with that of three
        models without Holm's correction beside it as ``no_holm``.
    """
    alarms = dict.fromkeys([*METHODS, "no_holm"], 0)
    rng = np.random.default_rng(0)
    # statsmodels collects garbage at each correction; what is there already is left out of it.
    gc.freeze()
    for trial in range(trials):
        for name, found in _trial(rng, trial).items():
            alarms[name] += bool(found)
    gc.unfreeze()
    return {"trials": trials, "alarms": alarms}


def _trial(rng, seed):
    """Return whether each method raises an alarm on data of its own."""
    (first, second), lesions = answers(rng, TOGETHER)
    apart, _ = answers(rng, 0)
    three, theirs = answers(rng, TOGETHER, (0, 0, 0))
    # Right or wrong as probabilities of two classes, of which the first is true.
    told = {name: np.eye(7)[1 - each.astype(int)] for name, each in zip("abc", three, strict=True)}
    table = agreement.tests(np.zeros(len(theirs), int), told, theirs)
    p = {
        "by_lesion": agreement.exact_by_lesion(first, second, lesions),
        "by_image": agreement.exact_by_image(first, second)[2],
        "by_image_independent": agreement.exact_by_image(*apart)[2],
        "holm": table["holm_lesion"].min(),
        "no_holm": table["p_lesion"].min(),
    }
    found = {name: value <= LEVEL for name, value in p.items()}
    for unit, clusters in (("lesions", lesions), ("images", np.arange(len(lesions)))):
        weights = bootstrap.cluster_weights(clusters, DRAWS, seed=seed)
        gap = bootstrap.share(weights, second) - bootstrap.share(weights, first)
        found[f"interval_{unit}"] = bootstrap.estimate(gap, 1 - LEVEL).sign
    return found


def write():
    """Count false alarms and write ``results/null-levels.json``; some ten seconds.

    Returns
    -------
    pathlib.Path
    """
    path = paths.RESULTS / FILE
    write_json(path, measure())
    return path


def rate(alarms, trials):
    """Return the share of false alarms with Clopper and Pearson's 95 % interval."""
    low, high = stats.binomtest(alarms, trials).proportion_ci(method="exact")
    return Estimate(alarms / trials, float(low), float(high))
