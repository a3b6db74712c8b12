"""Main effects and interactions of a 2^k factorial study, with intervals.

Every cell of the design is trained once a seed, so each effect is an average over all cells:
half of them with the factor, half without. Two things make such an average uncertain. The
trainings: repeated, they end elsewhere; what the model of main and two-way effects does not
explain measures that. The photographs: other lesions would have given other scores; a
bootstrap over lesions measures that. The two variances are added.
"""

import dataclasses
import itertools

import numpy as np
import pandas as pd
from scipy import stats

from skinlib import tables
from skinlib.errors import DataError
from skinlib.evidence import draws as bootstrap
from skinlib.evidence.draws import Estimate
from skinlib.evidence.scores import SCORES, scores


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
        Shape (1 + draws, seeds, 2^k, 4): as measured, then under each draw of lesions.
    """

    factors: tuple
    seeds: tuple
    levels: np.ndarray
    scores: np.ndarray


def design(study, part="test", *, draws=500):
    """Read the cells of a study's crossed runs, of the seeds for which all are finished.

    Parameters
    ----------
    study : skinlib.studies.Study
        With runs whose ``levels`` are ``on`` and ``off``.
    part : str
    draws : int
        Of lesions.

    Returns
    -------
    Design or None
        None while no seed is complete.

    Raises
    ------
    DataError
        The cells of a seed were not asked about the same images.
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
    key = (draws, part, *(str(run.folder) for runs in chosen.values() for run in runs))
    if key not in _MEASURED:
        _MEASURED[key] = _measure(chosen, part, draws)
    return Design(factors, seeds, signs, _MEASURED[key])


# Several pages and the audit ask for the same.
_MEASURED = {}


def _measure(chosen, part, draws):
    """Return the scores of all cells, see `Design`."""
    answers = {seed: _answers(runs, part) for seed, runs in chosen.items()}
    weights = bootstrap.lesion_weights(
        np.concatenate([lesions for _, lesions, _ in answers.values()]), draws=draws
    )
    starts = np.cumsum([len(lesions) for _, lesions, _ in answers.values()])[:-1]
    found = [
        [scores(share, labels, probabilities) for probabilities in each]
        for share, (labels, _, each) in zip(
            np.split(weights, starts, axis=1), answers.values(), strict=True
        )
    ]
    return np.moveaxis(np.array(found), 2, 0)


def _answers(runs, part):
    labels, first, lesions = runs[0].arrays(part)
    ids = list(runs[0].predictions(part)["image_id"])
    each = [first]
    for run in runs[1:]:
        if list(run.predictions(part)["image_id"]) != ids:
            msg = f"'{run.folder}' and '{runs[0].folder}' were asked about different images"
            raise DataError(msg)
        each.append(run.arrays(part)[1])
    return labels, lesions, each


def effects(levels, values, *, level=0.95):
    """Estimate main effects and two-way interactions.

    Parameters
    ----------
    levels : numpy.ndarray
        -1 or +1, shape (cells, k), all 2^k combinations once.
    values : numpy.ndarray
        One score, shape (1 + draws, seeds, cells), see `Design`.
    level : float
        Coverage, between 0 and 1.

    Returns
    -------
    dict of tuple to (skinlib.evidence.draws.Estimate, float)
        By the indices of the factors, ``(0,)`` or ``(0, 1)``: the effect of turning it on,
        averaged over everything else, or by how much turning one on changes the effect of
        the other, halved; and the two-sided p-value of its being 0.

    Raises
    ------
    DataError
        Nothing is left to measure the trainings' own spread with.
    """
    seeds, cells = values.shape[1:]
    count = levels.shape[1]
    terms = [(i,) for i in range(count)] + list(itertools.combinations(range(count), 2))
    contrasts = np.stack([levels[:, term].prod(axis=1) for term in terms])
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


def main_effects(found):
    """Return ``{factor: {score: Estimate}}`` of a `Design`; empty for None."""
    if found is None:
        return {}
    columns = {
        score: effects(found.levels, found.scores[..., index]) for index, score in enumerate(SCORES)
    }
    return {
        factor: {score: column[(place,)][0] for score, column in columns.items()}
        for place, factor in enumerate(found.factors)
    }


def frame(found, names):
    """Return the table of the effects: one row a term, one column a score.

    Parameters
    ----------
    found : Design or None
    names : dict of str to str
        What a factor is called in the book.
    """
    if found is None:
        return pd.DataFrame({"Term": [tables.NOT_RUN]})
    columns = [effects(found.levels, found.scores[..., index]) for index in range(len(SCORES))]
    rows = []
    for term in columns[0]:
        title = " × ".join(names[found.factors[index]] for index in term)
        rows.append(
            {"Term": title}
            | {
                score: column[term][0].text(signed=True)
                for score, column in zip(SCORES, columns, strict=True)
            }
        )
    return pd.DataFrame(rows)


def cells_frame(found, names):
    """Return the table of the cells: means over the seeds of what was measured."""
    if found is None:
        return pd.DataFrame({"Cell": [tables.NOT_RUN]})
    rows = []
    for signs, values in zip(found.levels, found.scores[0].mean(axis=0), strict=True):
        on = [names[name] for name, sign in zip(found.factors, signs, strict=True) if sign > 0]
        rows.append(
            {"Turned on": ", ".join(on) or "nothing"}
            | {score: f"{value:.3f}" for score, value in zip(SCORES, values, strict=True)}
        )
    return pd.DataFrame(rows)
