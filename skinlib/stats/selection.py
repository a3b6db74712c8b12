"""What choosing the epoch on the test set adds to the score, and whether runs had converged.

Of N epochs the best one on the test set is never below the one that the validation set chooses,
whatever the network. The difference is measured on runs whose recipe evaluates both sets after
every epoch (``score_test``).
"""

import numpy as np
import pandas as pd

from skinlib.common.errors import IntegrityError
from skinlib.stats.bootstrap import LEVEL, N_RESAMPLES, Estimate

# Columns of history.csv after "val_" and "test_", and what the book calls them.
METRICS = {"accuracy": "accuracy", "mean_recall": "mean recall"}


def choose(validation, test):
    """Choose among the first 1, 2, …, N epochs, on each set.

    Of each epoch there is a score on both sets, shape (N,); larger is better. Of equal epochs the
    first is chosen, as in training (`skinlib.training.schedule`).

    Returns
    -------
    on_validation, on_test : numpy.ndarray
        Test score at the epoch that is best on validation, and the best one, shape (N,).
    """
    best = [np.argmax(validation[: count + 1]) for count in range(len(validation))]
    return test[best], np.maximum.accumulate(test)


def scoring(study):
    """Return the finished runs that evaluated the test set after every epoch."""
    return [run for run in study.finished() if run.record["recipe"].get("score_test")]


def choices(study):
    """Return what both choices reach in the runs of `scoring`, as though each metric chose.

    Returns
    -------
    pandas.DataFrame
        One row a metric, run and number of epochs: ``metric`` (of `METRICS`), ``run``, ``seed``,
        ``epochs`` (1 … N), ``on_validation`` and ``on_test`` of `choose`, ``gap`` (their
        difference, never below 0).

    Raises
    ------
    IntegrityError
        If the runs of a seed are of different splits.
    """
    splits, rows = {}, []
    for run in scoring(study):
        seed, split = run.record["seed"], run.record["split"]["hash"]
        if splits.setdefault(seed, split) != split:
            msg = (
                f"'{run.folder}' has split {split}, another run of seed {seed} has "
                f"{splits[seed]}; runs of a seed must share their test images"
            )
            raise IntegrityError(msg)
        history = run.history()
        for metric in METRICS:
            chosen = choose(*(history[f"{part}_{metric}"].to_numpy() for part in ("val", "test")))
            for epochs, pair in enumerate(zip(*chosen, strict=True), start=1):
                rows.append((metric, run.name, seed, epochs, *pair))
    columns = ["metric", "run", "seed", "epochs", "on_validation", "on_test"]
    found = pd.DataFrame(rows, columns=columns)
    return found.assign(gap=found["on_test"] - found["on_validation"])


def last(found):
    """Return the rows of `choices` after all epochs of each run."""
    return found.groupby(["metric", "run"], sort=False).tail(1)


def by_epochs(found, metric):
    """Return what choosing on the test set adds, by number of epochs that every run has.

    Returns
    -------
    means : list of skinlib.stats.bootstrap.Estimate
        Over all runs, for 1, 2, … epochs.
    by_seed : dict of int to numpy.ndarray
        Mean over the runs of each seed, shape (N,).
    """
    rows = found[found["metric"] == metric]
    # In the order of the study, on which the resamples depend.
    gaps = rows.pivot_table("gap", ["seed", "run"], "epochs", sort=False).dropna(axis=1)
    seeds = gaps.index.get_level_values("seed")
    means = gaps.groupby("seed").mean()
    by_seed = dict(zip(means.index, means.to_numpy(), strict=True))
    return [average(gaps[epochs], seeds) for epochs in gaps], by_seed


def average(gaps, seeds):
    """Return the mean gap over runs with a bootstrap interval that keeps the seeds as they are.

    Runs are resampled within their seed. The interval covers which recipes were tried and how
    their training went, *on these test sets*. It does not cover other test images: the runs of a
    seed share theirs, and there are too few seeds to resample.

    What a choice adds is nothing in many runs and much in a few. Plain percentiles of such means
    lie too low, so each mean is taken in units of its own standard error: the bootstrap-t of Efron
    and Tibshirani (1993, section 12.5).

    Parameters
    ----------
    gaps, seeds : array_like
        Of each run, shape (r,). No gap is below 0, and no interval either.

    Returns
    -------
    skinlib.stats.bootstrap.Estimate
        Without an interval (NaN) where a seed has one run only, or so few runs differ that the
        bounds lie beyond them.
    """
    gaps, seeds = np.asarray(gaps, float), np.asarray(seeds)
    groups = [gaps[seeds == each] for each in np.unique(seeds)]
    low = high = np.nan
    if min(map(len, groups)) > 1:
        rng = np.random.default_rng(0)
        drawn = [group[rng.integers(0, len(group), (N_RESAMPLES, len(group)))] for group in groups]
        (mean,), (error,) = _mean_and_error([group[None] for group in groups])
        means, errors = _mean_and_error(drawn)
        # A resample of equal runs has no spread, which puts it beyond every finite bound.
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.sort((means - mean) / errors)
        out = int(N_RESAMPLES * (1 - LEVEL) / 2)
        low, high = np.maximum(mean - error * apart[-1 - out], 0), mean - error * apart[out]
        # A bound beyond every single run means that these runs cannot bound the mean.
        if not (error > 0 and gaps.min() <= low and high <= gaps.max()):
            low = high = np.nan
    return Estimate(float(gaps.mean()), float(low), float(high))


def _mean_and_error(groups):
    """Return mean and standard error, shape (d,), of groups of shape (d, n)."""
    count = sum(group.shape[1] for group in groups)
    mean = sum(group.sum(axis=1) for group in groups) / count
    # The groups themselves are given, so the spread between them is not part of the error.
    variance = sum(group.shape[1] * group.var(axis=1, ddof=1) for group in groups) / count**2
    return mean, np.sqrt(variance)


def in_points(estimate):
    """Format a mean of shares in points, with its interval or the remark that there is none."""
    points = 100 * estimate
    return f"{points.value:.2f} (no interval)" if np.isnan(points.low) else points.text(2)


def table(found):
    """Return what both choices reach, by metric and seed and over all: a table of `choices`."""
    rows = [
        {
            "Score": METRICS[metric],
            "Seed": seed,
            "Runs": len(some),
            "Best on validation": f"{some['on_validation'].mean():.4f}",
            "Best on test": f"{some['on_test'].mean():.4f}",
            "Difference, points": in_points(average(some["gap"], some["seed"])),
            "Largest, points": f"{100 * some['gap'].max():.2f}",
            "Runs that differ": int((some["gap"] > 0).sum()),
        }
        for metric, runs in last(found).groupby("metric", sort=False)
        for seed, some in [*runs.groupby("seed"), ("all", runs)]
    ]
    return pd.DataFrame(rows)


def last_epoch(histories, column):
    """Return what the last epoch of some runs did to a score: had they converged?

    From the histories, and the name of a column of theirs: the mean absolute change from the epoch
    before, and the number of runs whose last epoch is better than all before.
    """
    scores = [rows[column].to_numpy(float) for rows in histories]
    size = np.mean([abs(each[-1] - each[-2]) for each in scores])
    return float(size), sum(each[-1] > each[:-1].max() for each in scores)
