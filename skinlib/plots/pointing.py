"""Where maps lie against the lesion masks, beside what they have to beat."""

import numpy as np

from skinlib.plots.photographs import ATTENTION_MAP
from skinlib.plots.style import BLUE, GREEN, INK, MUTED, PURPLE, SMALL, VERMILLION, WIDTH, subplots

NAMES = {
    "attention": "soft attention",
    "gradcam": "Grad-CAM",
    "hirescam": "HiResCAM",
    "darkness": "darkness",
    "box": "centred square",
    "gaussian": "centred Gaussian",
    "even": "even spread",
    "outline": "the mask itself",
    "ceiling": "best possible",
}
_LIMITS = ("outline", "ceiling")
_TITLES = {"mass": "mass inside the lesion", "hit": "pointing game"}


def pointing(groups):
    """Draw scores of maps as points with intervals, one panel a group of runs and a score.

    Parameters
    ----------
    groups : list of (str, pandas.DataFrame)
        Title, and what `skinlib.experiments.pointing_summary.summarise` returns.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = [[name for name in NAMES if name in found.index] for _, found in groups]
    heights = [len(names) + 1.6 for names in rows]
    grid = {"nrows": len(groups), "ncols": 2, "sharex": True, "sharey": "row", "squeeze": False,
            "gridspec_kw": {"height_ratios": heights}}  # fmt: skip
    with subplots(WIDTH, 0.2 * sum(heights) + 0.9, **grid) as (figure, panels):
        for (title, found), names, pair in zip(groups, rows, panels, strict=True):
            for axes, score in zip(pair, _TITLES, strict=True):
                _panel(axes, found, names, score)
            pair[0].set_yticks(range(len(names)), [NAMES[name] for name in names], fontsize=SMALL)
            pair[0].set_ylim(len(names) - 0.4, -0.6)
            pair[0].set_title(title, fontsize=10, loc="left", fontweight="bold")
        for axes, title in zip(panels[-1], _TITLES.values(), strict=True):
            axes.set_xlim(0, 1.03)
            axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"], fontsize=SMALL)
            axes.set_xlabel(title, fontsize=SMALL)
        marks = [panels[0][0].plot([], [], "o", color=BLUE, label="map of the network")[0]]
        marks += panels[0][0].plot([], [], "o", color=GREEN, label="the photograph's darkness")
        marks += panels[0][0].plot([], [], "D", color=VERMILLION, markerfacecolor="white",
                                   label="same, for other lesions")  # fmt: skip
        marks += panels[0][0].plot([], [], "s", color=INK, label="looks at no photograph")
        figure.legend(handles=marks, loc="outside upper left", fontsize=SMALL, ncols=2,
                      handletextpad=0.2, columnspacing=1)  # fmt: skip
    return figure


def _panel(axes, found, names, score):
    for place, name in enumerate(names):
        row, other = found.loc[name], f"{name}_others"
        if other in found.index:
            axes.plot(found.loc[other, score], place, "D", color=VERMILLION, markersize=6,
                      markerfacecolor="white", zorder=2)  # fmt: skip
        colour, mark = (BLUE, "o") if other in found.index else (INK, "s")
        if name == "darkness":
            colour = GREEN
        if name in _LIMITS:
            colour, mark = MUTED, "|"
        axes.plot([row[f"{score}_low"], row[f"{score}_high"]], [place] * 2, color=colour,
                  linewidth=2.5, alpha=0.5)  # fmt: skip
        axes.plot(row[score], place, mark, color=colour, markersize=4 if mark != "|" else 8)
    axes.grid(visible=False, axis="y")
    axes.tick_params(left=False)


# Maps of a network and the plain map that follows every photograph, by name in a table.
FOLLOWING = {
    "attention": (VERMILLION, "o"),
    "gradcam": (BLUE, "s"),
    "hirescam": (PURPLE, "D"),
    "darkness": (GREEN, "^"),
}


def following(gains):
    """Draw how much better maps are on their own lesion than maps made for other lesions.

    Parameters
    ----------
    gains : dict of str to dict of str to skinlib.stats.bootstrap.Estimate
        By network, then by name of a map: the difference of the part of the map on lesion.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with subplots(WIDTH, 1.0 + 0.62 * len(gains)) as (figure, axes):
        for place, found in enumerate(gains.values()):
            for step, (name, (colour, mark)) in enumerate(FOLLOWING.items()):
                if name not in found:
                    continue
                y, shown = place + (step - 1.5) * 0.17, found[name]
                axes.plot([100 * shown.low, 100 * shown.high], [y, y], color=colour, linewidth=2)
                axes.plot(100 * shown.value, y, mark, color=colour, markersize=5.5,
                          label=NAMES[name] if not place else None)  # fmt: skip
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_yticks(range(len(gains)), list(gains), fontsize=SMALL)
        axes.set_ylim(len(gains) - 0.5, -0.5)
        axes.set_xlabel("percentage points more on the own lesion\nthan maps of other lesions")
        axes.grid(visible=False, axis="y")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


_ROWS = {"image": "drawn picture", "shares": "its mask", "attention": "soft attention"}


def beside(examples):
    """Draw pictures above their masks and their attention maps, on the grid of the maps.

    Parameters
    ----------
    examples : list of dict
        From `skinlib.stats.localisation_drawn.examples`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    highest = max(example["attention"].max() for example in examples)
    grid = {"nrows": len(_ROWS), "ncols": len(examples), "squeeze": False}
    side = (WIDTH - 0.3) / len(examples)
    with subplots(WIDTH, len(_ROWS) * side + 0.9, **grid) as (figure, panels):
        for column, example in enumerate(examples):
            for axes, name in zip(panels[:, column], _ROWS, strict=True):
                axes.set(xticks=[], yticks=[])
                axes.grid(visible=False)
                axes.spines[:].set_visible(False)
                if name == "image":
                    axes.imshow(example[name])
                    axes.set_title(example["title"], fontsize=SMALL + 1)
                elif name == "shares":
                    axes.imshow(example[name], cmap="gray", vmin=0, vmax=1)
                else:
                    shown = axes.imshow(example[name], cmap=ATTENTION_MAP, vmin=0, vmax=highest)
        for axes, title in zip(panels[:, 0], _ROWS.values(), strict=True):
            axes.set_ylabel(title, fontsize=SMALL)
        figure.colorbar(shown, ax=panels, location="bottom", aspect=40, pad=0.02,
                        label="attention, in multiples of an even spread")  # fmt: skip
    return figure


def means(maps):
    """Draw mean attention maps of networks side by side, in multiples of an even spread.

    Parameters
    ----------
    maps : dict of str to numpy.ndarray
        By title; shape (h, w), of any size.

    Returns
    -------
    matplotlib.figure.Figure
    """
    relative = {title: values / np.mean(values) for title, values in maps.items()}
    highest = max(values.max() for values in relative.values())
    with subplots(WIDTH, WIDTH / len(maps) + 1.1, ncols=len(maps), squeeze=False) as (figure, grid):
        for axes, (title, values) in zip(grid[0], relative.items(), strict=True):
            shown = axes.imshow(values, cmap=ATTENTION_MAP, vmin=0, vmax=highest)
            axes.set(xticks=[], yticks=[])
            axes.grid(visible=False)
            axes.set_title(title, fontsize=SMALL)
        figure.colorbar(shown, ax=grid, location="bottom", aspect=40, pad=0.03,
                        label="attention, in multiples of an even spread")  # fmt: skip
    return figure
