"""Thresholds with a guarantee: conformal risk control, with a lesion as one observation.

A threshold is chosen on n lesions so that the mean loss of a new lesion is at most α, on average
over such choices, however the network behaves. It needs one thing: that the new lesions could as
well have been among the n. A lesion's loss is the mean over its photographs, between 0 and 1.

Source: Angelopoulos, Bates, Fisch, Lei and Schuster, Conformal risk control, ICLR 2024, theorem 1.
"""

import numpy as np

from skinlib.stats.bootstrap import tied


def least_confidence(labels, probabilities, lesions, risk):
    """Return the lowest confidence with which at most a share `risk` gets a wrong answer.

    The share is of all lesions, those without an answer included.

    Parameters
    ----------
    labels, lesions : numpy.ndarray
        Class index and lesion id of each photograph, shape (n,).
    probabilities : numpy.ndarray
        Shape (n, 7).
    risk : float
        α, between 0 and 1.

    Returns
    -------
    float or None
        None: there are too few lesions for this risk at any confidence.
    """
    wrong = probabilities.argmax(axis=1) != labels
    return _lowest(probabilities.max(axis=1), wrong, lesions, risk)


def least_score(scores, lesions, sensitivity):
    """Return the highest threshold that finds at least a share of the positive lesions.

    Parameters
    ----------
    scores : numpy.ndarray
        Of positive photographs only, shape (n,); those at or above the threshold are found.
    lesions : numpy.ndarray
        Their lesion ids, shape (n,).
    sensitivity : float
        1 - α, between 0 and 1.

    Returns
    -------
    float or None
        None: there are too few lesions for this sensitivity at any threshold.
    """
    every = np.ones(len(scores), bool)
    # The loss falls with the threshold: as above, with the order of the scores turned.
    lowest = _lowest(-scores, every, lesions, 1 - sensitivity, above=True)
    return None if lowest is None else -lowest


def _lowest(levels, bad, lesions, risk, *, above=False):
    """Return the lowest level from which on the loss of `bad` photographs is controlled.

    A photograph counts where its level is at least the threshold, or `above` it.
    """
    known, place, sizes = np.unique(lesions, return_inverse=True, return_counts=True)
    order, starts = tied(-levels)
    shares = (bad / sizes[place])[order]
    # After each run of equal levels, the highest first: the sum of the losses of the lesions.
    losses = np.cumsum(np.add.reduceat(shares, starts))
    if above:
        losses = np.append(0, losses)[:-1]
    good = np.flatnonzero((losses + 1) / (len(known) + 1) <= risk + 1e-12)
    return float(levels[order][starts][good[-1]]) if len(good) else None
