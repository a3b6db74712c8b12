"""Calibration: reliability, calibration error, Brier score, temperature scaling.

A model is calibrated when, of the images it is 80 % sure of, 80 % are classified correctly. One
number, the temperature, is fitted on the validation set to bring it nearer to that; it changes no
predicted class. Labels have the shape (n,), probabilities (n, 7).

Source: Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017.
"""

import numpy as np
import pandas as pd
import scipy

from skinlib.stats.bootstrap import N_RESAMPLES, ratio
from skinlib.stats.scores import check

BINS = 15
# The temperatures that are tried: at 20 the seven classes are nearly even.
RANGE = (0.05, 20.0)
# Probabilities are kept above this, as in scikit-learn: the logarithm of 0 is not finite.
TINY = np.finfo(float).eps


def reliability(labels, probabilities, bins=BINS):
    """Return confidence and accuracy by bin of the top-label confidence.

    The bins are of equal width over 0 to 1, each closed on its right.

    Returns
    -------
    pandas.DataFrame
        One row a bin with images: ``low``, ``high``, ``images``, ``confidence``, ``accuracy``.
    """
    confidence, correct = _top(*check(labels, probabilities))
    edges = np.linspace(0, 1, bins + 1)
    frame = pd.DataFrame({"confidence": confidence, "accuracy": correct})
    groups = frame.groupby(_places(confidence, bins))
    means, images = groups.mean(), groups.size()
    ends = {"low": edges[means.index], "high": edges[means.index + 1], "images": images}
    return pd.DataFrame(ends).join(means).reset_index(drop=True)


def _top(labels, probabilities):
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels


def _places(confidence, bins):
    """Return the bin of each image; a confidence on an edge belongs to the bin below it."""
    places = np.searchsorted(np.linspace(0, 1, bins + 1), confidence, side="left") - 1
    # A sum of probabilities may be a little above 1 by rounding.
    return np.clip(places, 0, bins - 1)


def ece(labels, probabilities, bins=BINS):
    """Return the expected calibration error: the mean gap of `reliability`, between 0 and 1.

    It depends on the bins, and chance alone makes it positive: see `chance_ece`.
    """
    rows = reliability(labels, probabilities, bins)
    gap = (rows["confidence"] - rows["accuracy"]).abs()
    return float(np.average(gap, weights=rows["images"]))


def chance_ece(probabilities, lesions, bins=BINS, *, draws=N_RESAMPLES, seed=0):
    """Return the calibration error that a perfectly calibrated model shows by chance.

    Each image is correct with the probability of its confidence. The images of a lesion share one
    random number, which makes them as dependent as they can be: a generous allowance for chance.

    Returns
    -------
    median, high : float
        Median and 95th percentile over the draws.
    """
    confidence = np.asarray(probabilities).max(axis=1)
    known, lesion = np.unique(np.asarray(lesions), return_inverse=True)
    drawn = np.random.default_rng(seed).random((draws, len(known)))
    correct = (drawn[:, lesion] < confidence).astype(float)
    # Summed over a bin, confidence minus accuracy is the gap times the number of images.
    gaps = np.abs((confidence - correct) @ np.eye(bins)[_places(confidence, bins)]).sum(axis=1)
    return tuple(np.quantile(gaps / len(confidence), [0.5, 0.95]).tolist())


def losses(labels, probabilities):
    """Return Brier score (0 to 2) and negative log-likelihood (nats) of each image, (n, 2)."""
    labels, probabilities = check(labels, probabilities)
    truth = np.eye(probabilities.shape[1])[labels]
    brier = ((probabilities - truth) ** 2).sum(axis=1)
    likelihood = probabilities[np.arange(len(labels)), labels]
    return np.stack([brier, -np.log(np.clip(likelihood, TINY, None))], axis=1)


def overconfidence(weights, labels, probabilities):
    """Return mean confidence minus accuracy for weights (d, n), shape (d,); it has no bins."""
    confidence, correct = _top(labels, probabilities)
    return ratio(weights @ (confidence - correct), weights.sum(axis=1))


def calibrated(probabilities, temperature, shift=0.0):
    """Return probabilities (n, 7) after temperature scaling: softmax of (log p + shift) / T.

    The shift has the shape (7,), or there is none. A temperature above 1 makes the model less
    sure, below 1 more. The logarithms of the probabilities are the logits up to a constant a row.
    """
    logits = (np.log(np.clip(probabilities, TINY, None)) + shift) / temperature
    return np.exp(_log_softmax(logits))


def _log_softmax(logits):
    # As scipy.special, whose import takes longer than a prediction.
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def fit_temperature(labels, probabilities):
    """Return the temperature, within `RANGE`, of the least negative log-likelihood.

    The labels and probabilities are of the validation set, never of the set that is reported.
    """
    labels, probabilities = check(labels, probabilities)
    logits = np.log(np.clip(probabilities, TINY, None))
    rows = np.arange(len(labels))

    def loss(log_temperature):
        return -_log_softmax(logits / np.exp(log_temperature))[rows, labels].mean()

    # Convex in 1/T, so with one minimum in log T as well: a bounded search finds it.
    found = scipy.optimize.minimize_scalar(
        loss, bounds=np.log(RANGE), method="bounded", options={"xatol": 1e-6}
    )
    return float(np.exp(found.x))
