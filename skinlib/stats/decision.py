"""Decision curves: what acting on a predicted melanoma is worth, against acting on all or on none.

Acting at a threshold t of the probability says that one melanoma found is worth (1 - t) / t
needless actions. The net benefit is the share of melanomas found, less the share of needless
actions in that currency. A model is useful at t where it beats acting on all photographs and on
none.

Source: Vickers and Elkin, Decision curve analysis, Medical Decision Making 26:565, 2006.
"""

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.stats.bootstrap import cluster_weights, estimate

MELANOMA = CLASSES.index("mel")
THRESHOLDS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)


def net_benefit(weights, positive, acted, threshold):
    """Return the net benefit of acting, per photograph.

    Parameters
    ----------
    weights : numpy.ndarray
        Resamples as weights of the photographs, shape (r, n).
    positive, acted : numpy.ndarray
        Whether a photograph shows a melanoma, and whether one acts on it; bool, shape (n,).
    threshold : float
        In (0, 1).

    Returns
    -------
    numpy.ndarray
        Shape (r,), at most the share of melanomas.
    """
    worth = acted * np.where(positive, 1.0, -threshold / (1 - threshold))
    return weights @ worth / weights.sum(axis=1)


def curve(labels, probabilities, lesions, thresholds=THRESHOLDS):
    """Compare a model with acting on all photographs and on none.

    Parameters
    ----------
    labels, probabilities, lesions : numpy.ndarray
        Shapes (n,), (n, 7) and (n,); the probabilities are calibrated, or the threshold is not the
        one that was meant.
    thresholds : sequence of float

    Returns
    -------
    pandas.DataFrame
        By ``Threshold``, per 1,000 photographs: the ``Net benefit``, that of ``Acting on all``, and
        the ``Gain`` over the better of all and none. Intervals are over lesions.
    """
    weights = cluster_weights(lesions)
    positive, scores = labels == MELANOMA, probabilities[:, MELANOMA]
    rows = []
    for threshold in thresholds:
        model = 1000 * net_benefit(weights, positive, scores >= threshold, threshold)
        everyone = 1000 * net_benefit(weights, positive, np.ones(len(labels), bool), threshold)
        gain = estimate(model - np.maximum(everyone, 0))
        rows.append([threshold, estimate(model), float(everyone[0]), gain])
    return pd.DataFrame(rows, columns=["Threshold", "Net benefit", "Acting on all", "Gain"])
