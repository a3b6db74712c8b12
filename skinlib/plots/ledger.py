"""Figures of the ledger's tables: printed, logged and our numbers in one picture."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.patches import Rectangle

from skinlib.common.classes import CLASSES
from skinlib.plots.style import BLUE, GREEN, INK, SMALL, VERMILLION, WIDTH, subplots

# Column of Table 5 and how it is drawn; what is drawn later lies above.
_SERIES = {
    "Logged": {"marker": "o", "color": BLUE, "markersize": 7},
    "Ours, authors' recipe": {"marker": "D", "color": GREEN, "markersize": 6},
    "Ours, clean recipe": {"marker": "s", "color": VERMILLION, "markersize": 6},
}
# Printed to two decimals, logged to two: what is further apart was not rounded.
ROUNDING = 0.0051
_ARMS = {"MD": "with metadata (MD)", "AD": "augmented data (AD)"}


def values(column):
    """Return the numbers of a column of a ledger table, NaN where there is none.

    Parameters
    ----------
    column : pandas.Series of str
        ``0.8645*`` and ``0.751 ± 0.010``, for example; marks and spreads are left out.
    """
    return pd.to_numeric(column.str.extract(r"^([\d.]+)", expand=False), errors="coerce")


def accuracies(frame):
    """The accuracy of every model as printed, as logged and ours: one row a model.

    Parameters
    ----------
    frame : pandas.DataFrame
        `skinlib.paper.ledger.models.table_5`.
    """
    heights = [int((frame["Arm"] == arm).sum()) for arm in _ARMS]
    grid = {"nrows": len(_ARMS), "sharex": True, "height_ratios": heights}
    with subplots(WIDTH, 0.28 * sum(heights) + 1.9, **grid) as (figure, panels):
        for axes, (arm, title) in zip(panels, _ARMS.items(), strict=True):
            rows = frame[frame["Arm"] == arm]
            places = np.arange(len(rows))
            # Shorter than in the rows, where it would reach into the next entry.
            axes.plot([], [], "|", color=INK, markersize=11, markeredgewidth=2, label="printed")
            for column, style in _SERIES.items():
                if column in rows and values(rows[column]).notna().any():
                    axes.plot(values(rows[column]), places, linestyle="", label=column.lower(),
                              markeredgecolor="white", **style)  # fmt: skip
            printed = values(rows["Paper"]).fillna(values(rows["Journal"]))
            axes.plot(printed, places, "|", color=INK, markersize=17, markeredgewidth=2)
            axes.set_yticks(places, rows["Model"])
            axes.set_ylim(len(rows) - 0.5, -0.5)
            axes.set_title(title, fontsize=10, fontweight="bold", loc="left")
        panels[-1].set_xlabel("accuracy")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=2,
                      fontsize=SMALL)  # fmt: skip
    return figure


def differences(frame):
    """Return printed minus logged score by model and class.

    Parameters
    ----------
    frame : pandas.DataFrame
        `skinlib.paper.ledger.classes.per_class`.
    """
    numbers = _by_source(frame)
    return numbers.loc["paper"] - numbers.loc["logged"]


def _by_source(frame):
    numbers = frame[["Model", "Source"]].join(frame[list(CLASSES)].apply(values))
    return numbers.set_index(["Source", "Model"])


def classes(frame, label):
    """A score of every class and model: printed, with what the log says where it differs.

    Parameters
    ----------
    frame : pandas.DataFrame
        `skinlib.paper.ledger.classes.per_class`.
    label : str
        Of the colour bar: ``F1``, for example.
    """
    numbers = _by_source(frame)
    printed, logged = numbers.loc["paper"], numbers.loc["logged"]
    ours = numbers[~numbers.index.get_level_values("Source").isin(["paper", "logged"])]
    differs = (printed - logged).abs() > ROUNDING
    cells = printed.map("{:.2f}".format)
    cells = cells.where(~differs, cells + "\n(" + logged.map("{:.2f}".format) + ")")
    mine = ours.set_axis([f"{model.split()[0]},\n{source}" for source, model in ours.index])
    shown = pd.concat([printed, mine])
    cells = pd.concat([cells, mine.map("{:.2f}".format)])
    with subplots(WIDTH + 0.6, 0.42 * len(shown) + 1.3) as (figure, axes):
        sns.heatmap(
            shown, annot=cells, fmt="", cmap="Blues", vmin=0, vmax=1, ax=axes, linewidths=1,
            annot_kws={"fontsize": SMALL, "linespacing": 1},
            cbar_kws={"location": "bottom", "label": label, "shrink": 0.6, "aspect": 30,
                      "pad": 0.02},
        )  # fmt: skip
        for row, column in np.argwhere(differs.to_numpy()):
            axes.add_patch(Rectangle((column + 0.03, row + 0.03), 0.94, 0.94, facecolor="none",
                                     edgecolor=VERMILLION, linewidth=2))  # fmt: skip
        if len(ours):
            axes.axhline(len(printed), color=INK, linewidth=1.5)
        axes.set(xlabel="", ylabel="")
        axes.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False)
        axes.tick_params(length=0)
    return figure
