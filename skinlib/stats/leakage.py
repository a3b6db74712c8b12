"""How much the photographs of a lesion on both sides are worth (the ``leakage`` studies)."""

import numpy as np
import pandas as pd

from skinlib.common import paths
from skinlib.common.files import write_json
from skinlib.data import leakage, splits
from skinlib.stats import bootstrap, paired
from skinlib.stats.bootstrap import N_RESAMPLES
from skinlib.stats.scores import scores

ALL, CAN_LEAK = "all test images", "lesion with another photograph"
# Where nothing can leak: what changes there is not the memory of a lesion.
CANNOT = "lesion without another photograph"
VALIDATION = "validation part, seen by neither"
BOTH_SIDES = "both-sides.json"


def answers(sealed, leaking):
    """Return the two runs' answers as a `Pair`, and which of the images can leak."""
    pair = paired.answers(sealed, leaking)
    split = splits.read(paths.RESULTS / "splits" / leaking.record["split"]["file"])
    asked = leaking.predictions("test")["image_id"]
    return pair, leakage.with_siblings(split.table)[asked].to_numpy()


def finished(study, recipe=None):
    """Return the pairs of runs of `skinlib.stats.paired.finished_pairs`, one a seed."""
    return list(paired.finished_pairs(study, "sealed", "leaking", recipe).values())


def effects(study, recipe=None, *, n_resamples=N_RESAMPLES):
    """Measure the effect of leakage over the seeds of a study.

    Parameters
    ----------
    study : skinlib.experiments.study.Study
        Its variants ``sealed`` and ``leaking`` of the same seed make a pair.
    recipe : str, optional
        Only runs of this one.

    Returns
    -------
    dict of str to (int, skinlib.stats.paired.Effect)
        For all images, for those that can leak, and for two groups that cannot: number of
        images over all seeds, and the effect on `skinlib.stats.scores.SCORES`. Empty when
        no pair is finished.
    """
    runs = finished(study, recipe)
    found = [answers(*pair) for pair in runs]
    if not found:
        return {}
    chosen = {
        ALL: [pair for pair, _ in found],
        CAN_LEAK: [pair.where(can_leak) for pair, can_leak in found],
        CANNOT: [pair.where(~can_leak) for pair, can_leak in found],
        VALIDATION: [paired.answers(*pair, part="validation") for pair in runs],
    }
    return {
        name: (
            sum(len(pair.labels) for pair in group),
            paired.effect(group, n_resamples=n_resamples),
        )
        for name, group in chosen.items()
    }


def beyond(study, recipe=None, *, n_resamples=N_RESAMPLES):
    """Measure by how much more the answers change where something can leak than where not.

    Two trainings on different photographs differ everywhere; this difference of differences
    takes off what also differs where no photograph of the lesion could have been seen.

    Parameters
    ----------
    study, recipe
        As of `effects`.

    Returns
    -------
    skinlib.stats.paired.Effect or None
        Its ``first`` and ``second`` are the effects where nothing and where something can leak.
    """
    found = [answers(*pair) for pair in finished(study, recipe)]
    if not found:
        return None
    weights = bootstrap.joint_weights([pair.lesions for pair, _ in found], n_resamples)
    changes = []
    for share, (pair, can_leak) in zip(weights, found, strict=True):
        both = []
        for mask in (~can_leak, can_leak):
            some, of_them = pair.where(mask), share[:, mask]
            one, other = (scores(of_them, some.labels, p) for p in (some.first, some.second))
            both.append(other - one)
        changes.append(both)
    return paired.between(*np.swapaxes(np.array(changes), 0, 1))


def apart(by_lesion, by_image, *, n_resamples=N_RESAMPLES):
    """Compare a split by lesion with one by image, each with its own test part.

    What differs is not the leak alone: the test parts are others, and so are their classes.

    Parameters
    ----------
    by_lesion, by_image : list of skinlib.experiments.run.Run
        One a seed.
    n_resamples : int

    Returns
    -------
    skinlib.stats.paired.Effect
        By image minus by lesion; the resamples of the two sides are independent.
    """
    sides = []
    for side, runs in enumerate((by_lesion, by_image)):
        arrays = [run.arrays("test") for run in runs]
        shares = bootstrap.joint_weights([lesions for *_, lesions in arrays], n_resamples, side)
        sides.append(
            [
                scores(share, labels, probabilities)
                for share, (labels, probabilities, _) in zip(shares, arrays, strict=True)
            ]
        )
    return paired.between(*map(np.array, sides))


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


def write_both_sides(table, *, seeds=range(20), test_share=0.1):
    """Recount, on the real table, how many images of a random split leak; keep the result."""
    rows = both_sides(table, seeds, test_share).to_dict("records")
    path = paths.RESULTS / BOTH_SIDES
    write_json(path, {"images": len(table), "test_share": test_share, "rows": rows})
    return path
