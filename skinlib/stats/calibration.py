"""Are the probabilities right? Calibration error, Brier score, and temperature scaling.

A model is calibrated when, of the images that it is 80 % sure of, 80 % are right. One
number, the temperature, is fitted on the validation part to bring it nearer to that; the
classes it names stay the same.

Source: Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017.
"""

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from skinlib.stats.bootstrap import ratio
from skinlib.stats.scores import check

BINS = 15
# Temperatures outside are not looked for: at 20 the seven classes are nearly even.
RANGE = (0.05, 20.0)
# A probability of 0 would cost infinitely much; scikit-learn's bound.
TINY = np.finfo(float).eps


def reliability(labels, probabilities, bins=BINS, *, equal="width"):
    """Return confidence and accuracy by bin of the top-label confidence.

    Parameters
    ----------
    labels : numpy.ndarray
        Shape (n,).
    probabilities : numpy.ndarray
        Shape (n, 7).
    bins : int
    equal : {'width', 'mass'}
        Bins of equal width over 0 to 1, each closed on its right; or of about as many images
        each, where images of equal confidence stay together.

    Returns
    -------
    pandas.DataFrame
        One row a bin with images: ``low``, ``high``, ``images``, and the means
        ``confidence`` and ``accuracy``.
    """
    labels, probabilities = check(labels, probabilities)
    confidence, right = _top(labels, probabilities)
    edges = _edges(confidence, bins, equal)
    place = _places(confidence, edges)
    frame = pd.DataFrame({"bin": place, "confidence": confidence, "accuracy": right})
    means = frame.groupby("bin").mean()
    count = frame.groupby("bin").size().to_numpy()
    return pd.DataFrame(
        {
            "low": edges[means.index],
            "high": edges[means.index + 1],
            "images": count,
            "confidence": means["confidence"].to_numpy(),
            "accuracy": means["accuracy"].to_numpy(),
        }
    )


def _top(labels, probabilities):
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels


def _edges(confidence, bins, equal):
    if equal == "width":
        return np.linspace(0, 1, bins + 1)
    # Edges are confidences that occur, so that no bin parts equal ones.
    cuts = np.quantile(confidence, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf")
    return np.unique([0.0, *cuts, 1.0])


def _places(confidence, edges):
    """Return the bin of each image; a confidence on an edge belongs to the bin below it."""
    # Rounding may carry a sum of probabilities a hair above 1.
    return np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, len(edges) - 2)


def ece(labels, probabilities, bins=BINS, *, equal="width"):
    """Expected calibration error of the top label: mean gap between confidence and accuracy.

    The number depends on the bins, and chance alone makes it positive: see `chance_ece`.
    Parameters are those of `reliability`.

    Returns
    -------
    float
        Between 0 and 1.
    """
    rows = reliability(labels, probabilities, bins, equal=equal)
    gap = (rows["confidence"] - rows["accuracy"]).abs()
    return float(np.average(gap, weights=rows["images"]))


def chance_ece(probabilities, lesions, bins=BINS, *, equal="width", draws=1000, seed=0):
    """Return the calibration error that a perfectly calibrated model shows by chance.

    Each image is right with its own confidence. The images of a lesion share one throw, so
    that they are right or wrong together as far as their confidences allow; this is the
    most that they can depend on each other, hence a generous allowance for chance.

    Parameters
    ----------
    probabilities : numpy.ndarray
        Shape (n, 7).
    lesions : array_like
        Shape (n,).
    bins, equal
        See `reliability`.
    draws, seed : int

    Returns
    -------
    median, high : float
        Median and 95th percentile over the draws.
    """
    confidence = np.asarray(probabilities).max(axis=1)
    known, lesion = np.unique(np.asarray(lesions), return_inverse=True)
    throws = np.random.default_rng(seed).random((draws, len(known)))
    edges = _edges(confidence, bins, equal)
    inside = np.eye(len(edges) - 1)[_places(confidence, edges)]
    right = (throws[:, lesion] < confidence).astype(float)
    # Summed over a bin, confidence less accuracy is the gap times the number of images.
    gaps = np.abs((confidence - right) @ inside).sum(axis=1) / len(confidence)
    return tuple(np.quantile(gaps, [0.5, 0.95]).tolist())


def losses(labels, probabilities):
    """Return the Brier score and the negative log-likelihood of each image.

    Returns
    -------
    numpy.ndarray
        Shape (n, 2). Brier: squared distance to the one-hot truth summed over the classes,
        0 to 2. Log-likelihood: in nats, probabilities kept above float64's epsilon.
    """
    labels, probabilities = check(labels, probabilities)
    truth = np.eye(probabilities.shape[1])[labels]
    brier = ((probabilities - truth) ** 2).sum(axis=1)
    named = probabilities[np.arange(len(labels)), labels]
    return np.stack([brier, -np.log(np.clip(named, TINY, None))], axis=1)


def overconfidence(weights, labels, probabilities):
    """Return mean confidence minus accuracy for weights (d, n), shape (d,).

    Unlike `ece` it has no bins and chance does not lift it: it says whether a model promises
    too much (positive) or too little on the whole.
    """
    confidence, right = _top(labels, probabilities)
    return ratio(weights @ (confidence - right), weights.sum(axis=1))


def calibrated(probabilities, temperature):
    """Return probabilities after temperature scaling: softmax of log p / T.

    The logarithms of the probabilities are the logits up to a constant a row, which softmax
    does not see.

    Parameters
    ----------
    probabilities : numpy.ndarray
        Shape (n, 7).
    temperature : float
        Above 1 makes the model less sure of itself, below 1 more.
    """
    logits = np.log(np.clip(probabilities, TINY, None)) / temperature
    return np.exp(log_softmax(logits, axis=1))


def fit_temperature(labels, probabilities):
    """Fit the temperature that minimises the negative log-likelihood.

    Parameters
    ----------
    labels : numpy.ndarray
        Of the validation part, shape (n,); never of the part that is reported.
    probabilities : numpy.ndarray
        Shape (n, 7).

    Returns
    -------
    float
        Within `RANGE`, whose end it reaches where the model is always right.
    """
    labels, probabilities = check(labels, probabilities)
    logits = np.log(np.clip(probabilities, TINY, None))
    rows = np.arange(len(labels))

    def loss(log_temperature):
        return -log_softmax(logits / np.exp(log_temperature), axis=1)[rows, labels].mean()

    # Convex in 1/T, so with one minimum in log T as well: a bounded search finds it.
    found = minimize_scalar(loss, bounds=np.log(RANGE), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))
