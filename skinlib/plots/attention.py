"""Attention maps: what they depend on, over drawn lesions, and their means."""

import numpy as np

from skinlib.plots.photographs import ATTENTION_MAP
from skinlib.plots.style import BLUE, INK, MUTED, SMALL, VERMILLION, WIDTH, bare, subplots

VARIANTS = {"as_described": "as described", "as_coded": "as coded"}
_SHADE = {"as_described": BLUE, "as_coded": VERMILLION}


def channel_dependence(changes):
    """How much the attention maps move when one channel of the input is perturbed.

    `changes` has one number a channel, the largest change of a map, for ``as_described`` and
    ``as_coded``. A channel that the maps do not depend on gives exactly zero, drawn as a tick on
    the zero line.
    """
    measured = {name: np.asarray(changes[name], float) for name in VARIANTS}
    positive = np.concatenate([values[values > 0] for values in measured.values()])
    smallest, largest = positive.min(), positive.max()
    decades = 10.0 ** np.arange(np.ceil(np.log10(smallest)), np.floor(np.log10(largest)) + 1)
    with subplots(WIDTH, 5.0, nrows=2, sharex=True, sharey=True) as (figure, panels):
        for axes, (name, values) in zip(panels, measured.items(), strict=True):
            channels = np.arange(len(values))
            moves = values > 0
            axes.set_yscale("symlog", linthresh=smallest / 2, linscale=0.4)
            axes.vlines(channels[moves], 0, values[moves], color=_SHADE[name], linewidth=1.4)
            axes.plot(channels[moves], values[moves], "o", color=_SHADE[name], markersize=3)
            axes.plot(channels[~moves], values[~moves], "|", color=MUTED, markersize=7)
            axes.axhline(0, color=INK, linewidth=0.8)
            if not moves.all():
                words = f"{(~moves).sum()} channels: exactly 0"
                axes.text(channels[~moves].mean(), smallest, words, ha="center",
                          backgroundcolor="white")  # fmt: skip
            axes.set_title(f"{VARIANTS[name]}: {moves.sum()} of {len(values)} channels count",
                           fontsize=10.5, loc="left", fontweight="bold")  # fmt: skip
            axes.set(ylabel="change of the maps", ylim=(-smallest / 4, 2.5 * largest))
            axes.set_yticks([0, *decades])
            axes.grid(visible=False, axis="x")
        panels[-1].set_xlabel("perturbed channel")
    return figure


_ROWS = ("drawn picture", "its mask", "soft attention")


def beside(examples):
    """Draw pictures above their masks and their attention maps, on the grid of the maps.

    The examples are from `skinlib.experiments.localisation.drawn_examples`.
    """
    side = (WIDTH - 0.3) / len(examples)
    grid = {"nrows": len(_ROWS), "ncols": len(examples), "squeeze": False}
    with subplots(WIDTH, len(_ROWS) * side + 0.9, **grid) as (figure, panels):
        for column, example in enumerate(examples):
            for axes in panels[:, column]:
                bare(axes)
            panels[0, column].imshow(example["image"])
            panels[0, column].set_title(example["title"], fontsize=SMALL + 1)
            panels[1, column].imshow(example["shares"], cmap="gray", vmin=0, vmax=1)
        for axes, title in zip(panels[:, 0], _ROWS, strict=True):
            axes.set_ylabel(title, fontsize=SMALL)
        _maps(figure, panels[2], [example["attention"] for example in examples], panels)
    return figure


def means(maps):
    """Draw mean attention maps (h, w) by title side by side, in multiples of an even spread."""
    with subplots(WIDTH, WIDTH / len(maps) + 1.1, ncols=len(maps), squeeze=False) as (figure, grid):
        for axes, title in zip(grid[0], maps, strict=True):
            bare(axes)
            axes.set_title(title, fontsize=SMALL)
        _maps(figure, grid[0], [values / np.mean(values) for values in maps.values()], grid)
    return figure


def _maps(figure, row, maps, panels):
    """Draw maps in one row of panels, on one scale of colours below all panels."""
    highest = max(values.max() for values in maps)
    for axes, values in zip(row, maps, strict=True):
        shown = axes.imshow(values, cmap=ATTENTION_MAP, vmin=0, vmax=highest)
    figure.colorbar(shown, ax=panels, location="bottom", aspect=40, pad=0.02,
                    label="attention, in multiples of an even spread")  # fmt: skip
