"""Scores of the networks against their size and their speed."""

from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from skinlib.paper.scratch import IMAGENET, SCORES
from skinlib.plots.style import COLOURS, MUTED, SMALL, WIDTH, subplots

# What is on the horizontal axes: a factor, and what that is then.
MEASURES = {
    "parameters": (1e-6, "parameters (millions)"),
    "seconds": (1e3, "milliseconds a photograph"),
}
MARKERS = {"MD": "o", "AD": "s"}


def against(frame):
    """Draw accuracy and mean recall against parameters and the time of a prediction.

    The frame is that of `skinlib.paper.scratch.frame`. A mark with a white face began with
    ImageNet weights; a square has no metadata; a dash is the accuracy that the paper prints.
    """
    names = list(dict.fromkeys(frame["network"]))
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}
    grid = {"nrows": 2, "ncols": 2, "sharex": "col", "sharey": "row"}
    with subplots(WIDTH, 5.6, **grid) as (figure, panels):
        for row, score in zip(panels, SCORES, strict=True):
            for axes, (measure, (factor, label)) in zip(row, MEASURES.items(), strict=True):
                for each in frame.to_dict("records"):
                    _mark(axes, each, factor * each[measure], score, colours[each["network"]])
                axes.set_xscale("log")
                axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
                axes.xaxis.set_minor_locator(NullLocator())
                axes.tick_params(labelsize=SMALL)
                if score == SCORES[-1]:
                    axes.set_xlabel(label)
            row[0].set_ylabel(score)
        hollow = {"marker": "o", "markerfacecolor": "white", "markeredgewidth": 1.6}
        dash = {"marker": "_", "markersize": 11, "markeredgewidth": 2}
        looks = {name: {"marker": "o", "color": colours[name]} for name in names}
        if (frame["start"] == IMAGENET).any():
            looks["with ImageNet weights"] = hollow
        if (frame["arm"] == "AD").any():
            looks["without metadata"] = {"marker": "s"}
        if frame["printed"].notna().any():
            looks["printed in the paper"] = dash
        for label, look in looks.items():
            panels[0, 0].plot([], [], linestyle="", label=label, **{"color": MUTED, **look})
        figure.legend(loc="outside upper center", ncols=2, fontsize=SMALL)
    return figure


def _mark(axes, each, place, score, colour):
    estimate = each[score]
    ends = [[estimate.value - estimate.low], [estimate.high - estimate.value]]
    face = "white" if each["start"] == IMAGENET else colour
    axes.errorbar(place, estimate.value, yerr=ends, fmt=MARKERS[each["arm"]], color=colour,
                  ecolor=(colour, 0.4), markerfacecolor=face, markeredgewidth=1.6)  # fmt: skip
    if score == "accuracy":
        axes.plot(place, each["printed"], "_", color=colour, markersize=11,
                  markeredgewidth=2)  # fmt: skip
