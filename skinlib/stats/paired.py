"""The difference between two ways of training, over several seeds.

Each seed has its own split, and so its own test set; a lesion may be in the test sets of several
seeds. Lesions are therefore resampled from all seeds together: the bootstrap interval covers the
choice of the lesions. A t interval over the seeds covers the differences between training runs.
An effect is called a gain or a loss only where both exclude zero (`skinlib.stats.gains.judge`).
"""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.common.errors import DataError
from skinlib.stats.bootstrap import LEVEL, N_RESAMPLES, Estimate, joint_weights
from skinlib.stats.gains import interval, judge, over_seeds
from skinlib.stats.scores import SCORES, scores


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
    names : tuple of str
        Of the scores. The methods take a name or a place.
    """

    first: np.ndarray
    second: np.ndarray
    by_seed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    names: tuple = SCORES

    @property
    def difference(self):
        return self.by_seed.mean(axis=0)

    def place(self, score):
        """Return the column of a score."""
        return self.names.index(score) if isinstance(score, str) else score

    def estimate(self, score):
        """Return the difference of one score as `skinlib.stats.bootstrap.Estimate`."""
        index = self.place(score)
        return Estimate(self.difference[index], self.low[index], self.high[index])

    def over_seeds(self, score):
        """Return the difference of one score with its interval over the seeds."""
        return over_seeds(self.by_seed[:, self.place(score)])

    def judgement(self, score):
        """Return ``gain``, ``loss`` or ``not clear``, see `skinlib.stats.gains.judge`."""
        return judge(self.estimate(score), self.over_seeds(score))


def effect(pairs, names=SCORES, *, n_resamples=N_RESAMPLES, level=LEVEL, seed=0):
    """Measure the effect on some scores, from one `Pair` a seed, with a bootstrap over lesions."""
    if not pairs:
        msg = "an effect needs at least one pair of runs, none is finished"
        raise DataError(msg)
    weights = joint_weights([pair.lesions for pair in pairs], n_resamples, seed)
    return between(*_scored(pairs, weights, names), level, names)


def _scored(pairs, weights, names=SCORES):
    """Return the scores of both sides of some pairs, each of shape (seeds, d, k)."""
    found = [
        [scores(share, pair.labels, each, names) for each in (pair.first, pair.second)]
        for pair, share in zip(pairs, weights, strict=True)
    ]
    return np.swapaxes(np.array(found), 0, 1)


def between(first, second, level=LEVEL, names=SCORES):
    """Return the effect between two ways whose scores are known.

    Parameters
    ----------
    first, second : numpy.ndarray
        Shape (seeds, 1 + n_resamples, k): as measured, then under each resample of lesions.
    level : float
        Coverage of the intervals, between 0 and 1.
    names : tuple of str
        Of the k scores.
    """
    tail = (1 - level) / 2
    resampled = (second - first).mean(axis=0)[1:]
    low, high = np.nanquantile(resampled, [tail, 1 - tail], axis=0)
    return Effect(
        first[:, 0].mean(axis=0), second[:, 0].mean(axis=0), (second - first)[:, 0], low, high,
        tuple(names),
    )  # fmt: skip


def difference_in_differences(pairs, masks, names=SCORES, *, n_resamples=N_RESAMPLES):
    """Measure by how much more the scores of some images change than those of the others.

    Parameters
    ----------
    pairs : sequence of Pair
        One a seed.
    masks : sequence of numpy.ndarray of bool
        Of each pair, which images; shape (n,).

    Returns
    -------
    Effect
        Its ``first`` and ``second`` are the changes on the other images and on these.
    """
    weights = joint_weights([pair.lesions for pair in pairs], n_resamples)
    changes = []
    for chosen in ([~mask for mask in masks], masks):
        some = [pair.where(mask) for pair, mask in zip(pairs, chosen, strict=True)]
        of_them = [share[:, mask] for share, mask in zip(weights, chosen, strict=True)]
        first, second = _scored(some, of_them, names)
        changes.append(second - first)
    return between(*changes, names=names)


def unpaired_difference(first, second, names=SCORES, *, n_resamples=N_RESAMPLES):
    """Compare runs that have different test sets.

    Parameters
    ----------
    first, second : sequence of (labels, probabilities, lesions)
        One a seed, see `skinlib.experiments.run.Run.arrays`. The lesions of the two sides are
        resampled independently.
    names : iterable of str
        Of the scores in `skinlib.stats.scores.LABELS`.
    """
    sides = []
    for seed, arrays in enumerate((first, second)):
        weights = joint_weights([lesions for *_, lesions in arrays], n_resamples, seed)
        found = [
            scores(share, labels, probabilities, names)
            for share, (labels, probabilities, _) in zip(weights, arrays, strict=True)
        ]
        sides.append(np.array(found))
    return between(*sides, names=names)


def frame(effects, titles, named="Comparison", *, covers="lesions", names=None):
    """Return the table of some effects: one row an effect and score.

    Parameters
    ----------
    effects : dict of str to Effect
        By what the first column says.
    titles : tuple of str
        Of the columns of the first and the second way.
    named, covers : str
        Title of the first column, and what the interval of the difference covers.
    names : sequence of str, optional
        The scores to show, in this order; all that were measured by default.
    """
    rows = [
        {
            named: title,
            "Score": name,
            titles[0]: f"{found.first[found.place(name)]:.3f}",
            titles[1]: f"{found.second[found.place(name)]:.3f}",
            f"Difference [{covers}]": found.estimate(name).text(signed=True),
            "[seeds]": interval(found.over_seeds(name)),
            "By seed": ", ".join(f"{value:+.3f}" for value in found.by_seed[:, found.place(name)]),
            "Result": found.judgement(name),
        }
        for title, found in effects.items()
        for name in names or found.names
    ]
    return pd.DataFrame(rows)
