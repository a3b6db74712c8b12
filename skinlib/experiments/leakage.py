"""What training on other photographs of the test lesions changes (the ``leakage`` studies)."""

import pandas as pd

from skinlib.common import paths
from skinlib.common.files import write_json
from skinlib.data import splits
from skinlib.experiments import effects
from skinlib.stats import paired
from skinlib.stats.bootstrap import N_RESAMPLES
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

    Parameters
    ----------
    study : skinlib.experiments.study.Study
        Its variants that end with ``sealed`` and ``leaking``, of the same seed, make a pair.
    recipe, backbone : str, optional
        Only runs of these.
    """
    variants = {spec.variant or "" for spec in study.specs}
    arms = [
        next((name for name in sorted(variants) if name.endswith(arm)), arm)
        for arm in ("sealed", "leaking")
    ]
    found = effects.finished_pairs(study, *arms, recipe)
    return {key: pair for key, pair in found.items() if backbone in (None, key[0])}


def pairs(found, change=None):
    """Read pairs of runs, see `runs`, and which of their test images can leak.

    See `skinlib.experiments.effects.factorial` for `change`.

    Returns
    -------
    read : list of skinlib.stats.paired.Pair
        One a seed.
    can_leak : list of numpy.ndarray of bool
        Of each pair, shape (n,).
    """
    read, can_leak = [], []
    for sealed, leaking in found.values():
        read.append(effects.read_pair(sealed, leaking, change=change))
        split = splits.read(paths.RESULTS / "splits" / leaking.record["split"]["file"])
        images = leaking.predictions("test")["image_id"]
        can_leak.append(splits.with_siblings(split.table)[images].to_numpy())
    return read, can_leak


def by_images(found, *, n_resamples=N_RESAMPLES):
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
        CAN_LEAK: [pair.where(mask) for pair, mask in zip(read, can_leak, strict=True)],
        CANNOT: [pair.where(~mask) for pair, mask in zip(read, can_leak, strict=True)],
        VALIDATION: [effects.read_pair(*pair, part="validation") for pair in found.values()],
    }
    counts = {name: sum(len(pair.labels) for pair in group) for name, group in chosen.items()}
    return {
        name: (counts[name], paired.effect(group, MEASURED, n_resamples=n_resamples))
        for name, group in chosen.items()
    }


def beyond(found, *, change=None, n_resamples=N_RESAMPLES):
    """Measure by how much more the scores change where something can leak than where not.

    See `skinlib.stats.paired.difference_in_differences` and `MEASURED`; None without a pair.
    """
    if not found:
        return None
    return paired.difference_in_differences(
        *pairs(found, change), MEASURED, n_resamples=n_resamples
    )


def both_sides(table, seeds, test_share):
    """Count the images of random splits by image whose lesion is in training and test set.

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
        both = joined.groupby("lesion_id")["part"].transform("nunique") > 1
        test = joined["part"] == "test"
        rows.append(
            {
                "seed": seed,
                "test": both[test].mean(),
                "all": both.mean(),
                "mel": both[test & (joined["dx"] == "mel")].mean(),
                "nv": both[test & (joined["dx"] == "nv")].mean(),
            }
        )
    return pd.DataFrame(rows)


def write_both_sides(table, *, seeds=range(20), test_share=0.1):
    """Count, on the real table, how many images of a random split leak; keep the result."""
    rows = both_sides(table, seeds, test_share).to_dict("records")
    path = paths.RESULTS / BOTH_SIDES
    write_json(path, {"images": len(table), "test_share": test_share, "rows": rows})
    return path
