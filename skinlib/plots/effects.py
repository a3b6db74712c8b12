"""Values with their intervals, one row each, and differences between models."""

import textwrap

import numpy as np
import pandas as pd
import seaborn

from skinlib.plots.style import BLUE, COLOURS, INK, MUTED, SMALL, VERMILLION, WIDTH, subplots

SHOWN = ("accuracy", "mean recall", "AUC, macro")
MARKERS = ("o", "s", "D", "^")
# Inches: of a mark, of a line of text, and between two rows.
MARK, LINE, GAP = 0.14, 0.15, 0.12
# Of `changes`: inches of a row, and how a clear one looks.
ROW = 0.2
LOOKS = {"better": (BLUE, "o"), "worse": (VERMILLION, "D")}


def tidy(found, scale=1.0):
    """Return a table for `intervals` from values by kind and row.

    They are `skinlib.stats.bootstrap.Estimate`, or plain numbers without an interval; a scale of
    100 gives percentage points.
    """
    rows = [
        (kind, row, *_ends(each)) for kind, values in found.items() for row, each in values.items()
    ]
    frame = pd.DataFrame(rows, columns=["kind", "row", "value", "low", "high"])
    return frame.assign(**scale * frame[["value", "low", "high"]].astype(float))


def _ends(each):
    return (each.value, each.low, each.high) if hasattr(each, "low") else (each, np.nan, np.nan)


def intervals(frame, label, mark=None, single=None, limits=None):
    """Draw values with their intervals.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``row``, ``value``, ``low`` and ``high``, NaN where there is none; optionally ``kind``
        (colour and marker, four at most) and ``panel`` (drawn below each other).
    label : str
        Of the horizontal axis, whose ends are `limits`.
    mark : (float, str or None), optional
        Where a vertical line is drawn, and what the legend calls it.
    single : pandas.DataFrame, optional
        ``kind``, ``row`` and ``value`` of single training runs, drawn as small dots.
    """
    frame = frame.assign(**{name: "" for name in ("panel", "kind") if name not in frame})
    groups = frame.groupby(["panel", "row"], sort=False)
    step = MARK if single is None else 2.2 * MARK
    lines = 1 + max(_filled(row).count("\n") for row in frame["row"])
    height = GAP + max(step * groups.size().max(), LINE * lines)
    # Marks of one row are below each other; a kind that a row does not have leaves no gap.
    rank = groups.cumcount() - (groups["row"].transform("size") - 1) / 2
    frame["shift"] = rank * step / height
    rows = frame.groupby("panel", sort=False)["row"].unique()
    grid = {"nrows": len(rows), "sharex": True, "squeeze": False, "height_ratios": rows.map(len)}
    tall = 0.8 + sum(0.3 + height * len(names) for names in rows)
    with subplots(WIDTH, tall, **grid) as (figure, panels):
        for axes, (panel, names) in zip(panels[:, 0], rows.items(), strict=True):
            places = frame["row"].map({name: place for place, name in enumerate(names)})
            shown = frame.assign(place=places + frame["shift"])[frame["panel"] == panel]
            _marks(axes, shown, frame["kind"].unique(), single)
            if mark:
                axes.axvline(mark[0], color=INK, linewidth=0.8, label=mark[1],
                             linestyle="--" if mark[1] else "-")  # fmt: skip
            axes.set_title(panel, loc="left", fontsize=SMALL + 1, fontweight="bold")
            axes.set_yticks(range(len(names)), map(_filled, names), fontsize=SMALL)
            axes.tick_params(axis="y", length=0)
            axes.set(ylim=(len(names) - 0.5, -0.5), xlim=limits)
            axes.grid(visible=False, axis="y")
        axes.set_xlabel(label)
        axes.locator_params(axis="x", nbins=6)
        handles, titles = panels[0, 0].get_legend_handles_labels()
        if len(titles) > 1:
            fit = sum(len(title) + 7 for title in titles) <= 72
            figure.legend(handles, titles, loc="outside upper center", fontsize=SMALL,
                          ncols=len(titles) if fit else 2, columnspacing=1.2)  # fmt: skip
    return figure


def _filled(name):
    """Return the name of a row on lines that leave room for the marks."""
    return "\n".join(textwrap.fill(line, 26) for line in name.split("\n"))


def _marks(axes, shown, kinds, single):
    for kind, colour, marker in zip(kinds, COLOURS, MARKERS, strict=False):
        some = shown[shown["kind"] == kind]
        ends = (some["value"] - some["low"], some["high"] - some["value"])
        axes.errorbar(some["value"], some["place"], xerr=None if some["low"].isna().all() else ends,
                      fmt=marker, color=colour, ecolor=(colour, 0.5), elinewidth=2.2,
                      label=kind)  # fmt: skip
        if single is not None:
            dots = single[single["kind"] == kind].merge(some[["row", "place"]], on="row")
            axes.plot(dots["value"], dots["place"] + 0.08, ".", color=MUTED, markersize=3)


