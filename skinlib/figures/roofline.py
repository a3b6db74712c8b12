"""The roofline: what a network asks of a machine, and how much of it the machine gives."""

import numpy as np

from skinlib.figures.style import BLUE, INK, MUTED, SMALL, VERMILLION, WIDTH, subplots


def roofline(record):
    """Draw achieved against attainable arithmetic over the arithmetic a byte.

    Parameters
    ----------
    record : dict
        Result of `skinlib.bench.step.measure`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = {name: row for name, row in record["backbones"].items() if "error" not in row}
    flops = np.median([row["peak"]["flops"]["median"] for row in rows.values()]) / 1e9
    memory = np.median([row["peak"]["bytes_per_second"]["median"] for row in rows.values()]) / 1e9
    intensity = np.array([row["achieved"]["flop_per_byte"] for row in rows.values()])
    achieved = np.array([row["achieved"]["flops"] for row in rows.values()]) / 1e9
    with subplots(WIDTH, 4.2) as (figure, axes):
        ridge = flops / memory
        span = np.array([intensity.min() / 2, max(intensity.max(), ridge) * 3])
        line = np.sort(np.append(span, ridge))
        axes.plot(line, np.minimum(flops, memory * line), color=INK, label="measured peaks")
        axes.scatter(intensity, achieved, color=BLUE, zorder=3, label="training step")
        for name, x, y in zip(rows, intensity, achieved, strict=True):
            axes.annotate(name, (x, y), xytext=(4, -9), textcoords="offset points",
                          fontsize=SMALL, color=MUTED)  # fmt: skip
        axes.axvline(ridge, color=VERMILLION, linewidth=0.8, linestyle=":")
        axes.set(xscale="log", yscale="log", xlim=tuple(span), xlabel="FLOP a byte moved",
                 ylabel="GFLOP a second")  # fmt: skip
        axes.legend(loc="upper left", fontsize=SMALL)
    return figure
