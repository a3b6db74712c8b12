"""The difference between two ways of training, over several seeds, on the same images.

Each seed has its own split, and so its own test part; a lesion may be asked about under
several seeds. So lesions are drawn from all seeds together, and one that is drawn twice
counts twice wherever it appears: the interval covers the choice of the lesions. The spread
between the trainings themselves is shown beside it, seed by seed.
"""

import dataclasses

import numpy as np
import pandas as pd

from skinlib import tables
from skinlib.errors import DataError, IntegrityError
from skinlib.evidence import draws as bootstrap
from skinlib.evidence.scores import SCORES, scores


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two answers to the same questions.

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
        """Return the difference of one score as `skinlib.evidence.draws.Estimate`."""
        return bootstrap.Estimate(self.difference[index], self.low[index], self.high[index])


def answers(first, second, part="test"):
    """Return the answers of two runs as a `Pair`.

    Raises
    ------
    IntegrityError
        If they were not asked about the same images of the same data.
    """
    ids = [list(run.predictions(part)["image_id"]) for run in (first, second)]
    if ids[0] != ids[1] or first.record["data"] != second.record["data"]:
        msg = f"'{first.folder}' and '{second.folder}' were asked about different images"
        raise IntegrityError(msg)
    labels, ours, lesions = first.arrays(part)
    return Pair(labels, ours, second.arrays(part)[1], lesions)


def finished_pairs(study, first, second, recipe=None):
    """Return pairs of runs by backbone and seed: two variants of a study, both finished.

    Parameters
    ----------
    study : skinlib.studies.Study
    first, second : str or None
        Variants; None is the recipe as it is.
    recipe : str, optional
        Only runs of this one, where the study has several.
    """
    done = {
        (spec.backbone, spec.seed, spec.variant): run
        for spec, run in zip(study.specs, study.runs().values(), strict=True)
        if run and run.finished and recipe in (None, spec.recipe)
    }
    both = {
        key[:-1]: (done.get((*key[:-1], first)), done.get((*key[:-1], second)))
        for key in sorted(done, key=lambda key: key[:2])
    }
    return {key: runs for key, runs in both.items() if all(runs)}


def effect(pairs, statistic=scores, *, draws=1000, level=0.95, seed=0):
    """Measure an effect with a bootstrap over lesions.

    Parameters
    ----------
    pairs : sequence of Pair
        One a seed.
    statistic : callable
        ``statistic(weights, labels, probabilities)`` → array (d, k), as
        `skinlib.evidence.scores.scores`.
    draws : int
    level : float
        Coverage, between 0 and 1.
    seed : int
        Of the draws.

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
    weights = bootstrap.lesion_weights(
        np.concatenate([pair.lesions for pair in pairs]), draws=draws, seed=seed
    )
    starts = np.cumsum([len(pair.lesions) for pair in pairs])[:-1]
    found = [
        [statistic(share, pair.labels, answer) for answer in (pair.first, pair.second)]
        for share, pair in zip(np.split(weights, starts, axis=1), pairs, strict=True)
    ]
    first, second = np.swapaxes(np.array(found), 0, 1)
    drawn = (second - first).mean(axis=0)[1:]
    tail = (1 - level) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    return Effect(
        first[:, 0].mean(axis=0), second[:, 0].mean(axis=0), (second - first)[:, 0], low, high
    )


def frame(effects, titles, named="Comparison"):
    """Return the table of some effects: one row an effect and score.

    Parameters
    ----------
    effects : dict of str to (int or Effect)
        By what the first column says.
    titles : tuple of str
        Of the columns of the first and the second way.
    named : str
        Title of the first column.
    """
    rows = []
    for name, found in effects.items():
        for index, score in enumerate(SCORES):
            each = ", ".join(f"{value:+.3f}" for value in found.by_seed[:, index])
            rows.append(
                {
                    named: name,
                    "Score": score,
                    titles[0]: f"{found.first[index]:.3f}",
                    titles[1]: f"{found.second[index]:.3f}",
                    "Difference": found.estimate(index).text(signed=True),
                    "By seed": each,
                }
            )
    return pd.DataFrame(rows or [{named: tables.NOT_RUN}])


def verdict(estimate, better, worse, undecided):
    """Choose among three wordings by the side of 0 on which the whole interval lies."""
    return {1: better, -1: worse, 0: undecided}[estimate.sign]
