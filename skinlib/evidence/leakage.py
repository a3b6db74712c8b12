"""How much the photographs of a lesion on both sides are worth (studies/leakage.yaml)."""

import numpy as np
import pandas as pd

from skinlib import metrics, paths, tables
from skinlib.data import leakage, splits
from skinlib.errors import IntegrityError
from skinlib.evidence.paired import Pair, effect

METRICS = {
    "accuracy": "accuracy",
    "mean_recall": "mean recall",
    "macro_f1": "macro F1",
    "auc_macro": "AUC, macro",
}
ALL, CAN_LEAK = "all test images", "those whose lesion has another photograph"


def pairs(study):
    """Return the finished pairs of a study.

    Parameters
    ----------
    study : skinlib.studies.Study
        Its variants ``sealed`` and ``leaking`` of the same seed make a pair.

    Returns
    -------
    dict of int to tuple of skinlib.runs.Run
        By seed: the sealed run and the leaking one.
    """
    done = {
        (spec.seed, spec.variant): run
        for spec, run in zip(study.specs, study.runs().values(), strict=True)
        if run and run.finished
    }
    seeds = sorted({seed for seed, _ in done})
    both = {seed: tuple(done.get((seed, name)) for name in ("sealed", "leaking")) for seed in seeds}
    return {seed: runs for seed, runs in both.items() if all(runs)}


def answers(sealed, leaking):
    """Return the two runs' answers as a `Pair`, and which of the images can leak.

    Raises
    ------
    IntegrityError
        If they were not asked about the same images.
    """
    ids = [list(run.predictions("test")["image_id"]) for run in (sealed, leaking)]
    if ids[0] != ids[1] or sealed.record["data"] != leaking.record["data"]:
        msg = f"'{sealed.folder}' and '{leaking.folder}' were asked about different images"
        raise IntegrityError(msg)
    labels, first, lesions = sealed.arrays()
    _, second, _ = leaking.arrays()
    split = splits.read(paths.RESULTS / "splits" / leaking.record["split"]["file"])
    can_leak = leakage.with_siblings(split.table)[ids[0]].to_numpy()
    return Pair(labels, first, second, lesions), can_leak


def effects(study, *, draws=1000):
    """Measure the effect of leakage over the seeds of a study.

    Returns
    -------
    dict of str to (int, skinlib.evidence.paired.Effect)
        For all images and for those that can leak: number of images over all seeds, and
        the effect on `METRICS`. Empty when no pair is finished.
    """
    found = [answers(*runs) for runs in pairs(study).values()]
    if not found:
        return {}
    chosen = {
        ALL: [pair for pair, _ in found],
        CAN_LEAK: [pair.where(can_leak) for pair, can_leak in found],
    }
    return {
        name: (sum(len(pair.labels) for pair in group), effect(_summary, group, draws=draws))
        for name, group in chosen.items()
    }


def _summary(labels, probabilities):
    found = metrics.summary(labels, probabilities)
    return np.array([found[name] for name in METRICS])


def frame(study):
    """Return the table of the book: one row a metric and group of images."""
    rows = []
    for group, (count, found) in effects(study).items():
        for index, name in enumerate(METRICS.values()):
            each = ", ".join(f"{value:+.3f}" for value in found.by_seed[:, index])
            rows.append(
                {
                    "Images": f"{group} ({count:,})",
                    "Metric": name,
                    "Not seen": f"{found.first[index]:.3f}",
                    "Seen": f"{found.second[index]:.3f}",
                    "Difference": f"{found.difference[index]:+.3f} "
                    f"[{found.low[index]:+.3f}, {found.high[index]:+.3f}]",
                    "By seed": each,
                }
            )
    return pd.DataFrame(rows or [{"Images": tables.NOT_RUN}])
