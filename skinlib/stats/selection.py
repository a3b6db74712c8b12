"""What choosing the epoch on the test set adds to the reported score.

Of N epochs the best one on the test set is never below the one that the validation set
chooses, whatever the network. The difference is measured here, on runs whose recipe evaluates
both sets after every epoch (``score_test``). The authors' logs have scores of the test images
only, so there the highest epoch is compared with the late ones.
"""

import dataclasses

import numpy as np
import pandas as pd

from skinlib import paper
from skinlib.common.errors import DataError, IntegrityError
from skinlib.stats.bootstrap import LEVEL, N_RESAMPLES, Estimate

# Columns of history.csv after "val_" and "test_", and what the book calls them.
METRICS = {"accuracy": "accuracy", "mean_recall": "mean recall"}

# Epochs at the end of a logged training whose mean stands for where it ended.
LATE = 10


@dataclasses.dataclass(frozen=True)
class Choice:
    """What two ways to choose among the first 1 … N epochs get on the test set.

    Attributes
    ----------
    on_validation : numpy.ndarray
        Test score at the epoch that is best on validation, shape (N,).
    on_test : numpy.ndarray
        Best test score, shape (N,).
    """

    on_validation: np.ndarray
    on_test: np.ndarray

    @property
    def gap(self):
        """What choosing on the test set adds, shape (N,); never below 0."""
        return self.on_test - self.on_validation

    @property
    def epochs(self):
        return len(self.on_test)


def choose(validation, test):
    """Choose among the first 1, 2, …, N epochs, on each set.

    Parameters
    ----------
    validation, test : array_like
        Score of each epoch, shape (N,); larger is better. Of equal epochs the first is
        chosen, as in training (`skinlib.training.schedule`).

    Returns
    -------
    Choice

    Raises
    ------
    DataError
        If there is no epoch, or not as many for both sets.
    """
    validation, test = np.asarray(validation, float), np.asarray(test, float)
    if validation.shape != test.shape or not len(test):
        msg = (
            f"validation was scored after {len(validation)} epochs and test after {len(test)}, "
            "expected the same number, at least 1"
        )
        raise DataError(msg)
    before = np.append(-np.inf, np.maximum.accumulate(validation)[:-1])
    # The last epoch so far that was better than all before it.
    kept = np.maximum.accumulate(np.where(validation > before, np.arange(len(test)), 0))
    return Choice(test[kept], np.maximum.accumulate(test))


@dataclasses.dataclass(frozen=True)
class Scored:
    """The choices of some runs by one metric.

    Attributes
    ----------
    names : tuple of str
    seeds : numpy.ndarray
        Seed of each run, shape (r,). Runs of a seed have the same split, and so the same
        test images.
    choices : tuple of Choice
    """

    names: tuple
    seeds: np.ndarray
    choices: tuple

    def last(self, field):
        """Return a field of `Choice` after all epochs of each run, shape (r,)."""
        return np.array([getattr(choice, field)[-1] for choice in self.choices])

    def by_epochs(self, field="gap"):
        """Return a field of `Choice` for as many epochs as every run has, shape (r, N)."""
        fewest = min(choice.epochs for choice in self.choices)
        return np.stack([getattr(choice, field)[:fewest] for choice in self.choices])


def scoring(study):
    """Return the finished runs that evaluated the test set after every epoch."""
    return [run for run in study.finished() if run.record["recipe"].get("score_test")]


def scored(study):
    """Return the choices of the finished runs that evaluated the test set after every epoch.

    Each metric is taken to have chosen the epoch itself, whatever the run's recipe kept its
    weights by.

    Parameters
    ----------
    study : skinlib.experiments.study.Study

    Returns
    -------
    dict of str to Scored
        By metric; empty when there is no such run.

    Raises
    ------
    IntegrityError
        If the runs of a seed are of different splits.
    """
    found = scoring(study)
    if not found:
        return {}
    splits = {}
    for run in found:
        seed, split = run.record["seed"], run.record["split"]["hash"]
        if splits.setdefault(seed, split) != split:
            msg = (
                f"'{run.folder}' has split {split}, another run of seed {seed} has "
                f"{splits[seed]}; runs of a seed must share their test images"
            )
            raise IntegrityError(msg)
    histories = [run.history() for run in found]
    names = tuple(run.name for run in found)
    seeds = np.array([run.record["seed"] for run in found])
    return {
        metric: Scored(
            names,
            seeds,
            tuple(choose(rows[f"val_{metric}"], rows[f"test_{metric}"]) for rows in histories),
        )
        for metric in METRICS
    }


