"""Points of the curves in the interactive figures: few enough, each exactly on its curve."""

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, roc_curve

from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.stats.scores import per_class

# Thresholds that a reader can set, and the most corners of a curve that are kept besides.
STEPS, CORNERS = np.linspace(0, 1, 51), 40


def roc(models):
    """Return points of the ROC curves of models, each class against the rest.

    Of each model there are labels (n,) and probabilities (n, 7).

    Returns
    -------
    points : pandas.DataFrame
        ``model`` (its place), ``class``, ``step`` (from the right end of the curve),
        ``threshold``, ``sensitivity``, ``specificity``, at every threshold of `STEPS` and at
        corners of the curve; an image is called positive when its probability is at least the
        threshold. The last step calls nothing and has no threshold.
    facts : pandas.DataFrame
        ``key`` (model and class), ``name`` of the class in full, its ``images``, ``auc``.
    """
    points, facts = [], []
    for model, (labels, probabilities) in enumerate(models):
        each = per_class(labels, probabilities)
        for index, name in enumerate(CLASSES):
            count = each["images"][index]
            if not 0 < count < len(labels):
                continue
            positive, score = labels == index, probabilities[:, index]
            thresholds = np.union1d(STEPS, _corners(positive, score))
            yes, no = np.sort(score[positive]), np.sort(score[~positive])
            points.append(pd.DataFrame({
                "model": model,
                "class": name,
                "step": np.arange(len(thresholds) + 1),
                "threshold": np.append(thresholds, np.nan),
                "sensitivity": np.append(1 - np.searchsorted(yes, thresholds) / len(yes), 0),
                "specificity": np.append(np.searchsorted(no, thresholds) / len(no), 1),
            }))  # fmt: skip
            facts.append([f"{model}{name}", LONG_NAMES[name], count, each["auc"][index]])
    columns = ["key", "name", "images", "auc"]
    return pd.concat(points, ignore_index=True), pd.DataFrame(facts, columns=columns)


def _corners(positive, score):
    """Return thresholds of at most `CORNERS` corners, evenly along the curve."""
    false, true, thresholds = roc_curve(positive, score)
    along = np.cumsum(np.hypot(np.diff(false, prepend=0), np.diff(true, prepend=0)))
    kept = np.searchsorted(along, np.linspace(0, along[-1], CORNERS))
    kept = np.unique(kept.clip(max=len(along) - 1))
    return thresholds[kept][np.isfinite(thresholds[kept])]


def confusion(models):
    """Return the cells of the confusion matrices of models: labels and probabilities by title.

    Columns ``model``, ``true``, ``predicted``, ``images``, and the shares ``of_true`` and
    ``of_predicted``, 0 where there is nothing to share.
    """
    pairs = pd.MultiIndex.from_product([CLASSES, CLASSES], names=["true", "predicted"])
    kinds = {"images": None, "of_true": "true", "of_predicted": "pred"}
    frames = {}
    for title, (labels, probabilities) in models.items():
        given = {"y_true": labels, "y_pred": probabilities.argmax(axis=1), "labels": range(7)}
        cells = {
            name: confusion_matrix(**given, normalize=kind).ravel() for name, kind in kinds.items()
        }
        frames[title] = pd.DataFrame(cells, pairs)
    return pd.concat(frames, names=["model"]).reset_index()
