"""Tables behind the interactive figures: few enough points, each exactly on its curve."""

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, roc_curve

from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.stats.scores import per_class
from skinlib.stats.selective import Selective

# Thresholds that a reader can set, and the most corners of a curve that are kept besides.
STEPS = np.linspace(0, 1, 51)
CORNERS = 40
PERCENT = np.arange(1, 101)


def roc(models):
    """Return points of the ROC curves, each class against the rest.

    Parameters
    ----------
    models : sequence of (numpy.ndarray, numpy.ndarray)
        Labels, shape (n,), and probabilities, shape (n, 7), of each model.

    Returns
    -------
    points : pandas.DataFrame
        ``model`` (its place), ``class``, ``step`` (of the curve, from its right end),
        ``threshold``, ``sensitivity``, ``specificity``; an image is called positive when its
        probability is at least the threshold. At every threshold of `STEPS`, and at corners of
        the curve. No threshold: nothing is called.
    facts : pandas.DataFrame
        ``key`` (model and class), ``name`` of the class in full, its ``images``, ``auc``.
    """
    points, facts = [], []
    for model, (labels, probabilities) in enumerate(models):
        each = per_class(labels, probabilities)
        for index, name in enumerate(CLASSES):
            if not 0 < each["images"][index] < len(labels):
                continue
            positive, scores = labels == index, probabilities[:, index]
            thresholds = np.union1d(STEPS, _corners(positive, scores))
            yes, no = np.sort(scores[positive]), np.sort(scores[~positive])
            found = {
                "model": model,
                "class": name,
                "step": np.arange(len(thresholds) + 1),
                "threshold": np.append(thresholds, np.nan),
                "sensitivity": np.append(1 - np.searchsorted(yes, thresholds) / len(yes), 0),
                "specificity": np.append(np.searchsorted(no, thresholds) / len(no), 1),
            }
            points.append(pd.DataFrame(found))
            facts.append(
                {
                    "key": f"{model}{name}",
                    "name": LONG_NAMES[name],
                    "images": each["images"][index],
                    "auc": each["auc"][index],
                }
            )
    return pd.concat(points, ignore_index=True), pd.DataFrame(facts)


def _corners(positive, scores):
    """Return thresholds of at most `CORNERS` corners, evenly along the curve."""
    false, true, thresholds = roc_curve(positive, scores)
    along = np.cumsum(np.hypot(np.diff(false, prepend=0), np.diff(true, prepend=0)))
    kept = np.searchsorted(along, np.linspace(0, along[-1], CORNERS))
    kept = np.unique(kept.clip(max=len(along) - 1))
    return thresholds[kept][np.isfinite(thresholds[kept])]


def confusion(models):
    """Return the cells of the confusion matrices.

    Parameters
    ----------
    models : dict of str to (numpy.ndarray, numpy.ndarray)
        Labels and probabilities by title.

    Returns
    -------
    pandas.DataFrame
        ``model`` (title), ``true``, ``predicted``, ``images``, and the shares ``of_true`` and
        ``of_predicted``; 0 where there is nothing to share.
    """
    rows = []
    for title, (labels, probabilities) in models.items():
        matrix = confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(len(CLASSES)))
        of_true = matrix / matrix.sum(axis=1, keepdims=True).clip(min=1)
        of_predicted = matrix / matrix.sum(axis=0, keepdims=True).clip(min=1)
        rows += [
            (title, CLASSES[i], CLASSES[j], matrix[i, j], of_true[i, j], of_predicted[i, j])
            for i, j in np.ndindex(matrix.shape)
        ]
    columns = ["model", "true", "predicted", "images", "of_true", "of_predicted"]
    return pd.DataFrame(rows, columns=columns)


def risk_coverage(models):
    """Return points of the risk-coverage curves, one a per cent of coverage.

    Parameters
    ----------
    models : dict
        See `confusion`.

    Returns
    -------
    pandas.DataFrame
        ``model`` (title), ``percent``, and of the first point whose coverage is at least that:
        ``coverage``, ``risk``, ``images`` answered, and their least ``confidence``.
    """
    frames = []
    for title, (labels, probabilities) in models.items():
        coverage, risk = Selective(labels, probabilities).curve()
        confidence = np.unique(probabilities.max(axis=1))[::-1]
        # A hair below, or rounding would skip a point.
        place = np.searchsorted(coverage, PERCENT / 100 - 1e-9)
        found = {
            "model": title,
            "percent": PERCENT,
            "coverage": coverage[place],
            "risk": risk[place],
            "images": np.round(coverage[place] * len(labels)).astype(int),
            "confidence": confidence[place],
        }
        frames.append(pd.DataFrame(found))
    return pd.concat(frames, ignore_index=True)
