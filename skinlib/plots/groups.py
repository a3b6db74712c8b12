"""Women and men beside each other, model by model."""

import numpy as np
import seaborn as sns

from skinlib.plots.style import BLUE, SMALL, VERMILLION, WIDTH, subplots

COLOUR = {"women": VERMILLION, "men": BLUE}
MARKER = {"women": "o", "men": "s"}


def by_sex(points, metrics):
    """Draw one panel a metric: points with intervals, one row a model and test set.

    Parameters
    ----------
    points : pandas.DataFrame
        From `skinlib.experiments.groups.by_sex`.
    metrics : sequence of str
        Of its column ``metric``, from top to bottom.

    Returns
    -------
    matplotlib.figure.Figure
    """
    points = points.assign(row=points["model"] + ",\n" + points["set"])
    rows = list(points["row"].unique())
    points["place"] = points["row"].map(rows.index) + points["sex"].map(
        {"women": -0.16, "men": 0.16}
    )
    with subplots(
        WIDTH, 0.9 + len(metrics) * (0.5 + 0.44 * len(rows)), nrows=len(metrics), sharex=True,
        squeeze=False,
    ) as (figure, panels):  # fmt: skip
        for axes, metric in zip(panels[:, 0], metrics, strict=True):
            shown = points[points["metric"] == metric]
            axes.hlines(shown["place"], shown["low"], shown["high"], linewidth=2, alpha=0.45,
                        color=shown["sex"].map(COLOUR).tolist())  # fmt: skip
            sns.scatterplot(
                shown, x="value", y="place", hue="sex", hue_order=list(COLOUR), palette=COLOUR,
                style="sex", markers=MARKER, s=40, legend=axes is panels[0, 0], ax=axes,
            )  # fmt: skip
            axes.set(title=metric, xlabel="", ylabel="", xlim=(0, 1))
            axes.set_ylim(len(rows) - 0.5, -0.5)
            axes.set_yticks(np.arange(len(rows)), rows, fontsize=SMALL)
            axes.grid(visible=False, axis="y")
        panels[-1, 0].set_xlabel("share of the photographs, with 95 % interval")
        sns.move_legend(
            panels[0, 0], "lower center", bbox_to_anchor=(0.4, 1.08), ncols=2, title=None,
            frameon=False,
        )  # fmt: skip
    return figure
