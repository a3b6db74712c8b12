"""Mean recall on the official test: ours with intervals, others as they report it."""

import textwrap

from skinlib.plots.style import BLUE, MUTED, SMALL, VERMILLION, WIDTH, subplots


def mean_recalls(ours, others):
    """Draw one line a model.

    Parameters
    ----------
    ours : list of (str, skinlib.stats.bootstrap.Estimate)
    others : list of (str, float)
        Reported by others, on the whole test.
    """
    names = [name for name, _ in [*ours, *others]]
    with subplots(WIDTH, 0.9 + 0.42 * len(names)) as (figure, axes):
        for place, (_, estimate) in enumerate(ours):
            axes.plot([estimate.low, estimate.high], [place, place], color=BLUE, linewidth=2)
            axes.plot(estimate.value, place, "o", color=BLUE,
                      label=None if place else "ours, with 95 % interval")  # fmt: skip
        for step, (_, value) in enumerate(others):
            axes.plot(value, len(ours) + step, "D", color=VERMILLION,
                      label=None if step else "reported, whole test")  # fmt: skip
        axes.axhline(len(ours) - 0.5, color=MUTED, linewidth=0.8)
        axes.set_yticks(range(len(names)), [textwrap.fill(name, 26) for name in names],
                        fontsize=SMALL)  # fmt: skip
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("mean recall, official ISIC 2018 test")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure
