"""Draw a stratified share of a data set, by image or by lesion; the same seed draws the same."""

import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from skinlib.common.errors import DataError

# More folds cut finer, and take longer.
MOST_FOLDS = 20


def parts(table, draw, test, validation, seed):
    """Assign a part to each image: test first, then validation, the rest is for training.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``image_id``, ``lesion_id``, ``dx``.
    draw : callable
        `images` or `lesions`.
    test, validation : float
        Share of all images, in [0, 1), 1 not reached together. A part of share 0 is left out.
    seed : int

    Returns
    -------
    pandas.Series
        ``train``, ``validation`` or ``test``, indexed as `table`.

    Raises
    ------
    DataError
        See `draw`.
    """
    part = pd.Series("train", index=table.index)
    if test:
        part[draw(table, test, seed)] = "test"
    if validation:
        rest = table[part == "train"]
        share = validation * len(table) / len(rest)
        part[draw(rest, share, seed + 1)] = "validation"
    return part


def images(table, share, seed):
    """Draw single images, stratified by diagnosis.

    Parameters
    ----------
    table : pandas.DataFrame
        Column ``dx``.
    share : float
        In (0, 1).
    seed : int

    Returns
    -------
    pandas.Index
        Of the rows drawn.

    Raises
    ------
    DataError
        If a class is too rare to be drawn from.
    """
    try:
        _, drawn = train_test_split(
            table.index, test_size=share, stratify=table["dx"], random_state=seed
        )
    except ValueError as error:
        msg = f"cannot draw {share:.0%} of {len(table)} images by class: {error}"
        raise DataError(msg) from error
    return drawn


def lesions(table, share, seed):
    """Draw whole lesions, stratified by diagnosis, of about a share of the images.

    StratifiedGroupKFold cuts equal folds; the union of enough fine folds gives any
    share. Folds are kept coarse enough that the rarest class reaches each of them, and
    one is left undrawn. Parameters and result as of `images`; `table` has ``lesion_id`` too.

    Raises
    ------
    DataError
        If a class has one lesion only.
    """
    rarest = table.groupby("dx")["lesion_id"].nunique().min()
    if rarest < 2:
        msg = "a class has only one lesion; expected at least 2 to split by lesion"
        raise DataError(msg)
    folds, take = min(
        ((n, min(n - 1, max(1, round(share * n)))) for n in range(2, min(MOST_FOLDS, rarest) + 1)),
        key=lambda pair: (abs(pair[1] / pair[0] - share), pair[0]),
    )
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    cuts = splitter.split(table, table["dx"], table["lesion_id"])
    drawn = [table.index[held_out] for _, held_out in cuts][:take]
    return drawn[0].append(drawn[1:])
