"""The ledger in one picture: printed, logged and our results of every network."""

import itertools

import seaborn

from skinlib.plots.style import BLUE, GREEN, INK, MUTED, SMALL, VERMILLION, WIDTH, subplots

# The printed number is a ring, and a logged number that agrees is the dot in it.
LOOKS = {
    "printed": {"marker": "o", "facecolor": "none", "edgecolor": INK, "s": 75, "linewidth": 1.2},
    "logged": {"marker": "o", "color": BLUE, "s": 26, "linewidth": 0},
    "ours, authors' recipe": {"marker": "D", "color": VERMILLION, "s": 34, "linewidth": 0},
    "ours, clean recipe": {"marker": "^", "color": GREEN, "s": 46, "linewidth": 0},
}


def dots(frame, measures):
    """Draw one row a network and one panel a measure.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `skinlib.paper.ledger.compared.networks`: ``network``, ``measure``, ``source``,
        ``value``.
    measures : sequence of str
        Panels, from left to right.
    """
    names = list(dict.fromkeys(frame[frame["measure"].isin(measures)]["network"]))
    place = {name: index for index, name in enumerate(names)}
    grid = {"ncols": len(measures), "sharey": True, "squeeze": False}
    with subplots(WIDTH, 0.24 * len(names) + 1.2, **grid) as (figure, panels):
        for axes, measure in zip(panels[0], measures, strict=True):
            shown = frame[frame["measure"] == measure]
            _points(axes, shown.assign(y=shown["network"].map(place)))
            axes.set_title(measure, fontsize=10)
            for index, (above, below) in enumerate(itertools.pairwise(names)):
                if above.split()[-1] != below.split()[-1]:
                    axes.axhline(index + 0.5, color=MUTED, linewidth=0.8)
        panels[0][0].set_yticks(range(len(names)), names, fontsize=SMALL)
        panels[0][0].set_ylim(len(names) - 0.4, -0.6)
        handles = {
            label: handle
            for axes in panels[0]
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(
            handles.values(), handles, loc="outside upper center", ncols=2, fontsize=SMALL
        )
    return figure


def _points(axes, shown):
    pairs = shown.pivot_table(index="y", columns="source", values="value")
    if {"printed", "logged"} <= set(pairs):
        pairs = pairs.dropna(subset=["printed", "logged"])
        axes.hlines(pairs.index, pairs["printed"], pairs["logged"], color=INK, linewidth=1)
    for source, look in LOOKS.items():
        part = shown[shown["source"] == source]
        if len(part):
            seaborn.scatterplot(
                part, x="value", y="y", ax=axes, label=source, zorder=3, legend=False, **look
            )
    axes.set(xlabel="", ylabel="")
    axes.margins(x=0.1)
    axes.tick_params(labelsize=SMALL)
    axes.locator_params(axis="x", nbins=3)
