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
        axes.axvline(1, color=VERMILLION, linewidth=0.8, linestyle=":")
        axes.set(xscale="log", yscale="log", xlim=tuple(span), ylim=(compute.min() / 2, 1.4),
                 xlabel="arithmetic a byte moved, in units of the machine's balance",
                 ylabel="share of the peak arithmetic")  # fmt: skip
        axes.legend(loc="lower right", fontsize=SMALL)
        _name(axes, dict(zip(rows, zip(intensity, compute, strict=True), strict=True)))
    return figure


def _name(axes, points):
    """Write a name beside each point, on the first of four sides where no other name is."""
    taken = []
    to_points = 72 / axes.figure.dpi
    for name, (x, y) in sorted(points.items(), key=lambda item: item[1]):
        place = axes.transData.transform((x, y)) * to_points
        width = 0.6 * SMALL * len(name)
        for dx, dy in ((5, 2), (5, -9), (-5 - width, 2), (-5 - width, -9)):
            left, bottom = place[0] + dx, place[1] + dy
            box = (left, bottom, left + width, bottom + SMALL)
            if not any(_overlap(box, other) for other in taken):
                break
        taken.append(box)
        axes.annotate(name, (x, y), xytext=(dx if dx > 0 else -5, dy), textcoords="offset points",
                      ha="left" if dx > 0 else "right", fontsize=SMALL, color=MUTED)  # fmt: skip


def _overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
