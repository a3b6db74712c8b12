"""Figures of uncertainty: reliability, risk against coverage, and groups in a forest plot."""

import numpy as np

from skinlib.plots.style import (
    BLUE,
    COLOURS,
    MUTED,
    SMALL,
    VERMILLION,
    WIDTH,
    subplots,
    whole_numbers,
)

# A bin of fewer images is counted, but its share would say nothing.
LEAST = 10
DASHES = ("-", "--", "-.", ":")


def reliability(models):
    """Draw accuracy against confidence by bin, and how many images are in each.

    Bins of fewer than `LEAST` images are in the counts only.

    Parameters
    ----------
    models : dict of str to (pandas.DataFrame, pandas.DataFrame or None)
        By title: rows of `skinlib.stats.calibration.reliability` of the probabilities as
        given, and after temperature scaling.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(2, len(models))
    rows = -(-len(models) // columns)
    with subplots(
        WIDTH if columns > 1 else 3.6, 3.9 * rows, nrows=2 * rows, ncols=columns, squeeze=False,
        sharex=True, height_ratios=[3, 1] * rows,
    ) as (figure, grid):  # fmt: skip
        for place, (title, pair) in enumerate(models.items()):
            row, column = divmod(place, columns)
            points, counts = grid[2 * row, column], grid[2 * row + 1, column]
            _panel(points, counts, pair)
            points.set_title(title, fontsize=SMALL + 1)
            if column == 0:
                points.set_ylabel("share correct")
                counts.set_ylabel("number")
        for place in range(len(models), rows * columns):
            for half in (0, 1):
                grid[2 * (place // columns) + half, place % columns].axis("off")
        grid[0, 0].legend(loc="upper left", fontsize=SMALL)
    return figure


def _panel(points, counts, pair):
    """Draw one model, its probabilities as given and, if there are such, scaled."""
    points.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
    kinds = zip(pair, (BLUE, VERMILLION), "os", ("as trained", "scaled"), strict=True)
    for bins, colour, marker, label in kinds:
        if bins is None:
            continue
        full = bins[bins["images"] >= LEAST]
        points.plot(full["confidence"], full["accuracy"], marker=marker, markersize=4,
                    color=colour, linewidth=1, label=label, clip_on=False)  # fmt: skip
        _steps(counts, bins, colour)
    points.set(xlim=(0, 1), ylim=(0, 1.02))
    counts.set(xlabel="confidence", ylim=(0, None))
    whole_numbers(counts.yaxis, 3)
    for axes in (points, counts):
        axes.tick_params(labelsize=SMALL)
    counts.tick_params(labelbottom=True)


def _steps(axes, rows, colour):
    """Outline the counts of bins; empty bins are 0."""
    edges = np.unique(np.r_[0.0, rows["low"], rows["high"], 1.0])
    heights = np.zeros(len(edges) - 1)
    heights[np.searchsorted(edges, rows["low"])] = rows["images"]
    axes.stairs(heights, edges, color=colour, linewidth=1.2)


def risk_coverage(curves, mark=None):
    """Draw the share of wrong answers against the share of images answered.

    Parameters
    ----------
    curves : dict of str to (numpy.ndarray, numpy.ndarray)
        By title: coverage and risk, of `skinlib.stats.selective.Selective.curve`.
    mark : float, optional
        Coverage to mark with a dotted line.
    """
    with subplots(WIDTH, 3.9) as (figure, axes):
        top = 0
        for place, (title, (coverage, risk)) in enumerate(curves.items()):
            axes.plot(coverage, risk, color=COLOURS[place % len(COLOURS)], label=title,
                      linestyle=DASHES[place % len(DASHES)])  # fmt: skip
            # The first few answers are too few for a share; they must not set the scale.
            top = max(top, risk[coverage >= 0.05].max())
        if mark is not None:
            axes.axvline(mark, color=MUTED, linewidth=1, linestyle=":")
        axes.set(xlim=(0, 1), ylim=(0, 1.1 * max(top, 0.01)),
                 xlabel="coverage: share of the photographs answered",
                 ylabel="risk: share of wrong answers")  # fmt: skip
        axes.legend(loc="upper left", fontsize=SMALL)
    return figure
