"""What becomes of the photographs when a model may abstain."""

from skinlib.plots.style import COLOURS, SMALL, WIDTH, subplots

# Of the bars: classified correctly, no answer, classified wrongly.
OUTCOMES = {"correct": COLOURS[5], "no answer": "#dddddd", "wrong": COLOURS[1]}
# A narrower bar has no room for its number.
LEAST = 0.05


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
