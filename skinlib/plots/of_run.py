"""Figures of the page Results: learning curves of a run, recall of each class beside the log."""

import pandas as pd
import seaborn

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
