"""What storing less of an exported model costs."""

import numpy as np

from skinlib.plots.style import COLOURS, MUTED, SMALL, WIDTH, subplots, whole_numbers


def costs(changes):
    """Draw changes of a score with their intervals, one row a file.

    Parameters
    ----------
    changes : dict of str to skinlib.stats.bootstrap.Estimate
        By title, format and storage: ``ONNX, int8 weights``. Each storage has a colour.
    """
    kinds = list(dict.fromkeys(title.partition(", ")[2] for title in changes))
    with subplots(WIDTH, 0.9 + 0.34 * len(changes)) as (figure, axes):
        for place, (title, change) in enumerate(changes.items()):
            colour = COLOURS[kinds.index(title.partition(", ")[2])]
            axes.hlines(place, 100 * change.low, 100 * change.high, color=colour, linewidth=2.2,
                        alpha=0.5)  # fmt: skip
            axes.plot(100 * change.value, place, "o", color=colour, markersize=6)
        axes.axvline(0, color=MUTED, linewidth=1)
        axes.set_yticks(np.arange(len(changes)), changes, fontsize=SMALL)
        axes.tick_params(axis="y", length=0)
        axes.set(xlabel="change of mean recall, percentage points", ylim=(len(changes) - 0.5, -0.5))
        whole_numbers(axes.xaxis, 6)
        axes.grid(visible=False, axis="y")
    return figure
