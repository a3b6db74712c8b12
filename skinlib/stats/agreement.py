"""Do two models differ on the same images? Exact tests, and differences with intervals.

McNemar's test asks of the images that only one of two models gets right whether they fall
evenly on both sides. It takes images as independent, which photographs of one lesion are
not. So a second test beside it swaps the two models' answers lesion by lesion; with one
image a lesion the two are the same test. Over all pairs of models Holm's correction keeps
the chance of any false alarm at the level.

Sources: McNemar, Psychometrika 12 (1947), 153; Holm, Scand. J. Stat. 6 (1979), 65.
"""

import itertools

import numpy as np
import pandas as pd
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.experiments.comparison import same_images
from skinlib.stats import bootstrap

METRICS = ("accuracy", "mean recall", "AUC, macro", "AUC, melanoma")
MELANOMA = CLASSES.index("mel")


def answers(runs, part="test"):
    """Return what several runs say about the same images.

    Parameters
    ----------
    runs : dict of str to skinlib.experiments.run.Run
        By title.
    part : str

    Returns
    -------
    labels : numpy.ndarray
        Shape (n,).
    probabilities : dict of str to numpy.ndarray
        By title, shape (n, 7).
    lesions : numpy.ndarray
        Shape (n,).

    Raises
    ------
    DataError
        Without runs.
    DataError, IntegrityError
        See `skinlib.experiments.comparison.same_images`.
    """
    if not runs:
        msg = "there are no runs to ask; expected at least one finished run"
        raise DataError(msg)
    first, *others = runs.values()
    for other in others:
        same_images(first, other, part)
    labels, _, lesions = first.arrays(part)
    return labels, {title: run.arrays(part)[1] for title, run in runs.items()}, lesions


def exact_by_image(first_right, second_right):
    """Exact McNemar test.

    Parameters
    ----------
    first_right, second_right : numpy.ndarray of bool
        Is each image classified rightly, shape (n,).

    Returns
    -------
    only_first, only_second : int
        Images that one model alone gets right.
    p : float
        Two-sided.
    """
    only_first = int(np.sum(first_right & ~second_right))
    only_second = int(np.sum(second_right & ~first_right))
    # The images on which both agree say nothing about the difference.
    found = mcnemar([[0, only_first], [only_second, 0]], exact=True)
    return only_first, only_second, float(found.pvalue)


def exact_by_lesion(first_right, second_right, lesions):
    """Exact test that swaps the two models' answers for whole lesions.

    Under the null hypothesis which model gave which set of answers to a lesion's images is a
    matter of chance. The statistic is the difference of the right answers; its distribution
    over all swaps is a convolution of one two-point distribution a lesion.

    Parameters
    ----------
    first_right, second_right : numpy.ndarray of bool
        Shape (n,).
    lesions : array_like
        Lesion id of each image, shape (n,).

    Returns
    -------
    float
        Two-sided p; that of the exact McNemar test where every lesion has one image.
    """
    _, place = np.unique(np.asarray(lesions), return_inverse=True)
    gap = np.asarray(second_right, int) - np.asarray(first_right, int)
    lead = np.bincount(place, weights=gap).astype(int)
    chances = np.ones(1)
    for size in np.abs(lead[lead != 0]):
        step = np.zeros(2 * size + 1)
        step[[0, -1]] = 0.5
        chances = np.convolve(chances, step)
    reach = len(chances) // 2
    far = np.abs(np.arange(-reach, reach + 1)) >= abs(lead.sum())
    return float(min(chances[far].sum(), 1.0))


def tests(labels, probabilities, lesions):
    """Test every pair of models on the same images.

    Parameters
    ----------
    labels : numpy.ndarray
        Shape (n,).
    probabilities : dict of str to numpy.ndarray
        By title of the model, shape (n, 7).
    lesions : array_like
        Shape (n,).

    Returns
    -------
    pandas.DataFrame
        One row a pair: ``first``, ``second``, ``images``, ``only_first``, ``only_second``,
        ``p_image`` and ``p_lesion``, and both after Holm's correction over all pairs,
        ``holm_image`` and ``holm_lesion``. Empty with fewer than two models.
    """
    right = {title: values.argmax(axis=1) == labels for title, values in probabilities.items()}
    rows = []
    for first, second in itertools.combinations(right, 2):
        pair = right[first], right[second]
        only_first, only_second, by_image = exact_by_image(*pair)
        by_lesion = exact_by_lesion(*pair, lesions)
        rows.append([first, second, len(labels), only_first, only_second, by_image, by_lesion])
    names = ["first", "second", "images", "only_first", "only_second", "p_image", "p_lesion"]
    frame = pd.DataFrame(rows, columns=names)
    for unit in ("image", "lesion"):
        raw = frame[f"p_{unit}"]
        frame[f"holm_{unit}"] = multipletests(raw, method="holm")[1] if len(raw) else raw
    return frame


def differences(labels, probabilities, lesions, draws=bootstrap.N_RESAMPLES):
    """Measure the difference of every pair of models, with a bootstrap over lesions.

    Parameters
    ----------
    labels, probabilities, lesions
        See `tests`.
    draws : int

    Returns
    -------
    pandas.DataFrame
        One row a pair and metric of `METRICS`: ``first``, ``second``, ``metric`` and
        ``difference``, a `skinlib.stats.bootstrap.Estimate` of first minus second. A class
        that a draw misses is left out of its means.
    """
    weights = bootstrap.cluster_weights(lesions, draws)
    scores = {title: _scores(weights, labels, each) for title, each in probabilities.items()}
    rows = [
        [first, second, metric, bootstrap.estimate(scores[first][metric] - scores[second][metric])]
        for first, second in itertools.combinations(scores, 2)
        for metric in METRICS
    ]
    return pd.DataFrame(rows, columns=["first", "second", "metric", "difference"])


def _scores(weights, labels, probabilities):
    """Return `METRICS` by name, each of shape (1 + draws,)."""
    predicted = probabilities.argmax(axis=1)
    areas = np.stack(
        [bootstrap.auc(weights, labels == k, probabilities[:, k]) for k in range(len(CLASSES))],
        axis=1,
    )
    values = (
        bootstrap.share(weights, predicted == labels),
        bootstrap.mean_present(bootstrap.recalls(weights, labels, predicted)),
        bootstrap.mean_present(areas),
        areas[:, MELANOMA],
    )
    return dict(zip(METRICS, values, strict=True))
