"""Scores as curves: by epoch, by threshold, by confidence, and by how much is answered."""

import numpy as np
import pandas as pd
import seaborn
from sklearn.metrics import confusion_matrix, roc_curve

from skinlib.common.classes import CLASSES
from skinlib.plots.style import (
    BLUE,
    COLOURS,
    MUTED,
    SMALL,
    VERMILLION,
    WIDTH,
    subplots,
    whole_numbers,
)
from skinlib.stats.scores import per_class

# The share of correct answers among fewer images than this says nothing.
LEAST = 10
DASHES = ("-", "--", "-.", ":")
OUTCOMES = {"correct": COLOURS[5], "no answer": "#dddddd", "wrong": VERMILLION}


def learning_curves(run):
    """Draw loss and accuracy of a run by epoch, with the epoch whose weights were kept."""
    history, kept = run.history(), run.record["best_epoch"]
    held_out, chosen = f"{run.record['selection']} set", run.record["selection"] != "none"
    with subplots(WIDTH, 2.6, ncols=2) as (figure, panels):
        for axes, score in zip(panels, ("loss", "accuracy"), strict=True):
            long = pd.DataFrame(
                {"epoch": history["epoch"], "training set": history[score],
                 **({held_out: history[f"val_{score}"]} if chosen else {})}
            ).melt("epoch", var_name="set", value_name=score)  # fmt: skip
            seaborn.lineplot(long, x="epoch", y=score, hue="set", style="set", ax=axes,
                             palette=[MUTED, BLUE][: 1 + chosen], markers=["o", "o"], markersize=4,
                             markeredgewidth=0, legend=score == "loss")  # fmt: skip
            axes.axvline(kept, color=VERMILLION, linewidth=1.6, linestyle=":", label="kept epoch")
            axes.set(ylim=(0, None if score == "loss" else 1))
            whole_numbers(axes.xaxis, 6)
        handles, labels = panels[0].get_legend_handles_labels()
        panels[0].get_legend().remove()
        figure.legend(handles, labels, loc="outside upper center", ncols=3, fontsize=SMALL)
    return figure


def confusion(run, part="test"):
    """Draw the confusion matrix of a run: counts, shaded by share of the true class."""
    labels, probabilities, _ = run.arrays(part)
    matrix = confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(len(CLASSES)))
    with subplots(WIDTH, 4.6) as (figure, axes):
        count_matrix(
            axes, matrix, CLASSES, cbar_kws={"label": "share of the true class", "shrink": 0.8}
        )
    return figure


def count_matrix(axes, matrix, names, **bar):
    """Draw a confusion matrix, true classes in rows: counts, shaded by share of the true class.

    `bar` is for `seaborn.heatmap`, which draws no colour bar without.
    """
    share = matrix / matrix.sum(axis=1, keepdims=True).clip(min=1)
    seaborn.heatmap(share, annot=matrix, fmt="d", cmap="Blues", vmin=0, vmax=1, square=True,
                    xticklabels=names, yticklabels=names, annot_kws={"fontsize": SMALL},
                    cbar=bool(bar), ax=axes, **bar)  # fmt: skip
    axes.tick_params(length=0, rotation=0)
    axes.set(xlabel="predicted", ylabel="true")


def roc(run, part="test"):
    """Draw the ROC curves of a run, each class against all others."""
    labels, probabilities, _ = run.arrays(part)
    each = per_class(labels, probabilities)
    with subplots(WIDTH, WIDTH) as (figure, axes):
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
        for index in np.flatnonzero(np.isfinite(each["auc"])):
            false, true, _ = roc_curve(labels == index, probabilities[:, index])
            label = f"{CLASSES[index]}  {each['auc'][index]:.3f}  (n = {each['images'][index]})"
            axes.plot(false, true, label=label, color=COLOURS[index])
        axes.set(xlabel="1 − specificity", ylabel="sensitivity", aspect="equal")
        axes.legend(loc="lower right", fontsize=SMALL, title="AUC (images)")
    return figure


def reliability(models):
    """Draw accuracy against confidence by bin, and how many images are in each.

    The models, by title, are pairs of the rows of `skinlib.stats.calibration.reliability`: of the
    probabilities as given, and after temperature scaling, or None. Bins of fewer than `LEAST`
    images are in the counts only.
    """
    rows = -(-len(models) // 2)
    grid = {"nrows": 2 * rows, "ncols": 2, "sharex": True, "height_ratios": [3, 1] * rows}
    looks = (("as trained", BLUE, "o"), ("scaled", VERMILLION, "s"))
    with subplots(WIDTH, 3.9 * rows, **grid) as (figure, panels):
        for place, (title, pair) in enumerate(models.items()):
            row, column = divmod(place, 2)
            share, counts = panels[2 * row : 2 * row + 2, column]
            for axes in (share, counts):
                axes.tick_params(labelsize=SMALL, labelbottom=axes is counts)
            share.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
            for (label, colour, marker), bins in zip(looks, pair, strict=True):
                if bins is None:
                    continue
                full = bins[bins["images"] >= LEAST]
                share.plot(full["confidence"], full["accuracy"], marker=marker, markersize=4,
                           color=colour, linewidth=1, label=label, clip_on=False)  # fmt: skip
                counts.hist((bins["low"] + bins["high"]) / 2, np.linspace(0, 1, 16),
                            weights=bins["images"], histtype="step", color=colour)  # fmt: skip
            share.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="" if column else "share correct")
            share.set_title(title, fontsize=SMALL + 1)
            counts.set(xlabel="confidence", ylabel="" if column else "number")
            whole_numbers(counts.yaxis, 3)
        for axes in panels[-2:, 1] if len(models) % 2 else ():
            axes.axis("off")
        panels[0, 0].legend(loc="upper left", fontsize=SMALL)
    return figure


