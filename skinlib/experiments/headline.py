"""The eight scores that stand first for a run, each with an interval over lesions.

All eight come from the same resamples of lesions, so that tables of different pages show the
same interval for the same score.
"""

import functools

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.experiments import run as runs
from skinlib.stats import bootstrap

# Keys of `skinlib.stats.metrics.summary`, and what the book calls them. "One-vs-rest balanced
# accuracy" is what the paper calls balanced accuracy; scikit-learn's is the mean recall.
LABELS = {
    "accuracy": "accuracy",
    "mean_recall": "mean recall",
    "macro_precision": "macro precision",
    "macro_f1": "macro F1",
    "auc_macro": "AUC, macro",
    "auc_weighted": "AUC, weighted",
    "auc_micro": "AUC, micro",
    "ovr_balanced_accuracy": "one-vs-rest balanced accuracy",
}


def scores(weights, labels, probabilities):
    """Return the scores of `LABELS` under weights of the images.

    With weights of 1 they are those of `skinlib.stats.metrics.summary`. A resample that lacks a
    class leaves it out of its means.

    Parameters
    ----------
    weights : numpy.ndarray
        Shape (d, n), see `skinlib.stats.bootstrap.cluster_weights`.
    labels : numpy.ndarray
        Class index, shape (n,).
    probabilities : numpy.ndarray
        Shape (n, 7).

    Returns
    -------
    dict of str to numpy.ndarray
        Each of shape (d,).
    """
    count = len(CLASSES)
    truth, answer = (np.eye(count)[index] for index in (labels, probabilities.argmax(axis=1)))
    positive, named = weights @ truth, weights @ answer
    right = weights @ (truth * answer)
    total = weights.sum(axis=1, keepdims=True)
    seen = positive > 0
    recall = bootstrap.ratio(right, positive)
    specificity = bootstrap.ratio(total - positive - named + right, total - positive)
    # Precision is 0 where nothing was predicted, as scikit-learn has it.
    precision = np.where(seen, np.nan_to_num(bootstrap.ratio(right, named)), np.nan)
    f1 = np.where(seen, bootstrap.ratio(2 * right, positive + named), np.nan)
    areas = np.stack(
        [bootstrap.auc(weights, labels == k, probabilities[:, k]) for k in range(count)], axis=1
    )
    pooled = np.repeat(weights, count, axis=1), truth.ravel() > 0, probabilities.ravel()
    mean = bootstrap.mean_present
    return {
        "accuracy": right.sum(axis=1) / total[:, 0],
        "mean_recall": mean(recall),
        "macro_precision": mean(precision),
        "macro_f1": mean(f1),
        "auc_macro": mean(areas),
        "auc_weighted": np.nansum(areas * positive, axis=1) / total[:, 0],
        "auc_micro": bootstrap.auc(*pooled),
        "ovr_balanced_accuracy": mean((recall + specificity) / 2),
    }


def estimates(run, part="test"):
    """Return the scores of a run with their 95 % intervals.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    part : str

    Returns
    -------
    dict of str to skinlib.stats.bootstrap.Estimate
        By key of `LABELS`.
    """
    return _estimates(run.folder, run.record["identity"], part)


@functools.cache
def _estimates(folder, _identity, part):
    labels, probabilities, lesions = runs.read_run(folder).arrays(part)
    found = scores(bootstrap.cluster_weights(lesions), labels, probabilities)
    return {name: bootstrap.estimate(values) for name, values in found.items()}


def recalls(run, part="test"):
    """Return the recall of each class of a run with its 95 % interval.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    part : str

    Returns
    -------
    list of skinlib.stats.bootstrap.Estimate
        In the order of `skinlib.common.classes.CLASSES`.
    """
    labels, probabilities, lesions = run.arrays(part)
    weights = bootstrap.cluster_weights(lesions)
    found = bootstrap.recalls(weights, labels, probabilities.argmax(axis=1))
    return [bootstrap.estimate(column) for column in found.T]
