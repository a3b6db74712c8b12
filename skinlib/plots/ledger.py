"""Scores by class of the ledger's tables: printed, logged and ours in one picture."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.patches import Rectangle

from skinlib.common.classes import CLASSES
from skinlib.paper.rounding import HUNDREDTH
from skinlib.plots.style import INK, SMALL, VERMILLION, WIDTH, subplots


def values(column):
    """Return the numbers of a column of text of a ledger table, NaN where there is none.

    Of ``0.8645*`` and ``0.751 ± 0.010`` marks and spreads are left out.
    """
    return pd.to_numeric(column.str.extract(r"^([\d.]+)", expand=False), errors="coerce")


def differences(frame):
    """Return printed minus logged score by model and class.

    The frame is that of `skinlib.paper.ledger.classes.per_class`, here and for `classes`.
    """
    numbers = _by_source(frame)
    return numbers.loc["paper"] - numbers.loc["logged"]


def _by_source(frame):
    numbers = frame[["Model", "Source"]].join(frame[list(CLASSES)].apply(values))
    return numbers.set_index(["Source", "Model"])


def classes(frame, label):
    """Draw a score of every class and model: printed, with what the log says where it differs.

    The label, ``F1`` for example, is that of the colour bar.
    """
    numbers = _by_source(frame)
    printed, logged = numbers.loc["paper"], numbers.loc["logged"].map("{:.2f}".format)
    ours = numbers.drop(index=["paper", "logged"], level="Source")
    mine = ours.set_axis([f"{model.split()[0]},\n{source}" for source, model in ours.index])
    differs = differences(frame).abs() > HUNDREDTH
    cells = printed.map("{:.2f}".format)
    cells = cells.where(~differs, cells + "\n(" + logged + ")")
    shown = pd.concat([printed, mine])
    bar = {"location": "bottom", "label": label, "shrink": 0.6, "aspect": 30, "pad": 0.02}
    with subplots(WIDTH + 0.6, 0.42 * len(shown) + 1.3) as (figure, axes):
        sns.heatmap(shown, annot=pd.concat([cells, mine.map("{:.2f}".format)]), fmt="",
                    cmap="Blues", vmin=0, vmax=1, ax=axes, linewidths=1, cbar_kws=bar,
                    annot_kws={"fontsize": SMALL, "linespacing": 1})  # fmt: skip
        for row, column in np.argwhere(differs.to_numpy()):
            axes.add_patch(Rectangle((column + 0.03, row + 0.03), 0.94, 0.94, facecolor="none",
                                     edgecolor=VERMILLION, linewidth=2))  # fmt: skip
        if len(ours):
            axes.axhline(len(printed), color=INK, linewidth=1.5)
        axes.set(xlabel="", ylabel="")
        axes.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False)
        axes.tick_params(length=0)
    return figure
