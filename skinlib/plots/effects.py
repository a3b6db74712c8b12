"""Effects with their intervals, one below the other."""

import textwrap

import numpy as np
from matplotlib.ticker import MaxNLocator

from skinlib.plots.style import COLOURS, INK, MUTED, SMALL, WIDTH, subplots
from skinlib.stats.scores import SCORES

SHOWN = ("accuracy", "mean recall", "AUC, macro")
MARKERS = ("o", "s", "D", "^")


def forest(effects):
    """Draw differences of some scores, second way of training minus the first.

    Parameters
    ----------
    effects : dict of str to skinlib.stats.paired.Effect
        By title. Small marks are the single seeds.
    """
    names = list(effects)
    with subplots(WIDTH, 1.0 + 1.15 * len(names)) as (figure, axes):
        for place, effect in enumerate(effects.values()):
            for step, score in enumerate(SHOWN):
                index = SCORES.index(score)
                y = place + (step - 1) * 0.2
                estimate, colour = effect.estimate(index), COLOURS[step]
                axes.plot([estimate.low, estimate.high], [y, y], color=colour, linewidth=2)
                axes.plot(estimate.value, y, MARKERS[step], color=colour, markersize=6,
                          label=score if not place else None)  # fmt: skip
                if len(effect.by_seed) > 1:
                    each = effect.by_seed[:, index]
                    axes.plot(each, np.full(len(each), y + 0.08), ".", color=MUTED, markersize=3)
        _finish(axes, names)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def _finish(axes, names):
    axes.axvline(0, color=INK, linewidth=0.8)
    titles = ["\n".join(textwrap.fill(line, 24) for line in name.split("\n")) for name in names]
    axes.set_yticks(range(len(names)), titles, fontsize=SMALL)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("difference, with 95 % interval")
