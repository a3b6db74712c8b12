"""Main effects and interactions of a 2^k factorial study, with intervals.

Every cell of the design is trained once a seed, so each effect is an average over all cells: half
of them with the factor, half without. Two variances are added: that of the training runs, from
what main and two-way effects do not explain, and that of the lesions, from a bootstrap.

The sum takes the training runs of one seed for independent, although they share a split. So the
effect is also measured in each seed by itself, with a t interval over the seeds.
"""

import dataclasses
import itertools

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from skinlib.common.errors import DataError
from skinlib.stats.bootstrap import LEVEL, Estimate
from skinlib.stats.gains import judge, over_seeds
from skinlib.stats.paired import Effect
from skinlib.stats.scores import SCORES

# What the factors of the studies are called in the book.
NAMES = {
    "attention": "soft attention",
    "metadata": "metadata",
    "weights": "class weights",
    "augmentation": "augmentation",
}


@dataclasses.dataclass(frozen=True)
class Design:
    """The scores of all cells of a factorial study.

    Attributes
    ----------
    factors : tuple of str
        k names.
    seeds : tuple of int
    levels : numpy.ndarray
        -1 or +1 for each cell and factor, shape (2^k, k).
    scores : numpy.ndarray
        Shape (1 + n_resamples, seeds, 2^k, s): as measured, then under each resample of lesions;
        the first s of `skinlib.stats.scores.SCORES`.
    """

    factors: tuple
    seeds: tuple
    levels: np.ndarray
    scores: np.ndarray

    @property
    def names(self):
        """Return the names of the scores."""
        return SCORES[: self.scores.shape[-1]]


def effects(levels, values):
    """Estimate main effects and two-way interactions, by ``levels`` and one score of a `Design`.

    Returns
    -------
    dict of tuple to (skinlib.stats.bootstrap.Estimate, float)
        By the indices of the factors, ``(0,)`` or ``(0, 1)``: the effect of switching it on,
        averaged over everything else, or by how much switching one on changes the effect of the
        other, halved; and the two-sided p-value of its being 0.

    Raises
    ------
    DataError
        Nothing is left to measure the spread of the training runs with.
    """
    seeds, cells = values.shape[1:]
    terms, contrasts = _contrasts(levels)
    # Orthogonal columns of ±1: each coefficient is half an effect.
    halves = np.einsum("tc,dsc->dt", contrasts, values) / (seeds * cells)
    observed = values[0]
    fitted = observed.mean(axis=1, keepdims=True) + halves[0] @ contrasts
    freedom = seeds * cells - seeds - len(terms)
    if freedom < 1:
        msg = f"{cells} cells of {seeds} seed have no spread left to measure; train another seed"
        raise DataError(msg)
    trainings = np.sum((observed - fitted) ** 2) / freedom * 4 / (seeds * cells)
    lesions = (2 * halves[1:]).var(axis=0, ddof=1) if len(values) > 1 else np.zeros(len(terms))
    errors = np.sqrt(trainings + lesions)
    reach = stats.t.ppf((1 + LEVEL) / 2, freedom) * errors
    found = {}
    for index, term in enumerate(terms):
        value = 2 * halves[0, index]
        p = 2 * stats.t.sf(abs(value) / errors[index], freedom)
        found[term] = (Estimate(value, value - reach[index], value + reach[index]), float(p))
    return found


def by_seed(levels, values):
    """Estimate the same effects in each seed by itself, from one score of shape (seeds, cells).

    By term as of `effects`, shape (seeds,).
    """
    terms, contrasts = _contrasts(levels)
    return dict(zip(terms, 2 * contrasts @ values.T / len(levels), strict=True))


def _contrasts(levels):
    """Return main effects and interactions of two, and their columns of ±1, shape (t, cells)."""
    count = levels.shape[1]
    terms = [(i,) for i in range(count)] + list(itertools.combinations(range(count), 2))
    return terms, np.stack([levels[:, term].prod(axis=1) for term in terms])


def main(design):
    """Return the main effects of a `Design` by factor, as `skinlib.stats.paired.Effect`.

    Their intervals cover lesions and training runs.
    """
    scores = [design.scores[..., index] for index in range(len(design.names))]
    pooled = [effects(design.levels, values) for values in scores]
    apart = [by_seed(design.levels, values[0]) for values in scores]
    found = {}
    for place, factor in enumerate(design.factors):
        on = design.levels[:, place] > 0
        estimates = [column[place,][0] for column in pooled]
        found[factor] = Effect(
            design.scores[0][:, ~on].mean(axis=(0, 1)),
            design.scores[0][:, on].mean(axis=(0, 1)),
            np.stack([column[place,] for column in apart], axis=1),
            np.array([each.low for each in estimates]),
            np.array([each.high for each in estimates]),
        )
    return found


def frame(design):
    """Return all effects of a `Design`: one row a term and score.

    Columns ``term`` (indices of the factors), ``Switched on`` (names), ``Score``, ``Effect`` with
    its interval over lesions and training runs, ``p`` (of no effect), ``Holm`` (is it below the
    level of 0.05 among all rows?), and ``Result``, see `skinlib.stats.gains.judge`.
    """
    rows = []
    for index, score in enumerate(design.names):
        apart = by_seed(design.levels, design.scores[0, ..., index])
        for term, (found, p) in effects(design.levels, design.scores[..., index]).items():
            title = " × ".join(NAMES[design.factors[place]] for place in term)
            result = judge(found, over_seeds(apart[term]))
            rows.append((term, title, score, found.text(signed=True), p, result))
    # Main effects before interactions, each in the order of the factors.
    rows.sort(key=lambda row: (len(row[0]), *row[0]))
    found = pd.DataFrame(rows, columns=["term", "Switched on", "Score", "Effect", "p", "Result"])
    return found.assign(Holm=multipletests(found["p"], method="holm")[0])


def networks(design):
    """Return a row a network: its seed, each factor (``on`` or ``off``), and its scores."""
    rows = []
    for seed, cells in zip(design.seeds, design.scores[0], strict=True):
        for signs, values in zip(design.levels, cells, strict=True):
            levels = np.where(signs > 0, "on", "off").tolist()
            rows.append((seed, *levels, *values))
    return pd.DataFrame(rows, columns=["seed", *design.factors, *design.names])


def cells(design):
    """Return the table of the combinations: mean scores over the seeds, by what is switched on."""
    found = networks(design).groupby(list(design.factors), sort=False)[list(design.names)].mean()
    titles = [NAMES[name] for name in design.factors]
    on = [[t for t, level in zip(titles, key, strict=True) if level == "on"] for key in found.index]
    found = found.map("{:.3f}".format)
    found.insert(0, "Switched on", [", ".join(each) or "nothing" for each in on])
    return found.reset_index(drop=True)
