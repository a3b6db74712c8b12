"""Thresholds chosen on a validation set: of the confidence of an answer, and of melanoma.

Risk-coverage: the model answers only the images it is surest of; risk is the share of wrong
answers among them. Images of equal confidence are answered together. The lowest threshold that did
well on the validation set is optimistic. One that conformal risk control chooses on n lesions has a
guarantee: the mean loss of a new lesion is at most α, on average over such choices, however the
network behaves. It needs one thing: that the new lesions could as well have been among the n. A
lesion's loss is the mean over its photographs, between 0 and 1.

Labels and lesion ids have the shape (n,), probabilities (n, 7); the largest one of a row is its
confidence.

Sources: Geifman and El-Yaniv, Selective classification for deep neural networks, NIPS 2017;
Angelopoulos, Bates, Fisch, Lei and Schuster, Conformal risk control, ICLR 2024, theorem 1.
"""

import numpy as np

from skinlib.common.errors import DataError
from skinlib.stats.bootstrap import ratio


def curve(labels, probabilities):
    """Return coverage and risk when the surest images are answered.

    Returns
    -------
    coverage, risk : numpy.ndarray
        After each run of equal confidence, the surest first: shares of all images, and of those
        answered.
    """
    wrong = probabilities.argmax(axis=1) != labels
    _, place, images = np.unique(
        -probabilities.max(axis=1), return_inverse=True, return_counts=True
    )
    answered = np.cumsum(images)
    return answered / len(wrong), np.cumsum(np.bincount(place, wrong)) / answered


def least_confidence(labels, probabilities, risk):
    """Return the lowest confidence from which on at most a share `risk` of the answers is wrong.

    None where no confidence is enough.
    """
    levels = np.unique(probabilities.max(axis=1))[::-1]
    _, risks = curve(labels, probabilities)
    good = np.flatnonzero(risks <= risk + 1e-9)
    return float(levels[good[-1]]) if len(good) else None


def guaranteed_confidence(labels, probabilities, lesions, risk):
    """Return the lowest confidence with which at most a share `risk` gets a wrong answer.

    The share, α, is of all lesions, those without an answer included. None: there are too few
    lesions for this risk at any confidence.
    """
    wrong = probabilities.argmax(axis=1) != labels
    return _lowest(probabilities.max(axis=1), wrong, lesions, risk)


def guaranteed_score(scores, lesions, sensitivity):
    """Return the highest threshold that finds at least a share, 1 - α, of the positive lesions.

    Scores (n,) and lesions are of positive photographs only; those at or above the threshold are
    found. None: there are too few lesions for this sensitivity at any threshold.
    """
    # The loss falls with the threshold: as above, with the order of the scores turned.
    lowest = _lowest(-scores, np.ones(len(scores)), lesions, 1 - sensitivity, above=True)
    return None if lowest is None else -lowest


def _lowest(levels, bad, lesions, risk, *, above=False):
    """Return the lowest level from which on the loss of `bad` photographs is controlled.

    A photograph counts where its level is at least the threshold, or `above` it.
    """
    known, lesion, sizes = np.unique(lesions, return_inverse=True, return_counts=True)
    falling, place = np.unique(-levels, return_inverse=True)
    # Down to each level: the sum of the losses of the lesions.
    losses = np.cumsum(np.bincount(place, bad / sizes[lesion]))
    if above:
        losses = np.append(0, losses)[:-1]
    good = np.flatnonzero((losses + 1) / (len(known) + 1) <= risk + 1e-12)
    return float(-falling[good[-1]]) if len(good) else None


def threshold_at(scores, positive, specificity):
    """Return the lowest threshold that reaches a specificity, a share above 0.

    An image is called positive when its score is above the threshold; scores and booleans (n,).

    Raises
    ------
    DataError
        Without negatives.
    """
    if positive.all():
        msg = (
            f"no threshold for a specificity of {specificity} without negatives; "
            "expected at least one"
        )
        raise DataError(msg)
    return float(np.quantile(scores[~positive], specificity, method="inverted_cdf"))


def roc_sensitivity(weights, scores, positive, target):
    """Return the sensitivity that the ROC curve of the same images shows at a specificity.

    The threshold is chosen on the images that are reported, anew in every resample: what a ROC
    curve promises, not what a user gets. Weights (d, n) give sensitivities (d,), NaN where a
    resample lacks positives or negatives.
    """
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(scores[order]) > 0))
    weights, positive = weights[:, order], positive[order]
    yes = np.cumsum(np.add.reduceat(weights * positive, starts, axis=1), axis=1)
    no = np.cumsum(np.add.reduceat(weights * ~positive, starts, axis=1), axis=1)
    place = (no >= target * no[:, -1:] - 1e-9).argmax(axis=1)
    below = yes[np.arange(len(yes)), place]
    return np.where(no[:, -1] > 0, 1 - ratio(below, yes[:, -1]), np.nan)
