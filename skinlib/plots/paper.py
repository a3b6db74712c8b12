"""Figures of the paper's printed numbers beside the numbers its authors logged, and ours."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.patches import Rectangle

from skinlib import paper
from skinlib.common.classes import CLASSES
from skinlib.paper.rounding import HUNDREDTH
from skinlib.plots.curves import count_matrix
from skinlib.plots.style import (
    BLUE,
    COLOURS,
    GREEN,
    INK,
    MUTED,
    SMALL,
    VERMILLION,
    WIDTH,
    subplots,
    whole_numbers,
)  # fmt: skip

_TABLES = {"f1": ("A3", "F1"), "recall": ("A4", "recall")}
_ARMS = {
    "AD": {"facecolor": "#fbd9c2", "edgecolor": VERMILLION, "hatch": "////"},
    "MD": {"facecolor": "#bfdcef", "edgecolor": BLUE},
}
_AVERAGES = {"macro": ("o", BLUE), "weighted": ("^", VERMILLION), "micro": ("s", GREEN)}
_LOGGED = {"marker": "D", "color": INK, "linestyle": "", "markersize": 4}
_APART = _LOGGED | {"markersize": 8, "markerfacecolor": "white", "markeredgewidth": 1.8}
_STAR = {"marker": "*", "color": COLOURS[3], "linestyle": "", "markersize": 12,
         "markeredgecolor": INK, "markeredgewidth": 0.6}  # fmt: skip


def ad_against_md(metric, backbone, ours=None):
    """Draw F1 or recall by class of both arms: printed bars, logged diamonds.

    Figures 10 to 13 of the paper, from its Tables A3 and A4, with an axis from 0. The arms were
    evaluated on different photographs. ``ours`` has values by class for ``AD`` and ``MD``, or None
    where there is no run.
    """
    number, name = _TABLES[metric]
    differs = False
    with subplots(WIDTH, 4.3) as (figure, axes):
        for (arm, look), shift in zip(_ARMS.items(), (-0.19, 0.19), strict=True):
            places, run = np.arange(len(CLASSES)) + shift, paper.behind(f"{backbone} {arm}")
            printed = np.array(paper.printed()[number].rows[f"{backbone} {arm}"][:7], float)
            logged = np.array(getattr(run, metric), float)
            apart = abs(printed - logged) > HUNDREDTH
            differs |= apart.any()
            axes.bar(places, printed, 0.35, linewidth=1, **look,
                     label=f"{arm}, printed (n = {run.test_images:,})")  # fmt: skip
            axes.plot(places[~apart], logged[~apart], **_LOGGED)
            axes.plot(places[apart], logged[apart], **_APART)
            for place, value, bar in zip(places[apart], logged[apart], printed[apart], strict=True):
                # On the side of the diamond where the end of the bar is not.
                side = (8, "bottom") if value > bar else (-8, "top")
                axes.annotate(f"{value:.2f}", (place, value), (0, side[0]), ha="center",
                              va=side[1], fontsize=SMALL, textcoords="offset points",
                              fontweight="bold")  # fmt: skip
            if ours and ours.get(arm) is not None:
                axes.plot(places, ours[arm], "o", color=GREEN, markeredgecolor="white",
                          markersize=7, label="ours" if arm == "MD" else None)  # fmt: skip
        axes.plot([], [], label="logged, as printed", **_LOGGED)
        if differs:
            axes.plot([], [], label="logged, differs", **_APART)
        axes.set_xticks(range(len(CLASSES)), CLASSES)
        axes.grid(visible=False, axis="x")
        axes.set(ylabel=name, ylim=(0, 1.08), yticks=np.arange(0, 1.01, 0.2))
        axes.set_title(f"{backbone}: {name} by class", fontsize=11, fontweight="bold", loc="left")
        # Bars in the first column, what is drawn over them in the second.
        entries = sorted(zip(*axes.get_legend_handles_labels(), strict=True),
                         key=lambda entry: "printed (" not in entry[1])  # fmt: skip
        figure.legend(*zip(*entries, strict=True), loc="outside lower center", ncols=2,
                      fontsize=SMALL, columnspacing=1.2)  # fmt: skip
    return figure


def auc_all(ours):
    """Draw the AUC of the nine models with metadata: printed, and three averages logged.

    Figure 15 of the paper, which its text cites and does not show, from Table 7; the paper does
    not say which average it prints. ``ours`` is the macro AUC by backbone.
    """
    table = paper.printed()["7"]
    places = dict(zip(table.rows, range(len(table.rows)), strict=True))
    logged = {name: paper.behind(f"{name} MD").auc for name in places}
    with subplots(WIDTH, 0.42 * len(places) + 1.5) as (figure, axes):
        for name, place in places.items():
            span = min(logged[name].values()), max(logged[name].values())
            axes.plot(span, [place] * 2, color="#c4c4c4", linewidth=2.5, zorder=1)
        for kind, (marker, colour) in _AVERAGES.items():
            axes.plot([auc[kind] for auc in logged.values()], [*places.values()], marker,
                      color=colour, markersize=7, markeredgecolor="white",
                      label=f"logged, {kind}")  # fmt: skip
        axes.plot([table.value(name, "MD") for name in places], [*places.values()], "|", color=INK,
                  markersize=19, markeredgewidth=2.4)  # fmt: skip
        # Shorter than in the rows, where it would reach into the next entry.
        axes.plot([], [], "|", color=INK, markersize=11, markeredgewidth=2.4, label="printed")
        if ours:
            axes.plot(
                [*ours.values()], [places[name] for name in ours], label="ours, macro", **_STAR
            )
        axes.set_yticks(range(len(places)), places)
        axes.set(xlim=(0.85, 1), ylim=(len(places) - 0.5, -0.5), xlabel="AUC (axis from 0.85)")
        figure.legend(loc="outside upper center", ncols=3 if ours else 2, fontsize=SMALL)
    return figure


def logged_curves(names):
    """Draw the authors' learning curves, and three ways to read one accuracy off each.

    The accuracy at the epoch that was kept is the highest one on the very photographs that are
    then reported. The names, an even number, are keys of ``curves.yaml``.
    """
    rows = len(names) // 2
    grid = {"nrows": rows, "ncols": 2, "squeeze": False, "sharey": True}
    with subplots(WIDTH, 2.05 * rows + 0.75, **grid) as (figure, panels):
        for axes, name in zip(panels.flat, names, strict=True):
            _curve(axes, name)
        for axes in panels[:, 0]:
            axes.set_ylabel("accuracy", fontsize=SMALL)
        figure.legend(*panels.flat[0].get_legend_handles_labels(), loc="outside upper center",
                      ncols=2, fontsize=SMALL)  # fmt: skip
        figure.supxlabel("epoch", fontsize=10)
    return figure


def _curve(axes, name):
    curve, run = paper.load("curves")[name], paper.logged_run(name)
    held_out = np.array(curve["val_accuracy"], float)
    epochs = np.arange(1, len(held_out) + 1)
    kept, lowest = run.epochs["kept"], int(np.argmin(curve["val_loss"])) + 1
    read = {"kept": held_out[kept - 1], "lowest loss": held_out[lowest - 1],
            "last ten": held_out[-10:].mean()}  # fmt: skip
    axes.plot(epochs, curve["accuracy"], color="#8a8a8a", linewidth=1, label="training images")
    axes.plot(epochs, held_out, color=BLUE, linewidth=1.2, label="test images")
    # Down to the numbers, not through them.
    axes.vlines(kept, 0.42, 1.03, color=VERMILLION, linewidth=0.9, linestyle=":")
    axes.plot(kept, read["kept"], "o", color=VERMILLION, markersize=7, label="kept (highest)")
    axes.plot(lowest, read["lowest loss"], "s", color="white", markeredgecolor=INK, markersize=5,
              markeredgewidth=1.4, label="at the lowest loss")  # fmt: skip
    axes.plot(epochs[[-10, -1]], [read["last ten"]] * 2, color=INK, linewidth=3,
              solid_capstyle="butt", label="mean of the last ten")  # fmt: skip
    axes.text(0.97, 0.04, "\n".join(f"{what} {value:.3f}" for what, value in read.items()),
              ha="right", va="bottom", fontsize=SMALL, transform=axes.transAxes,
              linespacing=1.3)  # fmt: skip
    whole_numbers(axes.xaxis, 5)
    axes.set(ylim=(0, 1.03), xlim=(0, len(epochs) + 1), yticks=(0, 0.25, 0.5, 0.75, 1))
    axes.tick_params(labelsize=SMALL)
    axes.set_title(f"{name}\nn = {run.test_images:,}", fontsize=SMALL, loc="left")


def printed_against_logged_confusion(number):
    """Draw figure 10 or 11 of the journal version above the confusion matrix its notebook saved.

    Cells that differ are framed, and the row sums stand beside, since a row of the test images
    has a known number of photographs.
    """
    entry = paper.load("confusion")["journal"][str(number)]
    logged = np.array(paper.load("confusion")["logged"][entry["run"]])
    matrices = {f"printed (journal, figure {number})": np.array(entry["counts"]), "logged": logged}
    differ = np.array(entry["counts"]) != logged
    with subplots(4.6, 8.0, nrows=2) as (figure, panels):
        for axes, (title, matrix) in zip(panels, matrices.items(), strict=True):
            count_matrix(axes, matrix, CLASSES)
            axes.set_title(title, fontsize=11, fontweight="bold", loc="left")
            for row, column in np.argwhere(differ):
                axes.add_patch(Rectangle((column, row), 1, 1, facecolor="none",
                                         edgecolor=VERMILLION, linewidth=3,
                                         clip_on=False))  # fmt: skip
            for row, total in enumerate(matrix.sum(axis=1)):
                changed = differ[row].any()
                axes.text(7.15, row + 0.5, total, ha="left", va="center", fontsize=SMALL,
                          color=INK if changed else MUTED,
                          fontweight="bold" if changed else "normal")  # fmt: skip
            axes.text(7.15, -0.25, "sum", ha="left", va="center", fontsize=SMALL, color=MUTED)
    return figure


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
