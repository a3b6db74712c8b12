"""Differences between models: one against the others, and every two of them."""

import numpy as np
import pandas as pd
import seaborn as sns

from skinlib.plots.style import COLOURS, MUTED, SMALL, WIDTH, subplots

MARKERS = "osD^"


def _lines(name):
    """Return a name on two lines."""
    return name.replace(", ", ",\n", 1)


def against(differences, label):
    """Draw the differences of one model from the others.

    Parameters
    ----------
    differences : dict of str to dict of str to skinlib.stats.bootstrap.Estimate
        By score, then by the name of the other model.
    label : str
        What is subtracted from what.
    """
    others = list(next(iter(differences.values())))
    with subplots(WIDTH, 1.2 + 0.62 * len(others)) as (figure, axes):
        for step, (score, found) in enumerate(differences.items()):
            values = np.array([[each.value, each.low, each.high] for each in found.values()])
            places = np.arange(len(values)) + 0.2 * (step - (len(differences) - 1) / 2)
            colour = COLOURS[step]
            axes.hlines(places, values[:, 1], values[:, 2], color=colour, linewidth=2, alpha=0.5)
            axes.plot(values[:, 0], places, MARKERS[step], color=colour, markersize=5, label=score)
        axes.axvline(0, color=MUTED, linewidth=1)
        axes.set_yticks(range(len(others)), map(_lines, others), fontsize=SMALL)
        axes.tick_params(axis="y", length=0)
        axes.set(xlabel=label, ylim=(len(others) - 0.5, -0.5))
        axes.grid(visible=False, axis="y")
        figure.legend(loc="outside lower center", ncols=len(differences), fontsize=SMALL)
    return figure


def matrix(estimates, apart):
    """Draw the differences in accuracy of every two models as a matrix, in percentage points.

    Parameters
    ----------
    estimates : dict of (str, str) to skinlib.stats.bootstrap.Estimate
        By pair of names, first minus second.
    apart : dict of (str, str) to bool
        Pairs that get a star.
    """
    names = list(dict.fromkeys(name for pair in estimates for name in pair))
    values = pd.DataFrame(np.nan, index=names[:-1], columns=names[1:])
    written = values.astype(object)
    for pair, each in estimates.items():
        values.loc[pair] = 100 * each.value
        text = f"{round(100 * each.value, 1) + 0.0:+.1f}".replace("-", "−")
        written.loc[pair] = f"{text}*" if apart[pair] else text
    with subplots(WIDTH, 0.5 * len(names) + 1.6) as (figure, axes):
        sns.heatmap(values, mask=values.isna(), annot=written, fmt="", cmap="vlag", center=0,
                    cbar=False, ax=axes, annot_kws={"size": SMALL + 1})  # fmt: skip
        axes.grid(visible=False)
        axes.set_xticks(axes.get_xticks(), map(_lines, names[1:]), rotation=40, ha="right",
                        rotation_mode="anchor", fontsize=SMALL)  # fmt: skip
        axes.set_yticks(axes.get_yticks(), map(_lines, names[:-1]), rotation=0, fontsize=SMALL)
        axes.tick_params(length=0)
    return figure
