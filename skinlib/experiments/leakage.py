"""What training on other photographs of the test lesions changes (the ``leakage`` studies)."""

import pandas as pd

from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.data import splits
from skinlib.experiments import effects
from skinlib.stats import paired
from skinlib.stats.scores import P_TRUE

# Measured here: two scores that need no threshold first, since memory shows in probabilities.
MEASURED = ("AUC, macro", P_TRUE, "mean recall", "accuracy")
ALL, CAN_LEAK = "all test images", "lesion with another photograph"
# Nothing can leak in these two, so that a change there is not the effect of leakage.
CANNOT = "lesion without another photograph"
VALIDATION = "validation set, seen by neither"
BOTH_SIDES = "both-sides.json"


def runs(study, recipe=None, backbone=None):
    """Return the finished pairs of runs of a study by backbone and seed, sealed and leaking.

    The variants that end with ``sealed`` and ``leaking``, of the same seed, make a pair; of a
    recipe and a backbone, or of all.
    """
    variants = sorted({spec.variant for spec in study.specs if spec.variant})
    arms = [each for arm in ("sealed", "leaking") for each in variants if each.endswith(arm)]
    if len(arms) != 2:
        msg = (
            f"study '{study.name}' has the variants {', '.join(variants) or 'none'}; expected one "
            "that ends with 'sealed' and one with 'leaking', as the studies of leakage have"
        )
        raise DataError(msg)
    sealed, leaking = (effects.finished(study, arm, recipe, backbone) for arm in arms)
    return {key: (run, leaking[key]) for key, run in sealed.items() if key in leaking}


def pairs(found, change=None):
    """Read pairs of runs, see `runs`, and which of their test images can leak.

    Returns
    -------
    read : list of tuple
        Of each pair, see `skinlib.experiments.effects.together`, also for `change`.
    can_leak : list of numpy.ndarray of bool
        Of each pair, shape (n,).
    """
    can_leak = []
    for _, leaking in found.values():
        split = splits.read(paths.RESULTS / "splits" / leaking.record["split"]["file"])
        images = leaking.predictions("test")["image_id"]
        can_leak.append(splits.with_siblings(split.table)[images].to_numpy())
    return [effects.together(pair, change=change) for pair in found.values()], can_leak


def by_images(found):
    """Measure the effect of leakage over pairs of runs, see `runs`, by group of images.

    Returns
    -------
    dict of str to (int, skinlib.stats.paired.Effect)
        For all images, for those that can leak, and for two groups that cannot: number of
        images over all seeds, and the effect on the scores `MEASURED`. Empty without a pair.
    """
    if not found:
        return {}
    read, can_leak = pairs(found)
    chosen = {
        ALL: read,
        CAN_LEAK: paired.some(read, can_leak),
        CANNOT: paired.some(read, [~mask for mask in can_leak]),
        VALIDATION: [effects.together(pair, "validation") for pair in found.values()],
    }
    return {
        name: (sum(len(labels) for labels, *_ in group), paired.effect(group, MEASURED))
        for name, group in chosen.items()
    }


def beyond(found, *, change=None):
    """Measure by how much more the scores change where something can leak than where not.

    See `skinlib.stats.paired.difference_in_differences` and `MEASURED`; None without a pair.
    """
    if not found:
        return None
    return paired.difference_in_differences(*pairs(found, change), MEASURED)


def both_sides(table, seeds, test_share):
    """Count the images of random splits by image whose lesion is in training and test set.

    From the ``image_id``, ``lesion_id`` and ``dx`` of a whole data set.

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
        both = joined.groupby("lesion_id")["part"].transform("nunique") > 1
        test = both[joined["part"] == "test"]
        shares = {dx: test[joined["dx"] == dx].mean() for dx in ("mel", "nv")}
        rows.append({"seed": seed, "test": test.mean(), "all": both.mean(), **shares})
    return pd.DataFrame(rows)
