"""What the maps of the Soft-Attention layer depend on."""

import numpy as np

from skinlib.plots.style import BLUE, INK, MUTED, VERMILLION, WIDTH, subplots

VARIANTS = {"as_described": "as described", "as_coded": "as coded"}
_SHADE = {"as_described": BLUE, "as_coded": VERMILLION}


def channel_dependence(changes):
    """How much the attention maps move when one channel of the input is perturbed.

    A channel that the maps do not depend on gives exactly zero, drawn as a tick on the zero line.

    Parameters
    ----------
    changes : dict of str to array-like
        ``as_described`` and ``as_coded``: one number a channel, largest change of a map.
    """
    measured = {name: np.asarray(changes[name], float) for name in VARIANTS}
    positive = np.concatenate([values[values > 0] for values in measured.values()])
    smallest, largest = (positive.min(), positive.max()) if len(positive) else (0.1, 1.0)
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