def average(values, seeds, *, least=-np.inf, n_resamples=N_RESAMPLES, seed=0):
    """Return the mean over runs with a bootstrap interval that keeps the seeds as they are.

    Runs are drawn with replacement within their seed. So the interval says how much the
    mean depends on which recipes were tried and how their trainings went, *on these test
    sets*. It does not cover other test images: the runs of a seed share theirs, and there
    are too few seeds to draw from. The means by seed show that part of the spread.

    What a choice adds is nothing in many runs and much in a few. Plain percentiles of such
    means lie too low, so each drawn mean is taken in units of its own standard error: the
    bootstrap-t of Efron and Tibshirani (1993, section 12.5).

    Parameters
    ----------
    values : array_like
        Shape (r,) or (r, k): k numbers of each run, drawn together.
    seeds : array_like
    least : float
        What no mean can be below; an interval ends there.
    n_resamples : int
    seed : int
        Of the resamples.

    Returns
    -------
    Estimate or list of Estimate
        One for each of the k. Without an interval (NaN) where a seed has one run only, or
        so few runs differ that the bounds lie beyond them.

    Raises
    ------
    DataError
        Without runs.
    """
    values, seeds = np.asarray(values, float), np.asarray(seeds)
    if not len(values):
        msg = "a mean over runs needs at least one, none is finished"
        raise DataError(msg)
    table = values.reshape(len(values), -1)
    groups = [table[seeds == each] for each in np.unique(seeds)]
    low = high = np.full(table.shape[1], np.nan)
    if min(map(len, groups)) > 1:
        rng = np.random.default_rng(seed)
        drawn = [group[rng.integers(0, len(group), (n_resamples, len(group)))] for group in groups]
        mean, error = _mean_and_error([group[None] for group in groups])
        means, errors = _mean_and_error(drawn)
        # A draw of equal runs has no spread, which puts it beyond every finite bound.
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.sort((means - mean) / errors, axis=0)
            out = int(n_resamples * (1 - LEVEL) / 2)
            low, high = (mean[0] - error[0] * apart[place] for place in (-1 - out, out))
        low = np.maximum(low, least)
        # A bound of the mean beyond every single run says that these runs cannot bound it.
        kept = (low >= table.min(axis=0)) & (high <= table.max(axis=0)) & (error[0] > 0)
        low, high = np.where(kept, (low, high), np.nan)
    found = [Estimate(*map(float, row)) for row in zip(table.mean(axis=0), low, high, strict=True)]
    return found if values.ndim > 1 else found[0]


def _mean_and_error(groups):
    """Return mean and standard error, shape (d, k), of groups of shape (d, n, k)."""
    count = sum(group.shape[1] for group in groups)
    mean = sum(group.sum(axis=1) for group in groups) / count
    # The groups themselves are given, so that what lies between them is no error.
    variance = sum(group.shape[1] * group.var(axis=1, ddof=1) for group in groups) / count**2
    return mean, np.sqrt(variance)


def logged():
    """Return the authors' trainings of the metadata arm whose curve was logged.

    Returns
    -------
    pandas.DataFrame
        One row a training: ``name``, ``images`` (reported photographs), ``epochs``,
        ``schedule`` (did the step size fall?), accuracy on the reported photographs:
        ``best`` of all epochs, ``late`` (mean of the last `LATE`), ``end`` (last epoch),
        and ``over_late``, ``over_end``: `best` less these.
    """
    rows = []
    for name, curve in paper.curves().items():
        # "DenseNet201 MD, no schedule": the arm is the word before the comma.
        if not name.partition(",")[0].endswith(" MD"):
            continue
        run, held_out = paper.logged_run(name), np.array(curve["val_accuracy"], float)
        best, late, end = held_out.max(), held_out[-LATE:].mean(), held_out[-1]
        rows.append(
            {
                "name": name,
                "images": run.test_images,
                "epochs": len(held_out),
                "schedule": bool(run.settings["schedule"]),
                "best": best,
                "late": late,
                "end": end,
                "over_late": best - late,
                "over_end": best - end,
            }
        )
    return pd.DataFrame(rows)
