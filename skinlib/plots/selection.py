"""Figure of selection: what the best of N epochs adds, against N."""

import numpy as np

from skinlib.plots.style import BLUE, COLOURS, MUTED, SMALL, WIDTH, subplots, whole_numbers

DASHES = ("--", "-.", ":")


def selection(panels):
    """Draw what choosing on the test part adds, by number of epochs chosen among.

    Parameters
    ----------
    panels : dict of str to (list of skinlib.stats.bootstrap.Estimate, dict)
        By metric: the mean over all runs for 1, 2, … epochs, and by seed the means alone,
        arrays of the same length. Shares of 1; drawn in points.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with subplots(WIDTH, 2.5 * len(panels) + 0.5, nrows=len(panels), squeeze=False,
                  sharex=True) as (figure, grid):  # fmt: skip
        for axes, (metric, (means, by_seed)) in zip(grid[:, 0], panels.items(), strict=True):
            epochs = np.arange(1, len(means) + 1)
            low, high = (100 * np.array([getattr(each, end) for each in means])
                         for end in ("low", "high"))  # fmt: skip
            # Without an interval the ends are NaN, and nothing is drawn.
            axes.vlines(epochs, low, high, color=BLUE, alpha=0.35, linewidth=4)
            for place, (seed, values) in enumerate(by_seed.items()):
                axes.plot(epochs, 100 * values, linewidth=1.1, label=f"seed {seed}",
                          color=COLOURS[1 + place % (len(COLOURS) - 1)],
                          linestyle=DASHES[place % len(DASHES)])  # fmt: skip
            axes.plot(epochs, [100 * each.value for each in means], "o-", color=BLUE,
                      markersize=4, label="all runs", clip_on=False)  # fmt: skip
            axes.axhline(0, color=MUTED, linewidth=0.8)
            axes.set_title(metric, fontsize=SMALL + 1)
            axes.set_ylabel("best on test − chosen\non validation, points", fontsize=SMALL)
            axes.set_ylim(bottom=0)
            axes.tick_params(labelsize=SMALL, labelbottom=True)
            whole_numbers(axes.xaxis)
        grid[-1, 0].set_xlabel("epochs that could be chosen")
        # Below the panels: inside, it would cover early epochs.
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels),
                      fontsize=SMALL)  # fmt: skip
    return figure
