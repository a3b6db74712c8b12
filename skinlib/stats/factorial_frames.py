"""Frames about a factorial study: its effects, its networks, and its cells."""

import pandas as pd
from statsmodels.stats.multitest import multipletests

from skinlib.stats import factorial
from skinlib.stats.gains import judge, over_seeds
from skinlib.stats.scores import SCORES

# What the factors of the studies are called in the book.
NAMES = {
    "attention": "soft attention",
    "metadata": "metadata",
    "weights": "class weights",
    "augmentation": "augmentation",
}


def frame(found, names):
    """Return all effects: one row a term and score.

    Parameters
    ----------
    found : skinlib.stats.factorial.Design
    names : dict of str to str
        What a factor is called in the book.

    Returns
    -------
    pandas.DataFrame
        ``term`` (indices of the factors), ``Switched on`` (names), ``Score``, ``Effect`` with its
        interval over lesions and training runs, ``p`` (of no effect), ``Holm`` (does p hold its
        level of 0.05 among all rows?), and ``Result``, see `skinlib.stats.gains.judge`.
    """
    rows = []
    for index, score in enumerate(SCORES[: found.scores.shape[-1]]):
        apart = factorial.by_seed(found.levels, found.scores[0, ..., index])
        pooled = factorial.effects(found.levels, found.scores[..., index])
        for term, (estimate, p) in pooled.items():
            rows.append(
                {
                    "term": term,
                    "Switched on": " × ".join(names[found.factors[place]] for place in term),
                    "Score": score,
                    "Effect": estimate.text(signed=True),
                    "p": p,
                    "Result": judge(estimate, over_seeds(apart[term])),
                }
            )
    frame = pd.DataFrame(rows).sort_values("term", key=_order, kind="stable", ignore_index=True)
    return frame.assign(Holm=multipletests(frame["p"], method="holm")[0])


def _order(terms):
    """Main effects before interactions, each in the order of the factors."""
    return terms.map(lambda term: (len(term), *term))


def interactions(effects):
    """Return the interactions of `frame`, one row a term and one column a score."""
    pairs = effects[effects["term"].map(len) == 2]
    columns = {score: list(rows["Effect"]) for score, rows in pairs.groupby("Score", sort=False)}
    return pd.DataFrame({"Switched on": pairs["Switched on"].unique(), **columns})


def networks(found):
    """Return the scores of every network as measured, one row a network.

    Returns
    -------
    pandas.DataFrame
        ``seed``, each factor (``on`` or ``off``), and the scores by name.
    """
    rows = []
    for seed, cells in zip(found.seeds, found.scores[0], strict=True):
        for signs, values in zip(found.levels, cells, strict=True):
            levels = ("on" if sign > 0 else "off" for sign in signs)
            rows.append(
                {"seed": seed}
                | dict(zip(found.factors, levels, strict=True))
                | dict(zip(SCORES, values, strict=False))
            )
    return pd.DataFrame(rows)


def cells_frame(found, names):
    """Return the table of the cells: means over the seeds of what was measured."""
    rows = []
    for signs, values in zip(found.levels, found.scores[0].mean(axis=0), strict=True):
        on = [names[name] for name, sign in zip(found.factors, signs, strict=True) if sign > 0]
        rows.append(
            {"Switched on": ", ".join(on) or "nothing"}
            | {score: f"{value:.3f}" for score, value in zip(SCORES, values, strict=False)}
        )
    return pd.DataFrame(rows)
