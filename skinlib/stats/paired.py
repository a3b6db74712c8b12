"""The difference between two ways of training, over several seeds.

Each seed has its own split, and so its own test set; a lesion may be in the test sets of several
seeds. Lesions are therefore resampled from all seeds together: the bootstrap interval covers the
choice of the lesions. A t interval over the seeds covers the differences between training runs.
An effect is called a gain or a loss only where both exclude zero: the one rule of the book.

The predictions of a seed are ``(labels, probabilities, lesions)``: class index (n,), one array
(n, 7) for each way, lesion id (n,).
"""

import dataclasses

import numpy as np
import pandas as pd
from scipy import stats

from skinlib.common.errors import DataError
from skinlib.stats.bootstrap import LEVEL, Estimate, joint_weights
from skinlib.stats.scores import SCORES, scores

GAIN, LOSS, NOT_CLEAR = "gain", "loss", "not clear"
# Two seeds have a t interval too, but with one degree of freedom it is of little use.
LEAST_SEEDS = 3


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
        Of the scores; the methods take a name or a place.
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
        """Return the difference of one score with its t interval, from `LEAST_SEEDS` seeds on."""
        values = self.by_seed[:, self.place(score)]
        mean, count, reach = float(values.mean()), len(values), np.nan
        if count >= LEAST_SEEDS:
            reach = float(stats.t.ppf((1 + LEVEL) / 2, count - 1) * stats.sem(values))
        return Estimate(mean, mean - reach, mean + reach)

    def judgement(self, score):
        """Return ``gain`` or ``loss`` where both intervals exclude zero on the same side.

        Else ``not clear``. Lesions do not tell what another training run of the same recipe would
        change; that shows between the seeds.
        """
        sign = self.estimate(score).sign
        same = sign == self.over_seeds(score).sign
        return {1: GAIN, -1: LOSS}.get(sign * same, NOT_CLEAR)


def some(seeds, masks):
    """Return the predictions of each seed for some of its images, by a mask (n,) a seed."""
    return [
        (labels[mask], [each[mask] for each in probabilities], lesions[mask])
        for (labels, probabilities, lesions), mask in zip(seeds, masks, strict=True)
    ]


def scored(seeds, names=SCORES, *, seed=0, weights=None):
    """Score each way of training under resamples of the lesions of all seeds together.

    Returns
    -------
    numpy.ndarray
        Shape (ways, seeds, 1 + n_resamples, k): as measured, then under each resample.

    Raises
    ------
    DataError
        Without any seed.
    """
    if not seeds:
        msg = "an effect needs at least one pair of runs, none is finished"
        raise DataError(msg)
    if weights is None:
        weights = joint_weights([lesions for *_, lesions in seeds], seed)
    found = [
        [scores(share, labels, each, names) for each in probabilities]
        for share, (labels, probabilities, _) in zip(weights, seeds, strict=True)
    ]
    return np.swapaxes(np.array(found), 0, 1)


def between(first, second, level=LEVEL, names=SCORES):
    """Return the effect on k named scores between two ways of `scored`, (seeds, d, k) each."""
    tail = (1 - level) / 2
    resampled = (second - first).mean(axis=0)[1:]
    low, high = np.nanquantile(resampled, [tail, 1 - tail], axis=0)
    means = [way[:, 0].mean(axis=0) for way in (first, second)]
    return Effect(*means, (second - first)[:, 0], low, high, tuple(names))


def effect(pairs, names=SCORES, *, level=LEVEL):
    """Measure the effect on some scores from the predictions of two ways, by seed."""
    return between(*scored(pairs, names), level, names)


def difference_in_differences(pairs, masks, names=SCORES):
    """Measure by how much more the scores of some images change than those of the others.

    The `masks`, booleans (n,) of each seed, say which images. ``first`` and ``second`` of the
    effect are the changes on the other images and on these.
    """
    weights = joint_weights([lesions for *_, lesions in pairs])
    changes = []
    for chosen in (False, True):
        # Who does not belong to the group has no weight in it.
        shares = [each * (mask == chosen) for each, mask in zip(weights, masks, strict=True)]
        first, second = scored(pairs, names, weights=shares)
        changes.append(second - first)
    return between(*changes, names=names)


def unpaired_difference(first, second, names=SCORES):
    """Compare runs that have different test sets, whose lesions are resampled independently.

    Each side has the arrays of one run a seed, see `skinlib.experiments.run.Run.arrays`.
    """
    sides = [
        scored([(labels, [p], lesions) for labels, p, lesions in arrays], names, seed=seed)[0]
        for seed, arrays in enumerate((first, second))
    ]
    return between(*sides, names=names)


def frame(effects, titles, named="Comparison", *, covers="lesions", names=None):
    """Return the table of some effects: one row an effect and score.

    Parameters
    ----------
    effects : dict of str to Effect
        By what the first column says, which is called `named`.
    titles : tuple of str
        Of the columns of the first and the second way.
    covers : str
        What the interval of the difference covers.
    names : sequence of str, optional
        The scores to show; all that were measured by default.
    """
    rows = []
    for title, found in effects.items():
        for name in names or found.names:
            index, seeds = found.place(name), found.over_seeds(name)
            row = {
                named: title,
                "Score": name,
                titles[0]: f"{found.first[index]:z.3f}",
                titles[1]: f"{found.second[index]:z.3f}",
                f"Difference [{covers}]": found.estimate(name).text(signed=True),
                "[seeds]": "–" if np.isnan(seeds.low) else seeds.text(signed=True).split(" ", 1)[1],
                "By seed": ", ".join(f"{value:+z.3f}" for value in found.by_seed[:, index]),
                "Result": found.judgement(name),
            }
            rows.append(row)
    return pd.DataFrame(rows)


def listed(table, named="Comparison"):
    """Return the clear effects of a `frame` as words: ``RGB: gain in F1 and AUC; …``, or none."""
    clear = table[table["Result"] != NOT_CLEAR]
    words = []
    for (title, result), clear_scores in clear.groupby([named, "Result"], sort=False)["Score"]:
        *first, last = (score.replace("AUC, macro", "macro AUC") for score in clear_scores)
        names = f"{', '.join(first)} and {last}" if first else last
        words.append(f"{title}: {result} in {names}")
    return "; ".join(words) or "none"
