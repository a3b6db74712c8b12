"""What the last epoch still changed: how far short trainings are from having settled.

An effect between runs that still improve may be one of speed, and gone once both have
converged. So the pages that compare short training runs say how short they are.
"""

import dataclasses

import numpy as np

from skinlib.stats.selection import METRICS


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


def of_study(study):
    """Return what the last epoch did in the finished runs of a study, by score.

    Parameters
    ----------
    study : skinlib.experiments.study.Study

    Returns
    -------
    dict of str to LastEpoch
        On the photographs that chose the epoch. Runs of one epoch are left out; empty when no
        others are finished.
    """
    histories = [rows for rows in (run.history() for run in study.finished()) if len(rows) > 1]
    return {
        name: last_epoch(histories, f"val_{metric}")
        for metric, name in METRICS.items()
        if histories and all(f"val_{metric}" in rows for rows in histories)
    }
