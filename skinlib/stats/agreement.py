"""Do models differ on the same images? Exact tests, and differences with intervals.

McNemar's test looks at the images that only one of two models classifies correctly, and takes
images as independent. Photographs of one lesion are not, so a second test exchanges the predictions
of the two models for whole lesions; with one image a lesion both are the same test. Over all pairs
of models Holm's correction keeps the chance of any false alarm at the level.

Sources: McNemar, Psychometrika 12 (1947), 153; Holm, Scand. J. Stat. 6 (1979), 65.
"""

import itertools

import numpy as np
import pandas as pd
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from skinlib.common.errors import DataError
from skinlib.stats.bootstrap import cluster_weights, estimate
from skinlib.stats.scores import scores

METRICS = ("accuracy", "mean recall", "AUC, macro", "AUC, melanoma")
LEVEL = 0.05


def exact_by_image(first, second):
    """Exact McNemar test of the images (n,) that two models classify correctly.

    Returns
    -------
    only_first, only_second : int
        Images that one model alone classifies correctly.
    p : float
        Two-sided.
    """
    only_first, only_second = int(np.sum(first & ~second)), int(np.sum(second & ~first))
    # The images on which both agree say nothing about the difference.
    found = mcnemar([[0, only_first], [only_second, 0]], exact=True)
    return only_first, only_second, float(found.pvalue)


def exact_by_lesion(first, second, lesions):
    """Return the two-sided p of exchanging the predictions of two models for whole lesions.

    Under the null hypothesis it is a matter of chance which model made which predictions for a
    lesion. The statistic is the difference of the correct predictions; its distribution over all
    exchanges is a convolution of one two-point distribution a lesion.
    """
    _, place = np.unique(lesions, return_inverse=True)
    lead = np.bincount(place, weights=second.astype(int) - first.astype(int)).astype(int)
    chances = np.ones(1)
    for size in np.abs(lead[lead != 0]):
        step = np.zeros(2 * size + 1)
        step[[0, -1]] = 0.5
        chances = np.convolve(chances, step)
    reach = len(chances) // 2
    far = np.abs(np.arange(-reach, reach + 1)) >= abs(lead.sum())
    return float(min(chances[far].sum(), 1.0))


def tests(correct, lesions):
    """Test every pair of models.

    From the images (n,) that each model classifies correctly, by its name, and their lesions (n,).

    Returns
    -------
    pandas.DataFrame
        One row a pair: ``first``, ``second``, ``only_first``, ``only_second``, ``p_image``,
        ``p_lesion``, and after Holm's correction over all pairs ``holm_image``, ``holm_lesion``.
    """
    if len(correct) < 2:
        msg = f"a comparison needs two models, found {len(correct)}; name another run"
        raise DataError(msg)
    rows = []
    for names in itertools.combinations(correct, 2):
        pair = [correct[name] for name in names]
        rows.append([*names, *exact_by_image(*pair), exact_by_lesion(*pair, lesions)])
    names = ["first", "second", "only_first", "only_second", "p_image", "p_lesion"]
    frame = pd.DataFrame(rows, columns=names)
    for unit in ("image", "lesion"):
        frame[f"holm_{unit}"] = multipletests(frame[f"p_{unit}"], method="holm")[1]
    return frame


def compare(labels, probabilities, lesions):
    """Test every pair of models and measure their differences, first minus second.

    From labels and lesions (n,), and the probabilities (n, 7) by name of the model: `tests`, with a
    column of estimates for each of `METRICS`.
    """
    correct = {name: each.argmax(axis=1) == labels for name, each in probabilities.items()}
    frame = tests(correct, lesions)
    weights = cluster_weights(lesions)
    found = {name: scores(weights, labels, p, METRICS) for name, p in probabilities.items()}
    gaps = [found[pair.first] - found[pair.second] for pair in frame.itertuples()]
    for index, metric in enumerate(METRICS):
        frame[metric] = [estimate(gap[:, index]) for gap in gaps]
    return frame
