"""Draw the sets of a split: by image, by lesion, or as a pair that differs in leakage alone.

Two different splits have two different test sets; comparing them measures the test set and the
leakage at once. In a pair the test and validation images are the same, and so are the size and
the class counts of the training set: ``leaking`` trains on the other photographs of the test
lesions, ``sealed`` on as many photographs of other lesions. Those are whole lesions with as
many photographs each, as far as there are such lesions.

``leaking_matched`` and ``sealed_matched`` match the replacements on what the lesions are: on
the diagnosis, on how it was made (``dx_type``), and on the total number of photographs, test
images counted. Of a lesion with n photographs n - 1 are used on either side. Without that, most
replacements are lesions with one photograph, which are another kind of lesion.
"""

from collections import defaultdict

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from skinlib.common.errors import DataError

# More folds cut finer, and take longer.
MOST_FOLDS = 20


def images(table, share, seed):
    """Draw a share of the images, stratified by diagnosis; return the index of the rows."""
    try:
        _, drawn = train_test_split(
            table.index, test_size=share, stratify=table["dx"], random_state=seed
        )
    except ValueError as error:
        msg = f"cannot draw {share:.0%} of {len(table)} images by class: {error}; use more images"
        raise DataError(msg) from error
    return drawn


def lesions(table, share, seed):
    """Draw whole lesions of about a share of the images, otherwise as `images`.

    StratifiedGroupKFold cuts equal folds; the union of enough fine folds gives any share. Folds
    are kept coarse enough that the rarest class reaches each of them, and one is left undrawn.
    """
    counts = table.groupby("dx")["lesion_id"].nunique()
    rarest = counts.min()
    if rarest < 2:
        msg = (
            f"class '{counts.idxmin()}' has only one lesion, expected at least 2 to split by "
            "lesion; add images of it, or leave it out of the table"
        )
        raise DataError(msg)
    folds, take = min(
        ((n, min(n - 1, max(1, round(share * n)))) for n in range(2, min(MOST_FOLDS, rarest) + 1)),
        key=lambda pair: (abs(pair[1] / pair[0] - share), pair[0]),
    )
    drawn = cut(table, folds, seed)[:take]
    return drawn[0].append(drawn[1:])


def cut(table, folds, seed):
    """Cut a table into folds of whole lesions, stratified; return the index of the rows of each."""
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return [
        table.index[held_out]
        for _, held_out in splitter.split(table, table["dx"], table["lesion_id"])
    ]


def parts(table, unit, test, validation, seed, fold=0):
    """Draw the test set first, then the validation set; the rest is for training.

    The arguments are those of `skinlib.data.splits.make_split`. Both units of a pair have the same
    test and validation images for a seed. Shares are of the images whose lesions are set aside
    there: one photograph of each test lesion is a test image.

    Returns
    -------
    pandas.Series
        ``train``, ``validation``, ``test`` or ``unused``, indexed as `table`.

    Raises
    ------
    DataError
        If there are too few images or lesions.
    """
    part = pd.Series("train", index=table.index)
    paired = unit not in ("image", "lesion", "fold")
    draw = images if unit == "image" else lesions
    if unit == "fold":
        drawn = cut(table, round(1 / test), seed)[fold]
    else:
        drawn = draw(table, test, seed) if test else table.index[:0]
    part[drawn] = "test"
    if paired:
        rng = np.random.default_rng([seed, 1])
        aside = table.loc[drawn]
        chosen = aside.sample(frac=1, random_state=rng).groupby("lesion_id").head(1).index
        siblings = aside.index.difference(chosen)
        part[siblings] = "unused"
    if validation:
        rest = table[part == "train"]
        share = validation * len(table) / len(rest)
        part[draw(rest, share, seed + 1)] = "validation"
    return _exchange(table, part, siblings, unit, rng) if paired else part


def _exchange(table, part, siblings, unit, rng):
    """Exchange the other photographs of the test lesions for as many of other lesions."""
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
        choose = _matched if unit.endswith("_matched") else _like
        swapped += choose(others.iloc[rng.permutation(len(others))], group)
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


def _matched(others, siblings):
    """Choose a lesion of the same kind for each test lesion, and all its photographs but one.

    Both tables are of one class: `others` has all photographs to choose from, `siblings` the
    further photographs of test lesions. As many indices of `others` are returned.
    """
    left = {lesion: (rows["dx_type"].iloc[0], list(rows.index))
            for lesion, rows in others.groupby("lesion_id", sort=False)}  # fmt: skip
    wanted = siblings.groupby("lesion_id", sort=False)["dx_type"].agg(["first", "size"])
    chosen = []
    # The largest first: they have the fewest counterparts.
    for how, size in wanted.sort_values("size", ascending=False, kind="stable").to_numpy():
        while size:
            # The same number of photographs and way of diagnosis; else the nearest number, of
            # several lesions if one is too small. A lesion with one photograph has none to give.
            best = min(
                (lesion for lesion, (_, rows) in left.items() if len(rows) > 1),
                key=lambda each: (left[each][0] != how, abs(len(left[each][1]) - 1 - size)),
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


def _like(others, siblings):
    """Choose images of whole lesions with as many photographs each, where there are such."""
    left = defaultdict(list)
    for _, lesion in others.groupby("lesion_id", sort=False):
        left[len(lesion)].append(list(lesion.index))
    chosen = []
    for size in sorted(siblings["lesion_id"].value_counts(), reverse=True):
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
