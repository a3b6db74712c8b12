"""What training on other photographs of the test lesions changes (the ``leakage`` studies)."""

import pandas as pd

from skinlib.common import paths
from skinlib.common.files import write_json
from skinlib.data import splits
from skinlib.experiments import effects
from skinlib.stats import paired
from skinlib.stats.bootstrap import N_RESAMPLES

ALL, CAN_LEAK = "all test images", "lesion with another photograph"
# Nothing can leak in these two, so that a change there is not the effect of leakage.
CANNOT = "lesion without another photograph"
VALIDATION = "validation set, seen by neither"
BOTH_SIDES = "both-sides.json"


def pairs(study, recipe=None):
    """Return the pairs of a study, sealed and leaking, and which of their test images can leak.

    Parameters
    ----------
    study : skinlib.experiments.study.Study
        Its variants ``sealed`` and ``leaking`` of the same seed make a pair.
    recipe : str, optional
        Only runs of this one.

    Returns
    -------
    found : list of skinlib.stats.paired.Pair
        One a seed.
    can_leak : list of numpy.ndarray of bool
        Of each pair, shape (n,).
    """
    runs = effects.finished_pairs(study, "sealed", "leaking", recipe).values()
    found, can_leak = [], []
    for sealed, leaking in runs:
        found.append(effects.read_pair(sealed, leaking))
        split = splits.read(paths.RESULTS / "splits" / leaking.record["split"]["file"])
        images = leaking.predictions("test")["image_id"]
        can_leak.append(splits.with_siblings(split.table)[images].to_numpy())
    return found, can_leak


def by_images(study, recipe=None, *, n_resamples=N_RESAMPLES):
    """Measure the effect of leakage over the seeds of a study, see `pairs`, by group of images.

    Returns
    -------
    dict of str to (int, skinlib.stats.paired.Effect)
        For all images, for those that can leak, and for two groups that cannot: number of
        images over all seeds, and the effect. Empty when no pair is finished.
    """
    found, can_leak = pairs(study, recipe)
    if not found:
        return {}
    runs = effects.finished_pairs(study, "sealed", "leaking", recipe).values()
    chosen = {
        ALL: found,
        CAN_LEAK: [pair.where(mask) for pair, mask in zip(found, can_leak, strict=True)],
        CANNOT: [pair.where(~mask) for pair, mask in zip(found, can_leak, strict=True)],
        VALIDATION: [effects.read_pair(*pair, part="validation") for pair in runs],
    }
    counts = {name: sum(len(pair.labels) for pair in group) for name, group in chosen.items()}
    return {
        name: (counts[name], paired.effect(group, n_resamples=n_resamples))
        for name, group in chosen.items()
    }


def beyond(study, recipe=None, *, n_resamples=N_RESAMPLES):
    """Measure by how much more the scores change where something can leak than where not.

    See `skinlib.stats.paired.difference_in_differences`; None when no pair is finished.
    """
    found, can_leak = pairs(study, recipe)
    return (
        paired.difference_in_differences(found, can_leak, n_resamples=n_resamples)
        if found
        else None
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
