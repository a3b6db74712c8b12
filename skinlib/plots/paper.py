"""Figures of the paper's printed numbers beside the numbers its authors logged."""

import numpy as np
from matplotlib.patches import Rectangle

from skinlib import paper
from skinlib.common.classes import CLASSES
from skinlib.plots.style import (
    BLUE,
    COLOURS,
    GREEN,
    INK,
    MUTED,
    SMALL,
    VERMILLION,
    WIDTH,
    count_matrix,
    subplots,
    whole_numbers,
)

_TABLES = {"f1": ("A3", "F1"), "recall": ("A4", "recall")}
# Logged to two decimals, printed to two: what is further apart was not rounded.
_ROUNDING = 0.0051
_AVERAGES = {"macro": ("o", BLUE), "weighted": ("^", VERMILLION), "micro": ("s", GREEN)}


def ad_against_md(metric, backbone, ours=None):
    """F1 or recall by class, augmented data against metadata: printed bars, logged diamonds.

    Figures 10 to 13 of the paper, from its Tables A3 and A4, with an axis from 0. The arms were
    evaluated on different photographs (protocol, "What the paper's three arms really are").

    Parameters
    ----------
    metric : {'f1', 'recall'}
    backbone : {'DenseNet201', 'InceptionResNetV2'}
    ours : dict of str to sequence, optional
        ``AD`` and ``MD``: values by class, or None where there is no run.
    """
    number, name = _TABLES[metric]
    table = paper.printed()[number]
    places, width = np.arange(len(CLASSES)), 0.38
    differs = False
    with subplots(WIDTH, 4.3) as (figure, axes):
        for arm, shift, fill, edge, hatch in (
            ("AD", -width / 2, "#fbd9c2", VERMILLION, "////"),
            ("MD", width / 2, "#bfdcef", BLUE, None),
        ):
            row = f"{backbone} {arm}"
            printed = np.array(table.rows[row][: len(CLASSES)], float)
            run = paper.behind(row)
            logged = np.array(getattr(run, metric), float)
            axes.bar(places + shift, printed, width - 0.03, facecolor=fill, edgecolor=edge,
                     linewidth=1, hatch=hatch,
                     label=f"{arm}, printed (n = {run.test_images:,})")  # fmt: skip
            apart = abs(printed - logged) > _ROUNDING
            axes.plot((places + shift)[~apart], logged[~apart], "D", color=INK, markersize=4)
            axes.plot((places + shift)[apart], logged[apart], "D", color=INK, markersize=8,
                      markerfacecolor="white", markeredgewidth=1.8)  # fmt: skip
            for place, value, bar in zip(
                (places + shift)[apart], logged[apart], printed[apart], strict=True
            ):
                # On the side of the diamond where the end of the bar is not.
                axes.annotate(f"{value:.2f}", (place, value), (0, 8 if value > bar else -8),
                              ha="center", va="bottom" if value > bar else "top", fontsize=SMALL,
                              textcoords="offset points", fontweight="bold")  # fmt: skip
            differs |= apart.any()
            if ours and ours.get(arm) is not None:
                axes.plot(places + shift, ours[arm], "o", color=GREEN, markeredgecolor="white",
                          markersize=7, label="ours" if arm == "MD" else None)  # fmt: skip
        axes.plot([], [], "D", color=INK, markersize=4, label="logged, as printed")
        if differs:
            axes.plot([], [], "D", color=INK, markersize=8, markerfacecolor="white",
                      markeredgewidth=1.8, label="logged, differs")  # fmt: skip
        axes.set_xticks(places, CLASSES)
        axes.grid(visible=False, axis="x")
        axes.set(ylabel=name, ylim=(0, 1.08), yticks=np.arange(0, 1.01, 0.2))
        axes.set_title(f"{backbone}: {name} by class", fontsize=11, fontweight="bold", loc="left")
        # Bars in the first column, what is drawn over them in the second.
        entries = sorted(zip(*axes.get_legend_handles_labels(), strict=True), key=_is_marker)
        figure.legend(*zip(*entries, strict=True), loc="outside lower center", ncols=2,
                      fontsize=SMALL, columnspacing=1.2)  # fmt: skip
    return figure


def _is_marker(entry):
    return "printed (" not in entry[1]


def auc_all(ours=None):
    """AUC of the nine models with metadata: the printed one and the three kinds logged.

    Figure 15 of the paper, which its text cites and does not show, from Table 7; the paper does
    not say which average it prints.

    Parameters
    ----------
    ours : dict of str to float, optional
        Macro AUC by backbone.
    """
    rows = paper.printed()["7"].rows
    with subplots(WIDTH, 0.42 * len(rows) + 1.5) as (figure, axes):
        for place, backbone in enumerate(rows):
            logged = paper.behind(f"{backbone} MD").auc
            axes.plot([min(logged.values()), max(logged.values())], [place] * 2, color="#c4c4c4",
                      linewidth=2.5, zorder=1)  # fmt: skip
            for kind, (marker, colour) in _AVERAGES.items():
                axes.plot(
                    logged[kind],
                    place,
                    marker,
                    color=colour,
                    markersize=7,
                    markeredgecolor="white",
                    label=None if place else f"logged, {kind}",
                )
            axes.plot(paper.printed()["7"].value(backbone, "MD"), place, "|", color=INK,
                      markersize=19, markeredgewidth=2.4)  # fmt: skip
            if ours and backbone in ours:
                axes.plot(ours[backbone], place, "*", color=COLOURS[3], markersize=12,
                          markeredgecolor=INK, markeredgewidth=0.6)  # fmt: skip
        # Shorter than in the rows, where it would reach into the next entry.
        axes.plot([], [], "|", color=INK, markersize=11, markeredgewidth=2.4, label="printed")
        if ours:
            axes.plot([], [], "*", color=COLOURS[3], markersize=12, markeredgecolor=INK,
                      markeredgewidth=0.6, label="ours, macro")  # fmt: skip
        axes.set_yticks(range(len(rows)), rows)
        axes.set(xlim=(0.85, 1), ylim=(len(rows) - 0.5, -0.5), xlabel="AUC (axis from 0.85)")
        figure.legend(loc="outside upper center", ncols=3 if ours else 2, fontsize=SMALL)
    return figure


