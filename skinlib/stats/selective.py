"""Selective prediction, and thresholds that reach a specificity.

Risk-coverage: the model answers only the images it is surest of; risk is the share of wrong
answers among them. Images of equal confidence are answered together.

Source: Geifman and El-Yaniv, Selective classification for deep neural networks, NIPS 2017.
"""

import numpy as np

from skinlib.common.errors import DataError
from skinlib.stats.bootstrap import ratio, tied


def curve(labels, probabilities):
    """Return coverage and risk when the surest images are answered.

    Parameters
    ----------
    labels, probabilities : numpy.ndarray
        Shapes (n,) and (n, 7); the largest probability of a row is its confidence.

    Returns
    -------
    coverage, risk : numpy.ndarray
        After each run of equal confidence, the surest first: shares of all images, and of those
        answered.
    """
    wrong = probabilities.argmax(axis=1) != labels
    order, starts = tied(-probabilities.max(axis=1))
    answered = np.append(starts[1:], len(wrong))
    return answered / len(wrong), np.cumsum(wrong[order])[answered - 1] / answered


def least_confidence(labels, probabilities, risk):
    """Return the lowest confidence from which on at most a share `risk` of the answers is wrong.

    None where no confidence is enough. Labels (n,) and probabilities (n, 7).
    """
    levels = np.unique(np.max(probabilities, axis=1))[::-1]
    _, risks = curve(labels, probabilities)
    good = np.flatnonzero(risks <= risk + 1e-9)
    return float(levels[good[-1]]) if len(good) else None


def threshold_at(scores, positive, specificity):
    """Return the lowest threshold that reaches a specificity, a share above 0.

    An image is called positive when its score is above the threshold; scores and booleans (n,).

    Raises
    ------
    DataError
        Without negatives, or for a specificity that is no share.
    """
    if not 0 < specificity <= 1 or positive.all():
        msg = (
            f"no threshold for a specificity of {specificity} on {np.sum(~positive)} negatives; "
            "expected a share above 0 and at least one negative"
        )
        raise DataError(msg)
    return float(np.quantile(scores[~positive], specificity, method="inverted_cdf"))


def roc_sensitivity(weights, scores, positive, target):
    """Return the sensitivity that the ROC curve of the same images shows at a specificity.

    The threshold is chosen on the images that are reported, anew in every resample: what a ROC
    curve promises, not what a user gets. Weights (d, n) give sensitivities (d,), NaN where a
    resample lacks positives or negatives.
    """
    order, starts = tied(scores)
    weights, positive = weights[:, order], positive[order]
    yes = np.cumsum(np.add.reduceat(weights * positive, starts, axis=1), axis=1)
    no = np.cumsum(np.add.reduceat(weights * ~positive, starts, axis=1), axis=1)
    place = (no >= target * no[:, -1:] - 1e-9).argmax(axis=1)
    below = yes[np.arange(len(yes)), place]
    return np.where(no[:, -1] > 0, 1 - ratio(below, yes[:, -1]), np.nan)
