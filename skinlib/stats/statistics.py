"""Uncertainty of a metric on one test set: a bootstrap that resamples lesions, not photographs.

Photographs of one lesion are not independent, so drawing images one by one would
promise too narrow an interval. The spread between trainings (seeds) is another
thing and is not in here.
"""

import numpy as np

from skinlib.common.errors import DataError


def cluster_bootstrap(
    statistic, labels, probabilities, clusters, *, draws=1000, level=0.95, seed=0
):
    """Percentile interval of a statistic under resampling of whole clusters.

    Parameters
    ----------
    statistic : callable
        ``statistic(labels, probabilities)`` → a number, or an array of k numbers, whose
        intervals then come from the same draws.
    labels : numpy.ndarray
        Shape (n,).
    probabilities : numpy.ndarray
        Shape (n, 7).
    clusters : array_like
        Lesion id of each image, shape (n,).
    draws : int
    level : float
        Coverage, between 0 and 1.
    seed : int

    Returns
    -------
    low, high : float or numpy.ndarray
        Of the kind that `statistic` returns.

    Raises
    ------
    DataError
        If lengths differ or there are fewer than two clusters.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    lesions, index = np.unique(np.asarray(clusters), return_inverse=True)
    if not len(index) == len(labels) == len(probabilities):
        msg = f"{len(labels)} labels, {len(probabilities)} rows, {len(index)} clusters: not equal"
        raise DataError(msg)
    count = len(lesions)
    if count < 2:
        msg = f"a bootstrap needs at least 2 lesions; this part has {count}"
        raise DataError(msg)
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], np.arange(count + 1))
    members = [order[starts[i] : starts[i + 1]] for i in range(count)]
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        chosen = rng.integers(0, count, count)
        rows = np.concatenate([members[i] for i in chosen])
        values.append(statistic(labels[rows], probabilities[rows]))
    tail = (1 - level) / 2
    low, high = np.nanquantile(np.array(values, float), [tail, 1 - tail], axis=0)
    return (float(low), float(high)) if np.ndim(low) == 0 else (low, high)
