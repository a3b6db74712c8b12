"""Where maps lie against the lesion masks, beside what they have to beat."""

import numpy as np

from skinlib.plots.photographs import ATTENTION_MAP
from skinlib.plots.style import BLUE, GREEN, INK, PURPLE, SMALL, VERMILLION, WIDTH, subplots
from skinlib.stats.localisation import NAMES

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
        From `skinlib.experiments.localisation.drawn_examples`.

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
