"""The difference between two ways of training, over several seeds, on the same images.

Each seed has its own split, and so its own test set; a lesion may be in the test sets of
several seeds. So lesions are drawn from all seeds together, and one that is drawn twice
counts twice wherever it appears: the bootstrap interval covers the choice of the lesions. A
t interval over the seeds covers what differs between training runs. An effect is called a
gain or a loss only where both exclude zero (`skinlib.stats.gains.judge`).
"""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.common.errors import DataError
from skinlib.stats import bootstrap
from skinlib.stats.bootstrap import N_RESAMPLES
from skinlib.stats.gains import interval, judge, over_seeds
from skinlib.stats.scores import SCORES, scores, together


@dataclasses.dataclass(frozen=True)
class Pair:
    """The predictions of two runs for the same images.

    Attributes
    ----------
    labels : numpy.ndarray
        Class index, shape (n,).
    first, second : numpy.ndarray
        Probabilities, shape (n, 7).
    lesions : numpy.ndarray
        Lesion id of each image, shape (n,).
    """

    labels: np.ndarray
    first: np.ndarray
    second: np.ndarray
    lesions: np.ndarray

    def where(self, mask):
        """Return the pair on some of the images."""
        return Pair(self.labels[mask], self.first[mask], self.second[mask], self.lesions[mask])


@dataclasses.dataclass(frozen=True)
class Effect:
    """Mean difference, second minus first, of k scores.

    Attributes
    ----------
    first, second : numpy.ndarray
        Mean over the seeds, shape (k,).
    by_seed : numpy.ndarray
        Difference of each seed, shape (seeds, k).
    low, high : numpy.ndarray
        Interval of the mean difference, shape (k,).
    """

    first: np.ndarray
    second: np.ndarray
    by_seed: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def difference(self):
        return self.by_seed.mean(axis=0)

    def estimate(self, index):
        """Return the difference of one score as `skinlib.stats.bootstrap.Estimate`."""
        return bootstrap.Estimate(self.difference[index], self.low[index], self.high[index])

    def trainings(self, index):
        """Return the difference of one score with its interval over the seeds."""
        return over_seeds(self.by_seed[:, index])

    def judgement(self, index):
        """Return ``gain``, ``loss`` or ``not clear``, see `skinlib.stats.gains.judge`."""
        return judge(self.estimate(index), self.trainings(index))


def answers(first, second, part="test"):
    """Return the predictions of two runs as a `Pair`, see `skinlib.stats.scores.together`."""
    labels, lesions, (one, other) = together((first, second), part)
    return Pair(labels, one, other, lesions)


def finished(study, variant, recipe=None):
    """Return the finished runs of one variant of a study, by backbone and seed.

    Parameters
    ----------
    study : skinlib.experiments.study.Study
    variant : str or None
        None is the recipe as it is.
    recipe : str, optional
        Only runs of this one, where the study has several.
    """
    found = {
        (spec.backbone, spec.seed): run
        for spec, run in zip(study.specs, study.runs().values(), strict=True)
        if run and run.finished and spec.variant == variant and recipe in (None, spec.recipe)
    }
    return dict(sorted(found.items()))


def finished_pairs(study, first, second, recipe=None):
    """Return pairs of runs by backbone and seed: two variants of a study, both finished.

    Parameters
    ----------
    study, recipe
        As of `finished`.
    first, second : str or None
        Variants.
    """
    one, other = (finished(study, variant, recipe) for variant in (first, second))
    return {key: (run, other[key]) for key, run in one.items() if key in other}


def effect(pairs, statistic=scores, *, n_resamples=N_RESAMPLES, level=0.95, seed=0):
    """Measure an effect with a bootstrap over lesions.

    Parameters
    ----------
    pairs : sequence of Pair
        One a seed.
    statistic : callable
        ``statistic(weights, labels, probabilities)`` → array (d, k), as
        `skinlib.stats.scores.scores`.
    n_resamples : int
    level : float
        Coverage, between 0 and 1.
    seed : int
        Of the resamples.

    Returns
    -------
    Effect

    Raises
    ------
    DataError
        Without pairs, or with fewer than two lesions.
    """
    if not pairs:
        msg = "an effect needs at least one pair of runs, none is finished"
        raise DataError(msg)
    weights = bootstrap.joint_weights([pair.lesions for pair in pairs], n_resamples, seed)
    first, second = (
        np.array(
            [
                statistic(share, pair.labels, getattr(pair, side))
                for share, pair in zip(weights, pairs, strict=True)
            ]
        )
        for side in ("first", "second")
    )
    return between(first, second, level)


def between(first, second, level=0.95):
    """Return the effect between two ways whose scores are known under the same resamples.

    Parameters
    ----------
    first, second : numpy.ndarray
        Shape (seeds, 1 + n_resamples, k): as measured, then under each resample of lesions.
    level : float
        Coverage, between 0 and 1.

    Returns
    -------
    Effect
    """
    drawn = (second - first).mean(axis=0)[1:]
    tail = (1 - level) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    return Effect(
        first[:, 0].mean(axis=0), second[:, 0].mean(axis=0), (second - first)[:, 0], low, high
    )


def contrasts(ways, wanted, part="test", *, n_resamples=N_RESAMPLES):
    """Measure several effects among some ways of training; the scores of each are found once.

    Parameters
    ----------
    ways : dict of str to dict
        By way, the finished runs by backbone and seed, from `finished`. Only those that all
        ways have are used.
    wanted : dict of str to (str, str)
        By title: the first and the second way.
    part : str
    n_resamples : int

    Returns
    -------
    dict of str to Effect
        By title; empty where no seed has all ways trained.

    Raises
    ------
    IntegrityError
        Runs of one seed have predictions for different images.
    """
    seeds = sorted(set.intersection(*(set(runs) for runs in ways.values())))
    if not seeds:
        return {}
    read = [together([runs[seed] for runs in ways.values()], part) for seed in seeds]
    weights = bootstrap.joint_weights([lesions for _, lesions, _ in read], n_resamples)
    found = {name: [] for name in ways}
    for share, (labels, _, each) in zip(weights, read, strict=True):
        for name, probabilities in zip(ways, each, strict=True):
            found[name].append(scores(share, labels, probabilities))
    found = {name: np.array(values) for name, values in found.items()}
    return {title: between(found[one], found[other]) for title, (one, other) in wanted.items()}


def frame(effects, titles, named="Comparison", *, covers="lesions", scores=SCORES):
    """Return the table of some effects: one row an effect and score.

    Parameters
    ----------
    effects : dict of str to Effect
        By what the first column says.
    titles : tuple of str
        Of the columns of the first and the second way.
    named : str
        Title of the first column.
    covers : str
        What the interval of the difference covers.
    scores : sequence of str
        Those to show, of `skinlib.stats.scores.SCORES`.

    Returns
    -------
    pandas.DataFrame
        The difference with its interval, its t interval over the seeds (a dash with fewer than
        three), the difference of each seed, and what the effect is called.
    """
    rows = []
    for name, found in effects.items():
        for score in scores:
            index = SCORES.index(score)
            rows.append(
                {
                    named: name,
                    "Score": score,
                    titles[0]: f"{found.first[index]:.3f}",
                    titles[1]: f"{found.second[index]:.3f}",
                    f"Difference [{covers}]": found.estimate(index).text(signed=True),
                    "[seeds]": interval(found.trainings(index)),
                    "By seed": ", ".join(f"{value:+.3f}" for value in found.by_seed[:, index]),
                    "Result": found.judgement(index),
                }
            )
    return pd.DataFrame(rows)
