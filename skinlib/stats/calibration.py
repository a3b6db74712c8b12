"""Calibration: reliability, calibration error, Brier score, temperature scaling.

A model is calibrated when, of the images it is 80 % sure of, 80 % are classified correctly. One
number, the temperature, is fitted on the validation set to bring it nearer to that; it changes no
predicted class. Labels have the shape (n,), probabilities (n, 7).

Source: Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017.
"""

import numpy as np
import pandas as pd
import scipy

from skinlib.common.classes import CLASSES
from skinlib.stats.bootstrap import N_RESAMPLES, ratio
from skinlib.stats.scores import check

BINS = 15
# The temperatures that are tried: at 20 the seven classes are nearly even.
RANGE = (0.05, 20.0)
SLOPES = (1 / RANGE[1], 1 / RANGE[0])
# Probabilities are kept above this, as in scikit-learn: the logarithm of 0 is not finite.
TINY = np.finfo(float).eps


def reliability(labels, probabilities):
    """Return confidence and accuracy by bin of the top-label confidence.

    The bins are of equal width over 0 to 1, each closed on its right.

    Returns
    -------
    pandas.DataFrame
        One row a bin with images: ``low``, ``high``, ``images``, ``confidence``, ``accuracy``.
    """
    confidence, correct = _top(*check(labels, probabilities))
    edges = np.linspace(0, 1, BINS + 1)
    frame = pd.DataFrame({"confidence": confidence, "accuracy": correct})
    groups = frame.groupby(_places(confidence))
    means, images = groups.mean(), groups.size()
    ends = {"low": edges[means.index], "high": edges[means.index + 1], "images": images}
    return pd.DataFrame(ends).join(means).reset_index(drop=True)


def _top(labels, probabilities):
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels


def _places(confidence):
    """Return the bin of each image; a confidence on an edge belongs to the bin below it."""
    places = np.searchsorted(np.linspace(0, 1, BINS + 1), confidence, side="left") - 1
    # A sum of probabilities may be a little above 1 by rounding.
    return np.clip(places, 0, BINS - 1)


def ece(labels, probabilities):
    """Return the expected calibration error: the mean gap of `reliability`, between 0 and 1.

    It depends on the bins, and chance alone makes it positive: see `chance_ece`.
    """
    rows = reliability(labels, probabilities)
    gap = (rows["confidence"] - rows["accuracy"]).abs()
    return float(np.average(gap, weights=rows["images"]))


def chance_ece(probabilities, lesions):
    """Return the `ece` that a perfectly calibrated model stays below in 19 of 20 cases.

    Each image is correct with the probability of its confidence. The images of a lesion share one
    random number, which makes them as dependent as they can be: a generous allowance for chance.
    """
    confidence = probabilities.max(axis=1)
    known, lesion = np.unique(lesions, return_inverse=True)
    drawn = np.random.default_rng(0).random((N_RESAMPLES, len(known)))
    correct = (drawn[:, lesion] < confidence).astype(float)
    # Summed over a bin, confidence minus accuracy is the gap times the number of images.
    gaps = np.abs((confidence - correct) @ np.eye(BINS)[_places(confidence)]).sum(axis=1)
    return float(np.quantile(gaps / len(confidence), 0.95))


def losses(labels, probabilities):
    """Return Brier score (0 to 2) and negative log-likelihood (nats) of each image, (n, 2)."""
    labels, probabilities = check(labels, probabilities)
    brier = ((probabilities - np.eye(len(CLASSES))[labels]) ** 2).sum(axis=1)
    likelihood = probabilities[np.arange(len(labels)), labels]
    return np.stack([brier, -np.log(np.clip(likelihood, TINY, None))], axis=1)


def overconfidence(weights, labels, probabilities):
    """Return mean confidence minus accuracy for weights (d, n), shape (d,); it has no bins."""
    confidence, correct = _top(labels, probabilities)
    return ratio(weights @ (confidence - correct), weights.sum(axis=1))


def logits(probabilities):
    """Return the logarithms of probabilities: their logits, up to a constant a row."""
    return np.log(np.clip(probabilities, TINY, None))


def calibrated(probabilities, temperature, shift=0.0):
    """Return probabilities (n, 7) after temperature scaling: softmax of (log p + shift) / T.

    The shift has the shape (7,), or there is none. A temperature above 1 makes the model less
    sure, below 1 more.
    """
    scores = (logits(probabilities) + shift) / temperature
    # As scipy.special, whose import takes longer than a prediction.
    scores -= scores.max(axis=1, keepdims=True)
    return np.exp(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))


def fit_temperature(labels, probabilities):
    """Return the temperature, within `RANGE`, of the least negative log-likelihood.

    The labels and probabilities are of the validation set, never of the set that is reported.
    """
    (slope,) = fit(*check(labels, probabilities), np.empty((0, len(CLASSES))), [SLOPES])
    return float(1 / slope)


def fit(labels, probabilities, shifts, bounds=None):
    """Return the numbers s and c for which softmax(s log p + c @ shifts) fits the labels best.

    Best is the least negative log-likelihood. It is convex in the numbers, so there is one minimum.

    Parameters
    ----------
    labels, probabilities : numpy.ndarray
        Shapes (n,) and (n, 7).
    shifts : numpy.ndarray
        Of the logits of each class, shape (k, 7).
    bounds : list of tuple, optional
        Least and largest value of s and of each c; `SLOPES` for s.

    Returns
    -------
    numpy.ndarray
        s, one over the temperature, and c: shape (1 + k,).
    """
    given, rows = logits(probabilities), np.arange(len(labels))

    def loss(point):
        scores = point[0] * given + point[1:] @ shifts
        chances = np.exp(scores - scipy.special.logsumexp(scores, axis=1, keepdims=True))
        value = -np.log(np.clip(chances[rows, labels], TINY, None)).mean()
        chances[rows, labels] -= 1
        slopes = np.append((chances * given).sum(), (chances @ shifts.T).sum(axis=0))
        return value, slopes / len(labels)

    start = np.append(1.0, np.zeros(len(shifts)))
    return scipy.optimize.minimize(loss, start, jac=True, bounds=bounds).x
