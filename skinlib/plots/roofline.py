"""The roofline: what a network asks of a machine, and how much of it the machine gives."""

import numpy as np

from skinlib.plots.style import BLUE, INK, MUTED, SMALL, VERMILLION, WIDTH, subplots, text_width


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
    """Write a name beside each point, on the first side where no name and no point is."""
    # The axes get their final place first, or the distances would be those of another figure.
    axes.figure.draw_without_rendering()
    to_points = 72 / axes.figure.dpi
    places = {name: axes.transData.transform(xy) * to_points for name, xy in points.items()}
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in places.values()]
    for name, (x, y) in sorted(places.items(), key=lambda item: item[1][0]):
        width = text_width(name, SMALL) * 72
        sides = ((6, -3), (6, 4), (6, -11), (-6 - width, -11), (-6 - width, -3), (-6 - width, 4))
        boxes = [(x + dx, y + dy, x + dx + width, y + dy + SMALL) for dx, dy in sides]
        box = next((box for box in boxes if not any(_overlap(box, t) for t in taken)), boxes[0])
        taken.append(box)
        axes.annotate(name, points[name], xytext=(box[0] - x, box[1] - y), fontsize=SMALL,
                      textcoords="offset points", color=MUTED)  # fmt: skip


def _overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
