"""The two figures of the front page: paper, log and ours side by side, and the claims."""

import textwrap

import numpy as np
import seaborn as sns
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from skinlib.plots.style import BLUE, COLOURS, GREEN, INK, MUTED, SMALL, VERMILLION, WIDTH, subplots

# From "holds" to "open", as on the page of the claims: greens for what holds, four shades of one
# colour for what is contradicted, blue and greys for the rest.
SHADES = (
    GREEN,
    "#8fd3b6",
    "#a63603",
    VERMILLION,
    "#f08a4b",
    "#f7bd8c",
    COLOURS[5],
    "#bdbdbd",
    MUTED,
)
COLUMNS = 16

# Of the first network, and of others.
DOT = {"color": BLUE, "marker": "o", "markersize": 7}
DIAMOND = {"color": VERMILLION, "marker": "D", "markersize": 6, "markerfacecolor": "none",
           "markeredgewidth": 1.6}  # fmt: skip


def compared(rows, panels, published=None):
    """Draw scores of several sources below each other, a panel a score.

    `rows` are by source, then by network: one value a panel, which is None, a number, or a
    `skinlib.stats.bootstrap.Estimate`. The first network of the first row is drawn as dots, others
    as open diamonds. `published` is a band: a source, a panel, and the lowest and highest value.
    """
    networks = list(dict.fromkeys(name for row in rows.values() for name in row))
    with subplots(WIDTH, 0.62 * len(rows) + 1.2, ncols=len(panels), sharey=True) as (figure, grid):
        for index, (axes, panel) in enumerate(zip(grid, panels, strict=True)):
            for place, (source, row) in enumerate(rows.items()):
                if published and published[:2] == (source, panel):
                    axes.plot(published[2:], [place, place], color=MUTED, linewidth=9, alpha=0.45,
                              solid_capstyle="butt", label="published systems")  # fmt: skip
                for name, values in row.items():
                    look = DOT if name == networks[0] else DIAMOND
                    _dot(axes, place, values[index], look, name)
            axes.set_title(panel, fontsize=SMALL + 1)
            axes.set(
                xlim=(0.5, 0.97), xticks=(0.5, 0.6, 0.7, 0.8, 0.9), ylim=(len(rows) - 0.5, -0.6)
            )
            axes.tick_params(labelsize=SMALL)
            axes.grid(visible=False, axis="y")
        names = [textwrap.fill(source, 19) for source in rows]
        grid[0].set_yticks(range(len(rows)), names, fontsize=SMALL)
        found = {}
        for axes in grid:
            found |= dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
        figure.legend(found.values(), found.keys(), loc="outside lower center", ncols=2,
                      fontsize=SMALL)  # fmt: skip
    return figure


def _dot(axes, place, value, look, name):
    """Draw one value with its interval, and write it above a dot and below a diamond."""
    if value is None:
        return
    if hasattr(value, "low"):
        axes.plot([value.low, value.high], [place, place], color=look["color"], linewidth=3,
                  alpha=0.4)  # fmt: skip
    middle = getattr(value, "value", value)
    axes.plot(middle, place, linestyle="none", label=name, **look)
    above = look is DOT
    axes.annotate(f"{middle:.2f}", (middle, place), (0, 6 if above else -6), ha="center",
                  va="bottom" if above else "top", fontsize=SMALL, color=INK,
                  textcoords="offset points")  # fmt: skip


def waffle(counts):
    """Draw one square a claim, by what the legend says: nine verdicts at most, in their order."""
    height = -(-sum(counts.values()) // COLUMNS)
    cells = np.full(height * COLUMNS, np.nan)
    cells[: sum(counts.values())] = np.repeat(np.arange(len(counts)), list(counts.values()))
    with subplots(WIDTH, 0.29 * height + 1.6) as (figure, axes):
        sns.heatmap(cells.reshape(height, COLUMNS), cmap=ListedColormap(SHADES), vmin=-0.5,
                    vmax=len(SHADES) - 0.5, square=True, linewidths=2, cbar=False, ax=axes,
                    xticklabels=False, yticklabels=False)  # fmt: skip
        axes.grid(visible=False)
        handles = [Patch(color=shade) for shade in SHADES[: len(counts)]]
        labels = [f"{what}: {count}" for what, count in counts.items()]
        figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=SMALL,
                      handlelength=0.9, handleheight=0.9)  # fmt: skip
    return figure
