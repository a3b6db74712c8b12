"""The difference between two ways of training, over several seeds, on the same images.

Each seed has its own split, and so its own test part; a lesion may be asked about under
several seeds. So lesions are drawn from all seeds together, and one that is drawn twice
counts twice wherever it appears: the interval covers the choice of the lesions. The spread
between the trainings themselves is shown beside it, seed by seed.
"""

import dataclasses

import numpy as np

from skinlib.errors import DataError


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
    """Mean difference, second minus first, of k statistics.

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


def effect(statistic, pairs, *, draws=1000, level=0.95, seed=0):
    """Measure an effect with a bootstrap over lesions.

    Parameters
    ----------
    statistic : callable
        ``statistic(labels, probabilities)`` → array of k numbers.
    pairs : sequence of Pair
        One a seed.
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
    known = np.unique(np.concatenate([pair.lesions for pair in pairs]))
    if len(known) < 2:
        msg = f"a bootstrap needs at least 2 lesions, these runs have {len(known)}"
        raise DataError(msg)
    first, second = (
        np.array([statistic(pair.labels, getattr(pair, name)) for pair in pairs], float)
        for name in ("first", "second")
    )
    places = [np.searchsorted(known, pair.lesions) for pair in pairs]
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        times = np.bincount(rng.integers(0, len(known), len(known)), minlength=len(known))
        differences = []
        for pair, place in zip(pairs, places, strict=True):
            rows = np.repeat(np.arange(len(place)), times[place])
            differences.append(
                np.subtract(
                    statistic(pair.labels[rows], pair.second[rows]),
                    statistic(pair.labels[rows], pair.first[rows]),
                )
            )
        drawn.append(np.mean(differences, axis=0))
    tail = (1 - level) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    return Effect(first.mean(axis=0), second.mean(axis=0), second - first, low, high)