def risk_coverage(curves, mark):
    """Draw the share of wrong answers against the share of images answered.

    The curves, by title, are coverage and risk, of `skinlib.stats.selective.curve`; a dotted line
    marks a coverage.
    """
    with subplots(WIDTH, 3.9) as (figure, axes):
        for place, (title, (coverage, risk)) in enumerate(curves.items()):
            axes.plot(coverage, risk, color=COLOURS[place % len(COLOURS)], label=title,
                      linestyle=DASHES[place % len(DASHES)])  # fmt: skip
        # The first few answers are too few for a share; they must not set the scale.
        top = max(risk[coverage >= 0.05].max() for coverage, risk in curves.values())
        axes.axvline(mark, color=MUTED, linewidth=1, linestyle=":")
        axes.set(xlim=(0, 1), ylim=(0, 1.1 * max(top, 0.01)),
                 xlabel="coverage: share of the photographs answered",
                 ylabel="risk: share of wrong answers")  # fmt: skip
        axes.legend(loc="upper left", fontsize=SMALL)
    return figure


def outcomes(bars):
    """Draw which shares of some photographs are classified correctly, wrongly, or not at all.

    The bars, by title, are shares of `OUTCOMES`. One below 5 % is drawn, but not written.
    """
    shares = 100 * pd.DataFrame(bars, index=list(OUTCOMES)).T
    with subplots(WIDTH, 1.1 + 0.55 * len(bars)) as (figure, axes):
        left = 0
        for name, colour in OUTCOMES.items():
            written = [f"{share:.0f}" if share >= 5 else "" for share in shares[name]]
            drawn = axes.barh(shares.index, shares[name], left=left, height=0.7, color=colour,
                              edgecolor="white", label=name)  # fmt: skip
            axes.bar_label(drawn, written, label_type="center", fontsize=SMALL + 1)
            left = left + shares[name]
        axes.tick_params(axis="y", length=0, labelsize=SMALL)
        axes.set(xlabel="share of the photographs, %", xlim=(0, 100))
        axes.invert_yaxis()
        axes.grid(visible=False)
        figure.legend(loc="outside lower center", ncols=len(OUTCOMES), fontsize=SMALL)
    return figure


def selection(panels):
    """Draw what choosing on the test set adds, by number of epochs chosen among.

    The panels are by metric: the mean over all runs for 1, 2, … epochs, each a
    `skinlib.stats.bootstrap.Estimate`, and by seed arrays of the means alone. Shares of 1; drawn in
    points.
    """
    grid = {"nrows": len(panels), "sharex": True, "squeeze": False}
    with subplots(WIDTH, 2.5 * len(panels) + 0.5, **grid) as (figure, axes):
        for each, (metric, (means, by_seed)) in zip(axes[:, 0], panels.items(), strict=True):
            epochs = np.arange(1, len(means) + 1)
            value, low, high = 100 * np.array([(e.value, e.low, e.high) for e in means]).T
            for place, (seed, values) in enumerate(by_seed.items()):
                each.plot(epochs, 100 * values, linewidth=1.1, label=f"seed {seed}",
                          color=COLOURS[1 + place % (len(COLOURS) - 1)],
                          linestyle=DASHES[1 + place % 3])  # fmt: skip
            each.errorbar(epochs, value, yerr=(value - low, high - value), fmt="o-", color=BLUE,
                          ecolor=(BLUE, 0.35), elinewidth=4, markersize=4,
                          label="all runs")  # fmt: skip
            each.axhline(0, color=MUTED, linewidth=0.8)
            each.set_title(metric, fontsize=SMALL + 1)
            each.set_ylabel("best on test − chosen\non validation, points", fontsize=SMALL)
            each.set_ylim(bottom=0)
            each.tick_params(labelsize=SMALL, labelbottom=True)
            whole_numbers(each.xaxis)
        axes[-1, 0].set_xlabel("epochs that could be chosen")
        # Below the panels: inside, it would cover early epochs.
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels),
                      fontsize=SMALL)  # fmt: skip
    return figure