def logged_curves(names):
    """The authors' learning curves, and three ways to read one accuracy off each.

    From the logs: the accuracy at the epoch that was kept is the highest one on the very
    photographs that are then reported.

    Parameters
    ----------
    names : sequence of str
        Keys of `skinlib.paper.curves`.
    """
    rows = -(-len(names) // 2)
    grid = {"nrows": rows, "ncols": 2, "squeeze": False, "sharey": True}
    with subplots(WIDTH, 2.05 * rows + 0.75, **grid) as (figure, panels):
        for axes, name in zip(panels.flat, names, strict=False):
            _curve(axes, name)
        for axes in panels.flat[len(names) :]:
            axes.axis("off")
        for axes in panels[:, 0]:
            axes.set_ylabel("accuracy", fontsize=SMALL)
        handles, labels = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=2, fontsize=SMALL)
        figure.supxlabel("epoch", fontsize=10)
    return figure


def _curve(axes, name):
    curve, run = paper.curves()[name], paper.logged_run(name)
    held_out = np.array(curve["val_accuracy"], float)
    epochs = np.arange(1, len(held_out) + 1)
    lowest = int(np.argmin(curve["val_loss"]))
    axes.plot(epochs, curve["accuracy"], color="#8a8a8a", linewidth=1, label="training images")
    axes.plot(epochs, held_out, color=BLUE, linewidth=1.2, label="test images")
    kept, last = run.epochs["kept"], epochs[-10:]
    # Down to the numbers, not through them.
    axes.vlines(kept, 0.42, 1.03, color=VERMILLION, linewidth=0.9, linestyle=":")
    axes.plot(kept, held_out[kept - 1], "o", color=VERMILLION, markersize=7, label="kept (highest)")
    axes.plot(lowest + 1, held_out[lowest], "s", color="white", markeredgecolor=INK, markersize=5,
              markeredgewidth=1.4, label="at the lowest loss")  # fmt: skip
    axes.plot([last[0], last[-1]], [held_out[-10:].mean()] * 2, color=INK, linewidth=3,
              solid_capstyle="butt", label="mean of the last ten")  # fmt: skip
    read = (
        ("kept", held_out[kept - 1]),
        ("lowest loss", held_out[lowest]),
        ("last ten", held_out[-10:].mean()),
    )
    axes.text(0.97, 0.04, "\n".join(f"{what} {value:.3f}" for what, value in read), ha="right",
              va="bottom", fontsize=SMALL, transform=axes.transAxes, linespacing=1.3)  # fmt: skip
    whole_numbers(axes.xaxis, 5)
    axes.set(ylim=(0, 1.03), xlim=(0, len(epochs) + 1), yticks=(0, 0.25, 0.5, 0.75, 1))
    axes.tick_params(labelsize=SMALL)
    axes.set_title(f"{name}\nn = {run.test_images:,}", fontsize=SMALL, loc="left")


def printed_against_logged_confusion(number):
    """A confusion matrix of the journal version above the one its notebook saved.

    Figures 10 and 11 of the journal version (protocol, errata); cells that differ are framed,
    and the row sums stand beside, since a row of the test images has a known number of
    photographs.

    Parameters
    ----------
    number : {'10', '11'}
    """
    entry = paper.confusion()["journal"][str(number)]
    printed = np.array(entry["counts"])
    logged = np.array(paper.confusion()["logged"][entry["run"]])
    titles = (f"printed (journal, figure {number})", "logged")
    with subplots(4.6, 8.0, nrows=2) as (figure, panels):
        for axes, title, matrix in zip(panels, titles, (printed, logged), strict=True):
            count_matrix(axes, matrix, CLASSES)
            axes.set_title(title, fontsize=11, fontweight="bold", loc="left")
            for row, column in np.argwhere(printed != logged):
                axes.add_patch(
                    Rectangle(
                        (column, row),
                        1,
                        1,
                        facecolor="none",
                        edgecolor=VERMILLION,
                        linewidth=3,
                        clip_on=False,
                    )
                )
            changed = (printed != logged).any(axis=1)
            for row, total in enumerate(matrix.sum(axis=1)):
                axes.text(7.15, row + 0.5, total, ha="left", va="center", fontsize=SMALL,
                          color=INK if changed[row] else MUTED,
                          fontweight="bold" if changed[row] else "normal")  # fmt: skip
            axes.text(7.15, -0.25, "sum", ha="left", va="center", fontsize=SMALL, color=MUTED)
    return figure
