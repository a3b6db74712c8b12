"""Scores of single networks as strips of points."""

import pandas as pd
import seaborn as sns

from skinlib.plots.style import WIDTH, subplots


def strips(rows, score, factor, legend):
    """Draw one point a network, one row a way of reading them, two colours by a factor.

    Parameters
    ----------
    rows : dict of str to pandas.DataFrame
        By the title of the row: networks, from `skinlib.stats.factorial.networks`.
    score : str
        Column that is drawn.
    factor : str
        Column that gives the colour.
    legend : str
        What the factor is called.

    Returns
    -------
    matplotlib.figure.Figure
    """
    points = pd.concat(rows, names=["row", None]).reset_index("row")
    with subplots(WIDTH, 1.1 + 0.9 * len(rows)) as (figure, axes):
        sns.stripplot(
            points.rename(columns={factor: legend}), x=score, y="row", hue=legend, dodge=True,
            jitter=0.25, size=5, alpha=0.75, ax=axes,
        )  # fmt: skip
        axes.set_ylabel("")
        sns.move_legend(axes, "lower center", bbox_to_anchor=(0.4, 1), ncols=2, frameon=False)
    return figure
