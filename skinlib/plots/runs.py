"""Figures of runs: learning curves, confusion matrix, ROC."""

import numpy as np
from sklearn.metrics import confusion_matrix, roc_curve

from skinlib.common.classes import CLASSES
from skinlib.plots.style import COLOURS, count_matrix, subplots, whole_numbers
from skinlib.stats import scores


def learning_curves(run):
    """Loss and accuracy of a run by epoch, with the epoch whose weights were kept.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    """
    history, record = run.history(), run.record
    held_out = record["selection"]
    with subplots(ncols=2) as (figure, (left, right)):
        for axes, key in ((left, "loss"), (right, "accuracy")):
            axes.plot(history["epoch"], history[key], label="train (with dropout)")
            axes.plot(history["epoch"], history[f"val_{key}"], label=held_out)
            axes.axvline(record["best_epoch"], color="#777777", linewidth=1, linestyle=":")
            axes.set(xlabel="epoch", ylabel=key)
            whole_numbers(axes.xaxis)
        left.set_title("cross-entropy (train: weighted)", fontsize=10)
        right.set_title(f"kept: epoch {record['best_epoch']} (dotted)", fontsize=10)
        right.set_ylim(0, 1)
        right.legend(loc="best")
    return figure


def confusion(run, part="test"):
    """Confusion matrix of a run: counts, shaded by share of the true class."""
    labels, probabilities, _ = run.arrays(part)
    matrix = confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(len(CLASSES)))
    with subplots(4.6, 4.2) as (figure, axes):
        image = count_matrix(axes, matrix, CLASSES)
        figure.colorbar(image, ax=axes, shrink=0.85, label="share of the true class")
    return figure


def roc(run, part="test"):
    """One-vs-rest ROC curves of a run, one a class."""
    labels, probabilities, _ = run.arrays(part)
    each = scores.per_class(labels, probabilities)
    with subplots(4.6, 4.2) as (figure, axes):
        axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--")
        for index, name in enumerate(CLASSES):
            if np.isnan(each["auc"][index]):
                continue
            false, true, _ = roc_curve(labels == index, probabilities[:, index])
            label = f"{name}  {each['auc'][index]:.3f}  (n = {each['images'][index]})"
            axes.plot(false, true, label=label, color=COLOURS[index])
        axes.set(xlabel="1 − specificity", ylabel="sensitivity", aspect="equal")
        axes.legend(loc="lower right", fontsize=8, title="AUC (images)")
    return figure
