"""Every metric, from probabilities and labels; the tests compare each with scikit-learn.

Two different numbers are called "balanced accuracy" in this field. The paper's is
the mean of (sensitivity + specificity)/2 over one-vs-rest tasks; scikit-learn's,
and the ISIC challenge's, is the mean recall. Here they are `ovr_balanced_accuracy`
and `mean_recall`.
"""

import numpy as np
from scipy.stats import rankdata

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError


def check(labels, probabilities):
    """Return the arguments as arrays, refusing what no metric can be computed from.

    Raises
    ------
    DataError
        If shapes do not fit, a label is outside 0..6, a number is not finite, or a
        row does not sum to 1 within 1e-3.
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


def confusion_matrix(labels, predicted):
    """Return counts, shape (7, 7), rows true and columns predicted."""
    # A bootstrap asks for thousands: scikit-learn, which the tests compare with, takes ten times
    # as long to check its arguments as to count.
    count = len(CLASSES)
    pairs = np.asarray(labels) * count + np.asarray(predicted)
    return np.bincount(pairs, minlength=count**2).reshape(count, count)


def one_vs_rest(matrix):
    """Return per-class counts from a confusion matrix (rows true).

    The paper's formulas (§3.1.3) take rows as predictions; with rows as truth, FP is
    the column sum minus TP and FN the row sum minus TP (protocol §7, erratum 19).

    Returns
    -------
    dict of str to numpy.ndarray
        ``tp``, ``fp``, ``fn``, ``tn``, each of shape (7,).
    """
    tp = np.diag(matrix)
    fp = matrix.sum(axis=0) - tp
    fn = matrix.sum(axis=1) - tp
    return {"tp": tp, "fp": fp, "fn": fn, "tn": matrix.sum() - tp - fp - fn}


def _ratio(numerator, denominator):
    """Divide; 0/0 is NaN: a class without images has no sensitivity."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def _auc(truth, scores):
    """Area under the ROC curve of each column, as the Mann-Whitney statistic.

    The same numbers as scikit-learn's, all columns at once: a bootstrap asks for
    thousands of them.
    """
    positives = truth.sum(axis=0)
    rank_sum = (rankdata(scores, axis=0) * truth).sum(axis=0)
    return _ratio(rank_sum - positives * (positives + 1) / 2, positives * (len(truth) - positives))


def per_class(labels, probabilities):
    """Return one-vs-rest metrics of each class.

    Returns
    -------
    dict of str to numpy.ndarray
        ``images``, ``sensitivity`` (recall), ``specificity``, ``precision`` (0 where
        nothing was predicted, as scikit-learn has it), ``f1`` (without the TN of the
        paper's formula, erratum 18), ``auc``; each of shape (7,), NaN where a class
        has no images.
    """
    labels, probabilities = check(labels, probabilities)
    counts = one_vs_rest(confusion_matrix(labels, probabilities.argmax(axis=1)))
    tp, fp, fn, tn = (counts[key] for key in ("tp", "fp", "fn", "tn"))
    positives, predicted = tp + fn, tp + fp
    auc = _auc(np.eye(len(CLASSES))[labels], probabilities)
    each = {
        "sensitivity": _ratio(tp, positives),
        "specificity": _ratio(tn, tn + fp),
        "precision": np.where(predicted > 0, tp / np.maximum(predicted, 1), 0.0),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "auc": auc,
    }
    seen = {name: np.where(positives > 0, values, np.nan) for name, values in each.items()}
    return {"images": positives, **seen}


def summary(labels, probabilities):
    """Return the summary metrics of a set of predictions.

    Returns
    -------
    dict of str to float
        ``accuracy``; ``mean_recall`` (scikit-learn's balanced accuracy, the ISIC
        metric); ``ovr_balanced_accuracy`` (the paper's, see the module);
        ``macro_precision``, ``macro_f1``; ``auc_macro`` and ``auc_weighted`` (means
        of one-vs-rest AUCs, plain and by support); ``auc_micro`` (all
        image-class pairs pooled: the paper's 0.989 is of this kind).
    """
    labels, probabilities = check(labels, probabilities)
    each = per_class(labels, probabilities)
    seen = each["images"] > 0
    one_hot = np.eye(len(CLASSES))[labels]
    balanced = (each["sensitivity"] + each["specificity"]) / 2
    return {
        "accuracy": float(np.mean(probabilities.argmax(axis=1) == labels)),
        "mean_recall": float(each["sensitivity"][seen].mean()),
        "ovr_balanced_accuracy": float(balanced[seen].mean()),
        "macro_precision": float(each["precision"][seen].mean()),
        "macro_f1": float(each["f1"][seen].mean()),
        "auc_macro": float(each["auc"][seen].mean()),
        "auc_weighted": float(np.average(each["auc"][seen], weights=each["images"][seen])),
        "auc_micro": float(_auc(one_hot.reshape(-1, 1), probabilities.reshape(-1, 1))[0]),
    }
