"""Tables of what choosing the epoch on the test set adds, and of the logged accuracies."""

import numpy as np
import pandas as pd

from skinlib.stats import selection
from skinlib.stats.bootstrap import Estimate

ALL = "all"


def in_points(estimate):
    """Format a mean of shares as points, with its interval or the remark that there is none."""
    value, low, high = (100 * getattr(estimate, end) for end in ("value", "low", "high"))
    if np.isnan(low):
        return f"{value:.2f} (no interval)"
    return Estimate(value, low, high).text(2)


def ours(found):
    """Return what both choices reach in our runs, by seed and over all.

    Parameters
    ----------
    found : dict of str to skinlib.stats.selection.Scored
        See `skinlib.stats.selection.scored`.

    Returns
    -------
    pandas.DataFrame
        One row a score and seed; shares with four decimals, differences in points.
    """
    rows = []
    for metric, each in found.items():
        parts = [(int(seed), each.seeds == seed) for seed in np.unique(each.seeds)]
        for seed, mask in (*parts, (ALL, np.ones(len(each.seeds), bool))):
            gaps = each.last("gap")[mask]
            rows.append(
                {
                    "Score": selection.METRICS[metric],
                    "Seed": seed,
                    "Runs": len(gaps),
                    "Best on validation": f"{each.last('on_validation')[mask].mean():.4f}",
                    "Best on test": f"{each.last('on_test')[mask].mean():.4f}",
                    "Difference, points": in_points(selection.average(gaps, each.seeds[mask])),
                    "Largest, points": f"{100 * gaps.max():.2f}",
                    "Runs that differ": int((gaps > 0).sum()),
                }
            )
    return pd.DataFrame(rows)


def by_seed(each):
    """Return the mean difference of the runs of each seed, by number of epochs.

    Parameters
    ----------
    each : skinlib.stats.selection.Scored

    Returns
    -------
    dict of int to numpy.ndarray
        By seed, shape (N,).
    """
    values = each.by_epochs()
    return {int(seed): values[each.seeds == seed].mean(axis=0) for seed in np.unique(each.seeds)}


def by_epochs(means):
    """Return the mean differences by number of epochs.

    Parameters
    ----------
    means : dict of str to list of skinlib.stats.bootstrap.Estimate
        By metric, for 1, 2, … epochs.
    """
    columns = {
        f"{selection.METRICS[metric].capitalize()}, points": [in_points(one) for one in each]
        for metric, each in means.items()
    }
    return pd.DataFrame({"Epochs": range(1, len(next(iter(means.values()))) + 1), **columns})


def logged(rows):
    """Return the logged accuracies, highest epoch beside the late ones.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of `skinlib.stats.selection.logged`.
    """
    late = f"mean of last {selection.LATE}"
    return pd.DataFrame(
        {
            "Training run": row.name,
            "Test images": f"{row.images:,}",
            "Epochs": row.epochs,
            "Learning rate": "lowered" if row.schedule else "constant",
            "Highest": f"{row.best:.4f}",
            late.capitalize(): f"{row.late:.4f}",
            "Last": f"{row.end:.4f}",
            f"Highest − {late}, points": f"{100 * row.over_late:.2f}",
            "Highest − last, points": f"{100 * row.over_end:.2f}",
        }
        for row in rows.itertuples(index=False)
    )