def forest(effects, shown=SHOWN):
    """Draw differences of some scores, second way of training minus the first.

    The effects, by title, are `skinlib.stats.paired.Effect`. Small dots are the single seeds.
    """
    found = {
        score: {title: effect.estimate(score) for title, effect in effects.items()}
        for score in shown
    }
    single = [
        (score, title, value)
        for score in shown
        for title, effect in effects.items()
        if len(effect.by_seed) > 1
        for value in effect.by_seed[:, effect.place(score)]
    ]
    single = pd.DataFrame(single, columns=["kind", "row", "value"])
    return intervals(tidy(found), "difference, with 95 % interval", (0, None), single)


def changes(effects, shown, panels, outcome):
    """Draw many differences, one row each and the scores side by side, coloured where clear.

    The effects, `skinlib.stats.paired.Effect`, and in `panels` the group of each are by title;
    groups are below each other. `outcome` says of an effect and a score ``better``, ``worse``, or
    anything else where it is not clear.
    """
    groups = pd.Series(panels).groupby(panels, sort=False).groups
    grid = {"nrows": len(groups), "ncols": len(shown), "sharex": "col", "sharey": "row"}
    grid |= {"squeeze": False, "height_ratios": [len(titles) for titles in groups.values()]}
    tall = 0.9 + ROW * len(panels) + 0.24 * len(groups)
    with subplots(WIDTH, tall, **grid) as (figure, axes):
        for (group, titles), row in zip(groups.items(), axes, strict=True):
            for score, each in zip(shown, row, strict=True):
                for place, title in enumerate(titles):
                    found = effects[title].estimate(score)
                    colour, marker = LOOKS.get(outcome(effects[title], score), (MUTED, "o"))
                    each.plot([found.low, found.high], [place] * 2, color=(colour, 0.5), lw=2)
                    each.plot(found.value, place, marker, color=colour, markersize=5)
                each.axvline(0, color=INK, linewidth=0.8)
                each.set(yticks=range(len(titles)), ylim=(len(titles) - 0.5, -0.5))
                each.set_yticklabels(titles, fontsize=SMALL)
                each.tick_params(length=0)
                each.grid(visible=False, axis="y")
                each.spines[["left", "bottom"]].set_visible(False)
            row[0].set_title(group, loc="right", fontsize=SMALL, fontweight="bold", x=-0.04)
        for score, each in zip(shown, axes[-1], strict=True):
            each.set_xlabel(score)
            each.locator_params(axis="x", nbins=3)
            each.tick_params(axis="x", labelsize=SMALL)
        for word, (colour, marker) in LOOKS.items():
            axes[0, 0].plot([], [], marker, color=colour, label=f"clearly {word}")
        figure.legend(loc="outside upper center", ncols=len(LOOKS), fontsize=SMALL)
        figure.supxlabel("change, with 95 % interval", fontsize=10)
    return figure


def pairwise(estimates, apart):
    """Draw the differences in accuracy of every two models as a matrix, in percentage points.

    The estimates, by pair of names, are first minus second; pairs that are apart get a star.
    """
    names = list(dict.fromkeys(name for pair in estimates for name in pair))
    values = pd.DataFrame(np.nan, index=names[:-1], columns=names[1:])
    written = values.astype(object)
    for pair, each in estimates.items():
        values.loc[pair] = 100 * each.value
        # A difference that rounds to nothing has no sign.
        number = f"{round(100 * each.value, 1) + 0.0:+.1f}".replace("-", "−")
        written.loc[pair] = f"{number}*" if apart[pair] else number
    lines = [name.replace(", ", ",\n", 1) for name in names]
    with subplots(WIDTH, 0.5 * len(names) + 1.6) as (figure, axes):
        seaborn.heatmap(values, annot=written, fmt="", cmap="vlag", center=0, cbar=False, ax=axes,
                        annot_kws={"size": SMALL + 1}, xticklabels=lines[1:],
                        yticklabels=lines[:-1])  # fmt: skip
        axes.grid(visible=False)
        axes.tick_params(length=0, labelsize=SMALL)
        axes.tick_params(axis="y", rotation=0)
        axes.tick_params(axis="x", rotation=40)
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    return figure


def strips(rows, score, factor, legend):
    """Draw one dot a network, one row a way of reading them, two colours by a factor.

    The rows, by title, are networks, from `skinlib.stats.factorial.networks`; `score` and `factor`
    are their columns for the place and for the colour, `legend` is what the factor is called.
    """
    dots = pd.concat(rows, names=["row", None]).reset_index("row").rename(columns={factor: legend})
    with subplots(WIDTH, 1.1 + 0.9 * len(rows)) as (figure, axes):
        # Not seaborn's strips, whose places are random: the same figure gives the same file.
        seaborn.swarmplot(dots, x=score, y="row", hue=legend, dodge=True, size=4, ax=axes)
        axes.set_ylabel("")
        seaborn.move_legend(axes, "lower center", bbox_to_anchor=(0.4, 1), ncols=2, frameon=False)
    return figure
