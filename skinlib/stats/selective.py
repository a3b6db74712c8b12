"""Selective prediction, and thresholds that reach a specificity.

Risk-coverage: the model answers only the images it is surest of; risk is the share of wrong
answers among them. Images of equal confidence have no order, so every number is the mean over all
their orders.

Source: Geifman and El-Yaniv, Selective classification for deep neural networks, NIPS 2017.
"""

import numpy as np

from skinlib.common.errors import DataError
from skinlib.stats.bootstrap import ratio, tied


class Selective:
    """Predictions in the order of confidence, the surest first.

    Parameters
    ----------
    labels, probabilities : numpy.ndarray
        Shapes (n,) and (n, 7); the largest probability of a row is its confidence.
    weights : numpy.ndarray, optional
        From `skinlib.stats.bootstrap.cluster_weights`, shape (d, n); each image once by default.
    """

    def __init__(self, labels, probabilities, weights=None):
        probabilities = np.asarray(probabilities)
        wrong = probabilities.argmax(axis=1) != labels
        weights = np.ones((1, len(wrong))) if weights is None else weights
        order, starts = tied(-probabilities.max(axis=1))
        weights = weights[:, order]
        # Of each run of equal confidence, shape (d, runs); then of it and all surer ones.
        self.images = np.add.reduceat(weights, starts, axis=1)
        self.errors = np.add.reduceat(weights * wrong[order], starts, axis=1)
        self.answered, self.wrong = (
            np.cumsum(values, axis=1) for values in (self.images, self.errors)
        )
        self.total = self.answered[:, -1]

    def curve(self):
        """Return coverage and risk of the first resample after each run of equal confidence."""
        return self.answered[0] / self.total[0], self.wrong[0] / self.answered[0]

    def error(self):
        """Return the share of wrong answers when all images are answered, shape (d,)."""
        return ratio(self.wrong[:, -1], self.total)

    def aurc(self):
        """Return the area under the curve, the mean risk over answering 1, 2, … n images, (d,)."""
        before, wrong_before = self.answered - self.images, self.wrong - self.errors
        rate = np.where(self.images > 0, self.errors / np.maximum(self.images, 1), 0)
        # Within a run of m equals after M images with E errors the k-th answer has the risk
        # (E + k a) / (M + k), a being the run's rate of errors. Its sum over k = 1 … m is
        # a m + (E - a M) (H(M + m) - H(M)) with the harmonic numbers H.
        harmonic = np.append(0, np.cumsum(1 / np.arange(1, int(self.total.max()) + 1)))
        gained = harmonic[self.answered.astype(int)] - harmonic[before.astype(int)]
        return ratio((self.errors + (wrong_before - rate * before) * gained).sum(axis=1),
                     self.total)  # fmt: skip

    def risk_at(self, coverage):
        """Return the risk when this share of the images is answered, rounded up, shape (d,)."""
        # A little below, or 0.8 of 10 images would be 9.
        wanted = np.ceil(coverage * self.total - 1e-9)
        rows = np.arange(len(wanted))
        place = (self.answered >= wanted[:, None]).argmax(axis=1)
        images, errors = self.images[rows, place], self.errors[rows, place]
        surplus = self.answered[rows, place] - wanted
        return ratio(self.wrong[rows, place] - surplus * ratio(errors, images), wanted)

    def coverage_at(self, risk):
        """Return the largest coverage whose risk is at most `risk`, shape (d,); 0 without one."""
        good = (self.wrong <= risk * self.answered + 1e-9) & (self.answered > 0)
        return ratio(np.where(good, self.answered, 0).max(axis=1), self.total)


def least_confidence(labels, probabilities, risk):
    """Return the lowest confidence from which on at most a share `risk` of the answers is wrong.

    None where no confidence is enough. Labels (n,) and probabilities (n, 7).
    """
    levels = np.unique(np.max(probabilities, axis=1))[::-1]
    _, risks = Selective(labels, probabilities).curve()
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
