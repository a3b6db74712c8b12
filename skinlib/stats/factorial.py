"""Main effects and interactions of a 2^k factorial study, with intervals.

Every cell of the design is trained once a seed, so each effect is an average over all cells:
half of them with the factor, half without. Two things make such an average uncertain. The
trainings: repeated, they end elsewhere; what the model of main and two-way effects does not
explain measures that. The photographs: other lesions would have given other scores; a
bootstrap over lesions measures that. The two variances are added.

The sum takes the training runs of one seed for independent, which share a split. So the effect
is also found in each seed by itself, with a t interval over the seeds.
"""

import dataclasses
import itertools

import numpy as np
from scipy import stats

from skinlib.common.errors import DataError
from skinlib.stats import bootstrap
from skinlib.stats.bootstrap import N_RESAMPLES, Estimate
from skinlib.stats.paired import Effect
from skinlib.stats.scores import SCORES, scores, together


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
        s of `skinlib.stats.scores.SCORES`.
    """

    factors: tuple
    seeds: tuple
    levels: np.ndarray
    scores: np.ndarray


def design(study, part="test", *, n_resamples=N_RESAMPLES, statistic=scores, change=None):
    """Read the cells of a study's crossed runs, of the seeds for which all are finished.

    Parameters
    ----------
    study : skinlib.experiments.study.Study
        With runs whose ``levels`` are ``on`` and ``off``.
    part : str
    n_resamples : int
        Of lesions.
    statistic : callable
        `skinlib.stats.scores.scores` or `skinlib.stats.scores.decisions`.
    change : callable, optional
        ``change(run, probabilities)`` → probabilities (n, 7), which are scored in their place;
        see `skinlib.stats.threshold.shifted`.

    Returns
    -------
    Design or None
        None while no seed is complete.

    Raises
    ------
    IntegrityError
        The cells of a seed have predictions for different images.
    """
    runs = study.runs()
    cells = {}
    for spec in study.specs:
        run = runs[spec.name]
        if spec.levels and run and run.finished:
            cells.setdefault(spec.seed, {})[tuple(spec.levels.values())] = run
    factors = next((tuple(spec.levels) for spec in study.specs if spec.levels), ())
    wanted = list(itertools.product(("off", "on"), repeat=len(factors)))
    seeds = tuple(seed for seed in sorted(cells) if set(wanted) <= set(cells[seed]))
    if not seeds:
        return None
    chosen = {seed: [cells[seed][key] for key in wanted] for seed in seeds}
    signs = np.array([[1 if level == "on" else -1 for level in key] for key in wanted])
    key = (
        n_resamples,
        part,
        statistic,
        change,
        *(run.folder for runs in chosen.values() for run in runs),
    )
    if key not in _MEASURED:
        _MEASURED[key] = _measure(chosen, part, n_resamples, statistic, change)
    return Design(factors, seeds, signs, _MEASURED[key])


# Several pages and the audit ask for the same.
_MEASURED = {}


def _measure(chosen, part, n_resamples, statistic, change):
    """Return the scores of all cells, see `Design`."""
    read = [together(runs, part) for runs in chosen.values()]
    shares = bootstrap.joint_weights([lesions for _, lesions, _ in read], n_resamples)
    found = []
    for runs, share, (labels, _, each) in zip(chosen.values(), shares, read, strict=True):
        if change:
            each = [change(run, one) for run, one in zip(runs, each, strict=True)]
        found.append([statistic(share, labels, one) for one in each])
    return np.moveaxis(np.array(found), 2, 0)


def effects(levels, values, *, level=0.95):
    """Estimate main effects and two-way interactions.

    Parameters
    ----------
    levels : numpy.ndarray
        -1 or +1, shape (cells, k), all 2^k combinations once.
    values : numpy.ndarray
        One score, shape (1 + n_resamples, seeds, cells), see `Design`.
    level : float
        Coverage, between 0 and 1.

    Returns
    -------
    dict of tuple to (skinlib.stats.bootstrap.Estimate, float)
        By the indices of the factors, ``(0,)`` or ``(0, 1)``: the effect of turning it on,
        averaged over everything else, or by how much turning one on changes the effect of
        the other, halved; and the two-sided p-value of its being 0.

    Raises
    ------
    DataError
        Nothing is left to measure the trainings' own spread with.
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
    reach = stats.t.ppf((1 + level) / 2, freedom) * errors
    found = {}
    for index, term in enumerate(terms):
        value = 2 * halves[0, index]
        p = 2 * stats.t.sf(abs(value) / errors[index], freedom)
        found[term] = (Estimate(value, value - reach[index], value + reach[index]), float(p))
    return found


def by_seed(levels, values):
    """Estimate the same effects in each seed by itself.

    Parameters
    ----------
    levels : numpy.ndarray
        As of `effects`.
    values : numpy.ndarray
        One score as measured, shape (seeds, cells).

    Returns
    -------
    dict of tuple to numpy.ndarray
        By term as of `effects`, shape (seeds,).
    """
    terms, contrasts = _contrasts(levels)
    return dict(zip(terms, 2 * contrasts @ values.T / len(levels), strict=True))


def _contrasts(levels):
    """Return main effects and two-way interactions, and their columns of ±1, shape (t, cells)."""
    count = levels.shape[1]
    terms = [(i,) for i in range(count)] + list(itertools.combinations(range(count), 2))
    return terms, np.stack([levels[:, term].prod(axis=1) for term in terms])


def main_effects(found):
    """Return ``{factor: {score: Estimate}}`` of a `Design`; empty for None."""
    if found is None:
        return {}
    return {
        factor: {score: effect.estimate(index) for index, score in enumerate(SCORES)}
        for factor, effect in main(found).items()
    }


def main(found):
    """Return the main effects of a `Design` by factor, as `skinlib.stats.paired.Effect`.

    Their intervals cover lesions and training runs.
    """
    scores = range(found.scores.shape[-1])
    pooled = [effects(found.levels, found.scores[..., index]) for index in scores]
    apart = [by_seed(found.levels, found.scores[0, ..., index]) for index in scores]
    made = {}
    for place, factor in enumerate(found.factors):
        on = found.levels[:, place] > 0
        estimates = [column[place,][0] for column in pooled]
        made[factor] = Effect(
            found.scores[0][:, ~on].mean(axis=(0, 1)),
            found.scores[0][:, on].mean(axis=(0, 1)),
            np.stack([column[place,] for column in apart], axis=1),
            np.array([each.low for each in estimates]),
            np.array([each.high for each in estimates]),
        )
    return made
