"""Figures of the page Results: learning curves of a run, recall of each class beside the log."""

import textwrap

import pandas as pd
import seaborn

from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.plots.style import (
    BLUE,
    GREEN,
    MUTED,
    SMALL,
    VERMILLION,
    WIDTH,
    subplots,
    whole_numbers,
)

# Marker and colour of each row of dots; the first is of numbers that have no interval.
LOOKS = (("D", VERMILLION), ("o", BLUE), ("s", GREEN))


def curves(run):
    """Draw loss and accuracy of a run by epoch, with the epoch whose weights were kept.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    """
    history, kept = run.history(), run.record["best_epoch"]
    held_out = f"{run.record['selection']} set"
    with subplots(WIDTH, 2.6, ncols=2) as (figure, panels):
        for axes, score in zip(panels, ("loss", "accuracy"), strict=True):
            long = pd.DataFrame(
                {"epoch": history["epoch"], "training set": history[score],
                 held_out: history[f"val_{score}"]}
            ).melt("epoch", var_name="set", value_name=score)  # fmt: skip
            seaborn.lineplot(long, x="epoch", y=score, hue="set", style="set", ax=axes,
                             palette=[MUTED, BLUE], markers=["o", "o"], markersize=4,
                             markeredgewidth=0, legend=score == "loss")  # fmt: skip
            axes.axvline(kept, color=VERMILLION, linewidth=1.6, linestyle=":", label="kept epoch")
            axes.set(ylim=(0, None if score == "loss" else 1))
            whole_numbers(axes.xaxis, 6)
        handles, labels = panels[0].get_legend_handles_labels()
        panels[0].get_legend().remove()
        figure.legend(handles, labels, loc="outside upper center", ncols=3, fontsize=SMALL)
    return figure


def recalls(rows):
    """Draw the recall of each class, one row of dots a source.

    Parameters
    ----------
    rows : dict of str to sequence
        By title, in the order of `skinlib.common.classes.CLASSES`: numbers without an interval, or
        `skinlib.stats.bootstrap.Estimate`. Three at most.
    """
    with subplots(WIDTH, 4.6) as (figure, axes):
        for step, ((title, values), (marker, colour)) in enumerate(
            zip(rows.items(), LOOKS[-len(rows) :], strict=True)
        ):
            for place, value in enumerate(values):
                y = place + (step - (len(rows) - 1) / 2) * 0.22
                if hasattr(value, "low"):
                    axes.plot([value.low, value.high], [y, y], color=colour, linewidth=2, alpha=0.5)
                axes.plot(getattr(value, "value", value), y, marker, color=colour, markersize=6,
                          label=None if place else title)  # fmt: skip
        names = [textwrap.fill(LONG_NAMES[name], 18) for name in CLASSES]
        axes.set_yticks(range(len(CLASSES)), names, fontsize=SMALL)
        axes.set(xlim=(-0.02, 1.02), ylim=(len(CLASSES) - 0.5, -0.5), xlabel="recall")
        axes.grid(visible=False, axis="y")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center",
                      ncols=len(rows), fontsize=SMALL, columnspacing=1.2)  # fmt: skip
    return figure
