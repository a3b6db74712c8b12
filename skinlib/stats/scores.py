"""The scores of predictions: one definition, as measured and under resamples of the lesions.

Two numbers are called "balanced accuracy" in this field. The paper's is the mean of
(sensitivity + specificity) / 2 over the classes, each against the rest; scikit-learn's, and the
ISIC challenge's, is the mean recall. Here they are ``one-vs-rest balanced accuracy`` and
``mean recall``. A class without images has no score, and is left out of the means.
"""

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.stats import bootstrap
from skinlib.stats.bootstrap import mean_present, ratio

MELANOMA = CLASSES.index("mel")
# The scores of a run, by key of `summary`, and what the book calls them.
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
# Those on which effects are measured; the first three depend on the predicted class alone.
SCORES = ("accuracy", "mean recall", "macro F1", "AUC, macro")
# Two that no threshold enters: the mean probability of the true class, and minus its mean
# logarithm, in nats.
P_TRUE, LOG_LOSS = "p(true)", "log loss"
DECISIONS = SCORES[:3]


def scores(weights, labels, probabilities, names=SCORES):
    """Return scores under weights of the images.

    Parameters
    ----------
    weights : numpy.ndarray
        Shape (d, n), see `skinlib.stats.bootstrap.cluster_weights`.
    labels, probabilities : numpy.ndarray
        Class index (n,), and shape (n, 7).
    names : collection of str
        k of the names in `LABELS`, or ``AUC, melanoma``, `P_TRUE` and `LOG_LOSS`.

    Returns
    -------
    numpy.ndarray
        Shape (d, k).
    """
    correct, positive, each = _decided(weights, labels, probabilities)
    total = positive.sum(axis=1)
    found = {
        "accuracy": ratio(correct.sum(axis=1), total),
        "mean recall": mean_present(each["sensitivity"]),
        "macro precision": mean_present(each["precision"]),
        "macro F1": mean_present(each["f1"]),
        "one-vs-rest balanced accuracy": mean_present(
            (each["sensitivity"] + each["specificity"]) / 2
        ),
    }
    if {"AUC, macro", "AUC, weighted", "AUC, melanoma"} & set(names):
        areas = _areas(weights, labels, probabilities)
        found["AUC, melanoma"] = areas[:, MELANOMA]
        found["AUC, macro"] = mean_present(areas)
        found["AUC, weighted"] = np.nansum(areas * positive, axis=1) / total
    if "AUC, micro" in names:
        truth = np.eye(len(CLASSES))[labels].ravel() > 0
        pooled = np.repeat(weights, len(CLASSES), axis=1)
        found["AUC, micro"] = bootstrap.auc(pooled, truth, probabilities.ravel())
    of_truth = probabilities[np.arange(len(labels)), labels]
    found[P_TRUE] = weights @ of_truth / total
    found[LOG_LOSS] = -(weights @ np.log(np.clip(of_truth, 1e-7, 1))) / total
    return np.column_stack([found[name] for name in names])


def _decided(weights, labels, probabilities):
    """Return correct and all images of each class, and its scores against the rest, (d, 7)."""
    truth, answer = (np.eye(len(CLASSES))[each] for each in (labels, probabilities.argmax(axis=1)))
    # One product instead of three: the weights are large.
    sums = weights @ np.hstack([truth, answer, truth * answer])
    positive, named, correct = np.split(sums, 3, axis=1)
    total = positive.sum(axis=1, keepdims=True)
    present = positive > 0
    return (
        correct,
        positive,
        {
            "sensitivity": ratio(correct, positive),
            "specificity": np.where(
                present, ratio(total - positive - named + correct, total - positive), np.nan
            ),
            # 0 where nothing was predicted, as in scikit-learn.
            "precision": np.where(present, np.nan_to_num(ratio(correct, named)), np.nan),
            "f1": np.where(present, ratio(2 * correct, positive + named), np.nan),
        },
    )


def _areas(weights, labels, probabilities):
    """Return the AUC of each class against the rest, shape (d, 7)."""
    each = [bootstrap.auc(weights, labels == k, probabilities[:, k]) for k in range(len(CLASSES))]
    return np.stack(each, axis=1)


def summary(labels, probabilities):
    """Return all scores of a set of predictions, by key of `LABELS`.

    ``mean_recall`` is scikit-learn's balanced accuracy, ``ovr_balanced_accuracy`` the paper's;
    ``auc_micro`` pools all pairs of image and class.
    """
    labels, probabilities = check(labels, probabilities)
    found = scores(np.ones((1, len(labels))), labels, probabilities, LABELS.values())[0]
    return dict(zip(LABELS, found.tolist(), strict=True))


def per_class(labels, probabilities):
    """Return the scores of each class against the rest.

    Returns
    -------
    dict of str to numpy.ndarray
        ``images``, ``sensitivity`` (recall), ``specificity``, ``precision``, ``f1`` (without the
        true negatives of the paper's formula), ``auc``; shape (7,), NaN without images.
    """
    labels, probabilities = check(labels, probabilities)
    once = np.ones((1, len(labels)))
    *_, each = _decided(once, labels, probabilities)
    each["auc"] = _areas(once, labels, probabilities)
    images = np.bincount(labels, minlength=len(CLASSES))
    return {"images": images, **{name: values[0] for name, values in each.items()}}


def check(labels, probabilities):
    """Return the arguments as arrays, refusing what no score can be computed from.

    Raises
    ------
    DataError
        If shapes do not fit, a label is outside 0..6, a number is not finite, or a row does not
        sum to 1 within 1e-3.
    """
    labels = np.asarray(labels)
    probabilities = np.asarray(probabilities, float)
    expected = (len(labels), len(CLASSES))
    if probabilities.shape != expected or not len(labels):
        msg = f"probabilities have shape {probabilities.shape}, expected {expected}, not empty"
        raise DataError(msg)
    if labels.min() < 0 or labels.max() >= len(CLASSES):
        msg = f"labels lie in {labels.min()}..{labels.max()}, expected 0..{len(CLASSES) - 1}"
        raise DataError(msg)
    off = np.abs(probabilities.sum(axis=1) - 1) > 1e-3
    if not np.isfinite(probabilities).all() or off.any():
        row = int(np.argmax(off | ~np.isfinite(probabilities).all(axis=1)))
        msg = f"row {row} of the probabilities is {probabilities[row]}; expected a sum of 1"
        raise DataError(msg)
    return labels, probabilities
