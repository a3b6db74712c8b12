"""The roofline: what a network asks of a machine, and how much of it the machine gives."""

import numpy as np

from skinlib.figures.style import BLUE, INK, MUTED, SMALL, VERMILLION, WIDTH, subplots


def roofline(record):
    """Draw the share of the peak arithmetic that each training step reaches.

    The load of a machine changes from one network's process to the next, so each is drawn
    in units of the peaks that were measured between its own steps.

    Parameters
    ----------
    record : dict
        Result of `skinlib.bench.step.measure`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = {name: row for name, row in record["backbones"].items() if "error" not in row}
    # The two shares of a step stand to each other as its arithmetic a byte to the ridge.
    compute = np.array([row["of_compute"]["median"] for row in rows.values()])
    intensity = compute / [row["of_bandwidth"]["median"] for row in rows.values()]
    with subplots(WIDTH, 4.4) as (figure, axes):
        span = np.array([min(intensity.min(), 1) / 2, max(intensity.max(), 1) * 4])
        line = np.sort(np.append(span, 1.0))
        axes.plot(line, np.minimum(1, line), color=INK, label="peaks of the machine")
        axes.scatter(intensity, compute, color=BLUE, zorder=3, label="training step")
        # Neighbours are named above and below in turn.
        for place, (x, y, name) in enumerate(sorted(zip(intensity, compute, rows, strict=True))):
            axes.annotate(name, (x, y), xytext=(5, 2 if place % 2 else -9),
                          textcoords="offset points", fontsize=SMALL, color=MUTED)  # fmt: skip
        axes.axvline(1, color=VERMILLION, linewidth=0.8, linestyle=":")
        axes.set(xscale="log", yscale="log", xlim=tuple(span), ylim=(compute.min() / 2, 1.4),
                 xlabel="arithmetic a byte moved, in units of the machine's balance",
                 ylabel="share of the peak arithmetic")  # fmt: skip
        axes.legend(loc="lower right", fontsize=SMALL)
    return figure
