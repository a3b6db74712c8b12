"""How much the photographs of a lesion on both sides are worth (the ``leakage`` studies)."""

import numpy as np
import pandas as pd

from skinlib import paths
from skinlib.data import leakage, splits
from skinlib.evidence import draws as bootstrap
from skinlib.evidence import paired
from skinlib.evidence.scores import scores

ALL, CAN_LEAK = "all test images", "those whose lesion has another photograph"


def answers(sealed, leaking):
    """Return the two runs' answers as a `Pair`, and which of the images can leak."""
    pair = paired.answers(sealed, leaking)
    split = splits.read(paths.RESULTS / "splits" / leaking.record["split"]["file"])
    asked = leaking.predictions("test")["image_id"]
    return pair, leakage.with_siblings(split.table)[asked].to_numpy()


def effects(study, recipe=None, *, draws=1000):
    """Measure the effect of leakage over the seeds of a study.

    Parameters
    ----------
    study : skinlib.studies.Study
        Its variants ``sealed`` and ``leaking`` of the same seed make a pair.
    recipe : str, optional
        Only runs of this one.

    Returns
    -------
    dict of str to (int, skinlib.evidence.paired.Effect)
        For all images and for those that can leak: number of images over all seeds, and
        the effect on `skinlib.evidence.scores.SCORES`. Empty when no pair is finished.
    """
    runs = paired.finished_pairs(study, "sealed", "leaking", recipe)
    found = [answers(*pair) for pair in runs.values()]
    if not found:
        return {}
    chosen = {
        ALL: [pair for pair, _ in found],
        CAN_LEAK: [pair.where(can_leak) for pair, can_leak in found],
    }
    return {
        name: (sum(len(pair.labels) for pair in group), paired.effect(group, draws=draws))
        for name, group in chosen.items()
    }


def apart(by_lesion, by_image, *, draws=1000):
    """Compare a split by lesion with one by image, each with its own test part.

    What differs is not the leak alone: the test parts are others, and so are their classes.

    Parameters
    ----------
    by_lesion, by_image : list of skinlib.runs.Run
        One a seed.
    draws : int

    Returns
    -------
    skinlib.evidence.paired.Effect
        By image minus by lesion; the draws of lesions of both sides are independent.
    """
    sides = []
    for side, runs in enumerate((by_lesion, by_image)):
        arrays = [run.arrays("test") for run in runs]
        weights = bootstrap.lesion_weights(
            np.concatenate([lesions for *_, lesions in arrays]), draws=draws, seed=side
        )
        starts = np.cumsum([len(lesions) for *_, lesions in arrays])[:-1]
        shares = np.split(weights, starts, axis=1)
        sides.append(
            [
                scores(share, labels, probabilities)
                for share, (labels, probabilities, _) in zip(shares, arrays, strict=True)
            ]
        )
    first, second = (np.array(side) for side in sides)
    drawn = second.mean(axis=0)[1:] - first.mean(axis=0)[1:]
    low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    return paired.Effect(
        first[:, 0].mean(axis=0), second[:, 0].mean(axis=0), (second - first)[:, 0], low, high
    )


def frame(study, found=None):
    """Return the table of the book: one row a score and group of images."""
    found = effects(study) if found is None else found
    named = {f"{name} ({count:,})": one for name, (count, one) in found.items()}
    return paired.frame(named, ("Not seen", "Seen"), "Images")


def both_sides(table, seeds, test_share):
    """Count the images of a random split by image whose lesion is on both sides.

    Parameters
    ----------
    table : pandas.DataFrame
        ``image_id``, ``lesion_id``, ``dx`` of a whole data set.
    seeds : iterable of int
    test_share : float

    Returns
    -------
    pandas.DataFrame
        One row a seed: share of the test images whose lesion is also trained on, of all
        images whose lesion is on both sides, of melanomas, of nevi.
    """
    rows = []
    for seed in seeds:
        split = splits.make_split(table, unit="image", test=test_share, validation=0.0, seed=seed)
        joined = split.table.merge(table[["image_id", "dx"]], on="image_id")
        parts = joined.groupby("lesion_id")["part"].transform("nunique") > 1
        test = joined["part"] == "test"
        rows.append(
            {
                "seed": seed,
                "test": parts[test].mean(),
                "all": parts.mean(),
                "mel": parts[test & (joined["dx"] == "mel")].mean(),
                "nv": parts[test & (joined["dx"] == "nv")].mean(),
            }
        )
    return pd.DataFrame(rows)
