"""The scores that effects are measured on, for all draws of a bootstrap at once."""

import numpy as np

from skinlib.classes import CLASSES
from skinlib.evidence import draws

SCORES = ("accuracy", "mean recall", "macro F1", "AUC, macro")


def scores(weights, labels, probabilities):
    """Return the scores of `SCORES` under weights of the images.

    With weights of 1 they are `skinlib.metrics.summary`'s. Classes that a draw misses are
    left out of its means.

    Parameters
    ----------
    weights : numpy.ndarray
        Shape (d, n), see `skinlib.evidence.draws.lesion_weights`.
    labels : numpy.ndarray
        Class index, shape (n,).
    probabilities : numpy.ndarray
        Shape (n, 7).

    Returns
    -------
    numpy.ndarray
        Shape (d, 4).
    """
    predicted = probabilities.argmax(axis=1)
    truth, answer = (np.eye(len(CLASSES))[index] for index in (labels, predicted))
    positive, named = weights @ truth, weights @ answer
    right = weights @ (truth * answer)
    seen = positive > 0
    f1 = np.where(seen, draws.ratio(2 * right, positive + named), np.nan)
    areas = [draws.auc(weights, labels == k, probabilities[:, k]) for k in range(len(CLASSES))]
    return np.stack(
        [
            draws.ratio(right.sum(axis=1), weights.sum(axis=1)),
            draws.mean_present(draws.ratio(right, positive)),
            draws.mean_present(f1),
            draws.mean_present(np.stack(areas, axis=1)),
        ],
        axis=1,
    )
