"""What becomes of the photographs when a model may abstain."""

import numpy as np

from skinlib.plots.style import BLUE, COLOURS, MUTED, SMALL, VERMILLION, WIDTH, subplots

# Of the bars: classified correctly, no answer, classified wrongly.
OUTCOMES = {"correct": COLOURS[5], "no answer": "#dddddd", "wrong": COLOURS[1]}
# A narrower bar has no room for its number.
LEAST = 0.05


def risks(found, aim):
    """Draw the share of wrong answers on two test sets beside the share that was aimed at.

    Parameters
    ----------
    found : dict of str to dict of str to skinlib.stats.bootstrap.Estimate
        By test set, then by model.
    aim : float
    """
    models = list(next(iter(found.values())))
    with subplots(WIDTH, 1.2 + 0.62 * len(models)) as (figure, axes):
        for place, (part, risk) in enumerate(found.items()):
            values = 100 * np.array([[each.value, each.low, each.high] for each in risk.values()])
            rows = np.arange(len(models)) + 0.24 * (place - (len(found) - 1) / 2)
            colour, marker = (BLUE, VERMILLION)[place], "os"[place]
            axes.hlines(rows, values[:, 1], values[:, 2], color=colour, linewidth=2.2, alpha=0.5)
            axes.plot(values[:, 0], rows, marker, color=colour, markersize=6, label=part)
        axes.axvline(100 * aim, color=MUTED, linestyle="--", linewidth=1)
        axes.text(100 * aim, -0.6, f" {100 * aim:.0f} % was the aim", color=MUTED, fontsize=SMALL,
                  ha="left", va="bottom")  # fmt: skip
        axes.set_yticks(range(len(models)), [m.replace(", ", ",\n", 1) for m in models])
        axes.tick_params(axis="y", length=0, labelsize=SMALL)
        axes.set(xlabel="wrong answers among those given, %", ylim=(len(models) - 0.5, -0.6),
                 xlim=(0, None))  # fmt: skip
        axes.grid(visible=False, axis="y")
        figure.legend(loc="outside lower center", ncols=len(found), fontsize=SMALL)
    return figure


def outcomes(bars):
    """Draw which shares of some photographs are classified correctly, wrongly, or not at all.

    Parameters
    ----------
    bars : dict of str to (float, float, float)
        By title: shares of `OUTCOMES`.
    """
    with subplots(WIDTH, 1.1 + 0.55 * len(bars)) as (figure, axes):
        for place, shares in enumerate(bars.values()):
            left = 0.0
            for share, colour in zip(shares, OUTCOMES.values(), strict=True):
                axes.barh(place, 100 * share, left=100 * left, color=colour, height=0.7,
                          edgecolor="white")  # fmt: skip
                if share >= LEAST:
                    axes.text(100 * (left + share / 2), place, f"{100 * share:.0f}", ha="center",
                              va="center", fontsize=SMALL + 1, color="black")  # fmt: skip
                left += share
        for name, colour in OUTCOMES.items():
            axes.bar(0, 0, color=colour, label=name)
        axes.set_yticks(range(len(bars)), bars, fontsize=SMALL)
        axes.tick_params(axis="y", length=0)
        axes.set(xlabel="share of the photographs, %", xlim=(0, 100), ylim=(len(bars) - 0.5, -0.5))
        axes.grid(visible=False)
        figure.legend(loc="outside lower center", ncols=len(OUTCOMES), fontsize=SMALL)
    return figure
