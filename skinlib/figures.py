"""Figures of the book, as matplotlib Figures in one shared style; no file access of their own."""

import contextlib
import io

import matplotlib as mpl
import matplotlib.ticker
import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from sklearn.metrics import roc_curve

from skinlib import metrics
from skinlib.classes import CLASSES

# Okabe and Ito's palette: told apart with the common colour-vision deficiencies.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

STYLE = {
    "font.size": 10,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.prop_cycle": mpl.cycler(color=COLOURS),
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "savefig.facecolor": "white",
    # Text stays text: small files, searchable, sharp at any size.
    "svg.fonttype": "none",
    # The same figure gives the same bytes.
    "svg.hashsalt": "skinlib",
}


class _Figure(MatplotlibFigure):
    """A figure that a notebook shows as SVG, without pyplot and its global state."""

    def _repr_svg_(self):
        return to_svg(self).decode()


@contextlib.contextmanager
def _figure(width=7.0, height=3.2, **grid):
    with mpl.rc_context(STYLE):
        figure = _Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots(**grid)


def to_svg(figure):
    """Return a figure as SVG bytes, the same for the same figure: no date, no random ids."""
    out = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def learning_curves(run):
    """Loss and accuracy of a run by epoch, with the epoch whose weights were kept.

    Parameters
    ----------
    run : skinlib.runs.Run
    """
    history, record = run.history(), run.record
    held_out = record["selection"]
    with _figure(ncols=2) as (figure, (left, right)):
        for axes, key in ((left, "loss"), (right, "accuracy")):
            axes.plot(history["epoch"], history[key], label="train (with dropout)")
            axes.plot(history["epoch"], history[f"val_{key}"], label=held_out)
            axes.axvline(record["best_epoch"], color="#777777", linewidth=1, linestyle=":")
            axes.set(xlabel="epoch", ylabel=key)
            axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
        left.set_title("cross-entropy (train: weighted)", fontsize=10)
        right.set_title(f"kept: epoch {record['best_epoch']} (dotted)", fontsize=10)
        right.set_ylim(0, 1)
        right.legend(loc="lower right")
    return figure


def confusion(run, part="test"):
    """Confusion matrix of a run: counts, shaded by share of the true class."""
    labels, probabilities, _ = run.arrays(part)
    matrix = metrics.confusion_matrix(labels, probabilities.argmax(axis=1))
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    with _figure(4.6, 4.2) as (figure, axes):
        axes.grid(visible=False)
        image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(matrix):
            colour = "white" if share[row, column] > 0.55 else "black"
            axes.text(column, row, count, ha="center", va="center", color=colour, fontsize=9)
        axes.set_xticks(range(len(CLASSES)), CLASSES)
        axes.set_yticks(range(len(CLASSES)), CLASSES)
        axes.set(xlabel="predicted", ylabel="true")
        figure.colorbar(image, ax=axes, shrink=0.85, label="share of the true class")
    return figure


def roc(run, part="test"):
    """One-vs-rest ROC curves of a run, one a class."""
    labels, probabilities, _ = run.arrays(part)
    each = metrics.per_class(labels, probabilities)
    with _figure(4.6, 4.2) as (figure, axes):
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


def not_run():
    """A placeholder for a figure whose run does not exist."""
    with _figure(4.6, 1.2) as (figure, axes):
        axes.axis("off")
        axes.text(0.5, 0.5, "not run", ha="center", va="center", color="#777777", fontsize=14)
    return figure


def accuracies(rows):
    """Accuracies with intervals as dots, one line a source.

    Parameters
    ----------
    rows : list of (str, float, tuple or None)
        Label, value, (low, high).
    """
    with _figure(6.4, 0.45 * len(rows) + 0.9) as (figure, axes):
        for position, (_, value, interval) in enumerate(rows):
            colour = COLOURS[0] if interval else COLOURS[1]
            if interval:
                axes.plot(interval, [position] * 2, color=colour, linewidth=3, alpha=0.4)
            axes.plot(value, position, "o", color=colour)
            axes.annotate(f"{value:.3f}", (value, position), (0, 7), ha="center", fontsize=8,
                          textcoords="offset points")  # fmt: skip
        axes.set_yticks(range(len(rows)), [label for label, _, _ in rows])
        axes.set_ylim(len(rows) - 0.4, -0.7)
        axes.set(xlabel="accuracy")
    return figure


def class_examples(dataset, per_class=4, size=96):
    """A contact sheet of a data set: some pictures of each class.

    Pictures of HAM10000 shown this way must not be committed (CC BY-NC 4.0).
    """
    from skinlib.data.images import decode
    from skinlib.data.pixels import resize

    with mpl.rc_context(STYLE):
        figure = _Figure(figsize=(7, 7 / len(CLASSES) * per_class + 0.3), layout="constrained")
        grid = figure.subplots(per_class, len(CLASSES), squeeze=False)
        for column, name in enumerate(CLASSES):
            rows = dataset.table[dataset.table["dx"] == name].drop_duplicates("lesion_id")
            for row in range(per_class):
                axes = grid[row][column]
                axes.axis("off")
                if row == 0:
                    axes.set_title(name, fontsize=10)
                if row < len(rows):
                    axes.imshow(resize(decode(rows["path"].iloc[row]), size))
    return figure
