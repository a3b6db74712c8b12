"""Pairs of HAM10000 photographs that show one lesion under two lesion ids.

Eighteen such pairs were found and confirmed by hand by Abhishek, Jain and Hamarneh (Scientific
Data 12:196, 2025). Splits drawn with the recipe field ``lesion_pairs="joined"`` treat each
pair as one lesion.
"""

import functools
from importlib import resources

import pandas as pd


@functools.cache
def pairs():
    """Return the pairs: a tuple of two image ids each."""
    with resources.files("skinlib.data").joinpath("same_lesion_pairs.csv").open() as file:
        return tuple(pd.read_csv(file, dtype=str).itertuples(index=False, name=None))


def join(table):
    """Give both photographs of each pair, and all others of their lesions, one lesion id.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``image_id`` and ``lesion_id``. Pairs that it does not hold are passed over.

    Returns
    -------
    pandas.DataFrame
        A copy; of two ids the one that sorts first is kept.
    """
    table = table.copy()
    row_of = pd.Series(table.index, index=table["image_id"])
    for one, other in pairs():
        if one in row_of and other in row_of:
            ids = table.loc[[row_of[one], row_of[other]], "lesion_id"]
            table["lesion_id"] = table["lesion_id"].replace(max(ids), min(ids))
    return table


def torn(split):
    """Return the pairs whose photographs are in two different sets of a split.

    Parameters
    ----------
    split : skinlib.data.splits.Split

    Returns
    -------
    list of tuple
        The two image ids and the names of their sets.
    """
    part = split.table.set_index("image_id")["part"]
    part = part[part != "unused"]
    return [
        (one, other, part[one], part[other])
        for one, other in pairs()
        if one in part and other in part and part[one] != part[other]
    ]
