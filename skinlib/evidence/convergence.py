"""What the last epoch still changed: how far short trainings are from having settled.

An effect between trainings that still rise may be one of speed, and gone where both have
settled. So the pages that compare short trainings share one sentence that says how short.
"""

import dataclasses

import numpy as np

from skinlib.evidence import selection
from skinlib.evidence.selection import METRICS


@dataclasses.dataclass(frozen=True)
class LastEpoch:
    """What the last epoch of some trainings did to a score.

    Attributes
    ----------
    changes : numpy.ndarray
        Last epoch less the one before, shape (r,).
    best : numpy.ndarray of bool
        Was the last epoch the best, and better than all before? Shape (r,).
    """

    changes: np.ndarray
    best: np.ndarray

    @property
    def size(self):
        """Mean absolute change."""
        return float(np.abs(self.changes).mean())


def last_epoch(histories, column):
    """Return what the last epoch did to a column of ``history.csv``.

    Parameters
    ----------
    histories : sequence of pandas.DataFrame
        Of at least two epochs each.
    column : str
        ``val_accuracy``, for example; larger is better.

    Returns
    -------
    LastEpoch
    """
    scores = [rows[column].to_numpy(float) for rows in histories]
    return LastEpoch(
        np.array([each[-1] - each[-2] for each in scores]),
        np.array([each[-1] > each[:-1].max() for each in scores]),
    )


def limit(study):
    """Say that the trainings of a study are short, and what that leaves open.

    Parameters
    ----------
    study : skinlib.studies.Study

    Returns
    -------
    str
        A few sentences; empty without finished runs of two epochs or more.
    """
    runs = study.finished()
    histories = [rows for rows in (run.history() for run in runs) if len(rows) > 1]
    if not histories:
        return ""
    seeds = [run.record["seed"] for run in runs if len(run.history()) > 1]
    found = {
        name: last_epoch(histories, f"val_{metric}")
        for metric, name in METRICS.items()
        if all(f"val_{metric}" in rows for rows in histories)
    }
    rises = any(selection.average(each.changes, seeds).sign > 0 for each in found.values())
    epochs = sorted({len(rows) for rows in histories})
    length = f"{epochs[0]}" if len(epochs) == 1 else f"{epochs[0]} to {epochs[-1]}"
    changed = " and ".join(
        f"{name} by {100 * each.size:.1f} points (the last is the best in {each.best.sum()} of "
        f"{len(histories)} trainings)"
        for name, each in found.items()
    )
    text = (
        f"The trainings are short, {length} epochs, and "
        f"{'still rose when they ended' if rises else 'may not have settled'}: from the last epoch "
        "but one to the last, on the photographs that chose the epoch, they changed on average, "
        f"up or down, {changed}. "
    )
    if not any(run.record["recipe"].get("batch_norm_momentum") for run in runs):
        text += (
            "Batch normalisation has the momentum that Keras gives it, whose averages span a large "
            "part of so few steps. "
        )
    return text + "Where trainings have settled, effects may be others."
