"""A pair of splits that differ in one thing: whether test lesions were seen in training.

Two different splits have two different test sets, and a test set with fewer photographs of
one lesion has other shares of the classes too; comparing them measures both at once. Here
the test images are the same, and so are the size and the class counts of the training part:
``leaking`` trains on the other photographs of the test lesions, ``sealed`` on as many
photographs of other lesions.
"""

import numpy as np
import pandas as pd

from skinlib.data import drawing
from skinlib.errors import DataError


def draw(table, unit, test, validation, seed):
    """Assign a part to each image.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``image_id``, ``lesion_id``, ``dx``.
    unit : {'leaking', 'sealed'}
    test, validation : float
        Share of all images whose lesions are set aside, in (0, 1). Of each test lesion one
        photograph, drawn at random, is a test image.
    seed : int
        The same for both units gives the same test and validation images.

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
    for dx, count in table.loc[siblings, "dx"].value_counts().sort_index().items():
        others = pool.index[pool["dx"] == dx]
        if len(others) < count:
            msg = (
                f"test lesions have {count} further photographs of class '{dx}', but {len(others)} "
                "other ones are left to train on instead; use a smaller test part"
            )
            raise DataError(msg)
        swapped.append(others[rng.permutation(len(others))[:count]])
    swapped = swapped[0].append(swapped[1:]) if swapped else siblings
    if unit == "leaking":
        part[siblings] = "train"
        part[swapped] = "unused"
    return part


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
