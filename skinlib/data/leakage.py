"""A pair of splits that differ in one thing: whether test lesions were seen in training.

Two different splits have two different test sets, and a test set with fewer photographs of
one lesion has other shares of the classes too; comparing them measures both at once. Here
the test images are the same, and so are the size and the class counts of the training part:
``leaking`` trains on the other photographs of the test lesions, ``sealed`` on as many
photographs of other lesions. Those are whole lesions with as many photographs each, so that
neither part shows more lesions than the other, as far as there are such lesions.

``leaking_matched`` and ``sealed_matched`` match the replacements on what the lesions are: on the
diagnosis, on how it was made (``dx_type``), and on the total number of photographs, test images
counted. Of a lesion with n photographs n - 1 are used on either side. Without that, most
replacements come from lesions with one photograph, which are another kind of lesion.
"""

from collections import defaultdict

import numpy as np
import pandas as pd

from skinlib.common.errors import DataError
from skinlib.data import drawing


def draw(table, unit, test, validation, seed):
    """Assign a part to each image.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``image_id``, ``lesion_id``, ``dx``; ``dx_type`` for the matched units.
    unit : {'leaking', 'sealed', 'leaking_matched', 'sealed_matched'}
    test, validation : float
        Share of all images whose lesions are set aside, in (0, 1). Of each test lesion one
        photograph, drawn at random, is a test image.
    seed : int
        The same for both units of a pair gives the same test and validation images.

    Returns
    -------
    pandas.Series
        ``train``, ``validation``, ``test`` or ``unused``, indexed as `table`.
    """
    rng = np.random.default_rng([seed, 1])
    part = pd.Series("train", index=table.index)
    set_aside = table.loc[drawing.lesions(table, test, seed)]
    part[set_aside.index] = "unused"
    chosen = set_aside.sample(frac=1, random_state=rng).groupby("lesion_id").head(1).index
    part[chosen] = "test"
    siblings = set_aside.index.difference(chosen)
    rest = table[part == "train"]
    if validation:
        part[drawing.lesions(rest, validation * len(table) / len(rest), seed + 1)] = "validation"
    # As many photographs of each class as the siblings are, but of lesions nobody is asked about.
    pool = table[part == "train"]
    swapped = []
    for dx, group in table.loc[siblings].groupby("dx"):
        others = pool[pool["dx"] == dx]
        if len(others) < len(group):
            msg = (
                f"test lesions have {len(group)} further photographs of class '{dx}', but "
                f"{len(others)} other ones are left to train on instead; use a smaller test part"
            )
            raise DataError(msg)
        if unit.endswith("_matched"):
            swapped += _matched(others, group, rng)
        else:
            swapped += _like(others, group["lesion_id"].value_counts().to_numpy(), rng)
    if unit.endswith("_matched"):
        # The last photograph of a replacement lesion is seen by neither network, as the test
        # photograph of the lesion that it replaces.
        used = part.index.isin(swapped) | (part != "train")
        rest = table["lesion_id"].isin(set(table.loc[swapped, "lesion_id"])) & ~used
        part[rest] = "unused"
    if unit.startswith("leaking"):
        part[siblings] = "train"
        part[swapped] = "unused"
    return part


def _matched(others, siblings, rng):
    """Choose a lesion of the same kind for each test lesion, and all its photographs but one.

    Parameters
    ----------
    others : pandas.DataFrame
        ``lesion_id`` and ``dx_type`` of images of one class, all images of each lesion.
    siblings : pandas.DataFrame
        The same of the further photographs of test lesions.
    rng : numpy.random.Generator

    Returns
    -------
    list
        Of the index of `others`, as many as `siblings` has rows.
    """
    order = others.iloc[rng.permutation(len(others))]
    left = {lesion: (rows["dx_type"].iloc[0], list(rows.index))
            for lesion, rows in order.groupby("lesion_id", sort=False)}  # fmt: skip
    wanted = siblings.groupby("lesion_id", sort=False)["dx_type"].agg(["first", "size"])
    chosen = []
    # The largest first: they have the fewest counterparts.
    for how, size in wanted.sort_values("size", ascending=False, kind="stable").to_numpy():
        while size:
            # The same number of photographs and way of diagnosis; else the nearest number, of
            # several lesions if one is too small. A lesion with one photograph has none to give.
            best = min(
                (lesion for lesion, (_, rows) in left.items() if len(rows) > 1),
                key=lambda each: (
                    left[each][0] != how,
                    abs(len(left[each][1]) - 1 - size),
                ),
                default=None,
            )
            if best is None:
                msg = (
                    f"no lesion with several photographs of class '{siblings['dx'].iloc[0]}' is "
                    "left to stand for a test lesion; use a smaller test set"
                )
                raise DataError(msg)
            rows = left.pop(best)[1][:-1][:size]
            chosen += rows
            size -= len(rows)
    return chosen


def _like(others, sizes, rng):
    """Choose images of whole lesions, one lesion for each of `sizes` photographs where it can be.

    Parameters
    ----------
    others : pandas.DataFrame
        ``lesion_id`` of images of one class.
    sizes : numpy.ndarray
        How many photographs each lesion should have.
    rng : numpy.random.Generator

    Returns
    -------
    list
        Of the index of `others`, as many as `sizes` has in sum.
    """
    order = others.iloc[rng.permutation(len(others))]
    left = defaultdict(list)
    for _, lesion in order.groupby("lesion_id", sort=False):
        left[len(lesion)].append(list(lesion.index))
    chosen = []
    for size in sorted(sizes, reverse=True):
        # None with as many left: the next smaller ones together, or a piece of a larger one.
        while size:
            held = [count for count, lesions in left.items() if lesions]
            wanted = max((count for count in held if count <= size), default=min(held))
            lesion = left[wanted].pop()
            if wanted > size:
                left[wanted - size].append(lesion[size:])
            chosen += lesion[:size]
            size -= min(size, wanted)
    return chosen


def with_siblings(table):
    """Which test images have another photograph of their lesion?

    Parameters
    ----------
    table : pandas.DataFrame
        Of a split of either unit, unused images included.

    Returns
    -------
    pandas.Series
        Indexed by ``image_id`` of the test part, bool: only these can leak.
    """
    asked = table[table["part"] == "test"].set_index("image_id")["lesion_id"]
    return asked.map(table["lesion_id"].value_counts()) > 1
