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
from skinlib.stats.bootstrap import LEVEL
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
        The first s of `skinlib.stats.scores.SCORES`, as measured and then under each resample of
        lesions: shape (1 + n_resamples, seeds, 2^k, s).
    """

    factors: tuple
    seeds: tuple
    levels: np.ndarray
    scores: np.ndarray

    @property
    def names(self):
        return SCORES[: self.scores.shape[-1]]


def effects(design):
    """Estimate main effects and two-way interactions.

    Returns
    -------
    dict of tuple to (skinlib.stats.paired.Effect, numpy.ndarray)
        By the indices of the factors, ``(0,)`` or ``(0, 1)``: the effect of switching it on,
        averaged over everything else, or by how much switching one on changes the effect of the
        other, halved; and for each score the two-sided p-value of its being 0. The intervals cover
        lesions and training runs.

    Raises
    ------
    DataError
        Nothing is left to measure the spread of the training runs with.
    """
    observed, (seeds, cells) = design.scores[0], design.scores.shape[1:3]
    places = range(len(design.factors))
    terms = [(place,) for place in places] + list(itertools.combinations(places, 2))
    signs = np.stack([design.levels[:, term].prod(axis=1) for term in terms])
    freedom = seeds * cells - seeds - len(terms)
    if freedom < 1:
        msg = f"{cells} cells of {seeds} seed have no spread left to measure; train another seed"
        raise DataError(msg)
    # Orthogonal columns of ±1: each coefficient is half an effect.
    values = 2 * np.einsum("tc,dsck->dtk", signs, design.scores) / (seeds * cells)
    by_seed = 2 * np.einsum("tc,sck->tsk", signs, observed) / cells
    fitted = observed.mean(axis=1, keepdims=True) + signs.T @ values[0] / 2
    trainings = np.sum((observed - fitted) ** 2, axis=(0, 1)) / freedom * 4 / (seeds * cells)
    errors = np.sqrt(trainings + values[1:].var(axis=0, ddof=1))
    reach = stats.t.ppf((1 + LEVEL) / 2, freedom) * errors
    p = 2 * stats.t.sf(abs(values[0]) / errors, freedom)
    found = {}
    for index, term in enumerate(terms):
        means = [observed[:, signs[index] == sign].mean(axis=(0, 1)) for sign in (-1, 1)]
        ends = values[0, index] - reach[index], values[0, index] + reach[index]
        found[term] = Effect(*means, by_seed[index], *ends, design.names), p[index]
    return found


def main(design):
    """Return the main effects of a `Design` by factor, as `skinlib.stats.paired.Effect`."""
    found = effects(design)
    return {factor: found[place,][0] for place, factor in enumerate(design.factors)}


def named(design):
    """Return the main effects of a `Design` by what the book calls the factors."""
    return {NAMES[factor]: effect for factor, effect in main(design).items()}


def frame(design):
    """Return all effects of a `Design`: one row a term and score.

    Columns ``term`` (indices of the factors), ``Switched on`` (names), ``Score``, ``Effect`` with
    its interval over lesions and training runs, ``p`` (of no effect), ``Holm`` (is it below the
    level of 0.05 among all rows?), and ``Result``, see `skinlib.stats.paired.Effect.judgement`.
    """
    rows = [
        {
            "term": term,
            "Switched on": " × ".join(NAMES[design.factors[place]] for place in term),
            "Score": score,
            "Effect": effect.estimate(score).text(signed=True),
            "p": p,
            "Result": effect.judgement(score),
        }
        for term, (effect, each) in effects(design).items()
        for score, p in zip(design.names, each, strict=True)
    ]
    found = pd.DataFrame(rows)
    return found.assign(Holm=multipletests(found["p"], method="holm")[0])


def interactions(terms):
    """Return the interactions of a `frame`: a row a pair of factors, a column a score."""
    pairs = terms[terms["term"].map(len) == 2]
    wide = pairs.pivot_table("Effect", "Switched on", "Score", aggfunc="first", sort=False)
    return wide.reset_index().rename_axis(columns=None)


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
