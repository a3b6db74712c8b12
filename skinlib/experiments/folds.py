"""Runs of all folds together: a network that has not seen a lesion predicts its photographs."""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError


@dataclasses.dataclass(frozen=True)
class OutOfFold:
    """Predictions of all photographs.

    Attributes
    ----------
    image_ids, lesions : numpy.ndarray of str
        Shape (n,), images in ascending order.
    labels, folds : numpy.ndarray of int
        Class index, and the fold in which a photograph was tested, shape (n,).
    probabilities : numpy.ndarray
        Shape (n, 7).
    """

    image_ids: np.ndarray
    lesions: np.ndarray
    labels: np.ndarray
    folds: np.ndarray
    probabilities: np.ndarray


def together(runs):
    """Join the test sets of the finished runs of all folds of one recipe.

    Raises
    ------
    DataError
        A fold is missing or twice, there is no test set, the runs differ in more than their fold,
        or a lesion is in two test sets.
    """
    by_fold = {}
    for run in runs:
        fold = run.record["recipe"].get("fold", 0)
        if fold in by_fold:
            msg = (
                f"'{run.name}' and '{by_fold[fold].name}' are both of fold {fold}; name one run of "
                "each fold"
            )
            raise DataError(msg)
        by_fold[fold] = run
    first, *others = map(_settings, runs)
    odd = {name for each in others for name in first | each if each.get(name) != first.get(name)}
    if odd:
        msg = f"the runs of the folds differ in {', '.join(sorted(odd))}; expected runs of one kind"
        raise DataError(msg)
    if not (share := runs[0].record["recipe"]["test_share"]):
        msg = f"'{runs[0].name}' has no test set; name runs of the folds, of a test share above 0"
        raise DataError(msg)
    wanted = round(1 / share)
    if missing := sorted(set(range(wanted)) - set(by_fold)):
        names = ", ".join(run.name for run in runs)
        msg = f"fold {missing[0]} of {wanted} is missing among {names}; train it, or name its run"
        raise DataError(msg)
    frames = [run.predictions("test").assign(fold=fold) for fold, run in by_fold.items()]
    frame = pd.concat(frames).sort_values("image_id", ignore_index=True)
    shared = frame.groupby("lesion_id")["fold"].nunique()
    if (shared > 1).any():
        msg = (
            f"lesion {shared.idxmax()} is in the test sets of {shared.max()} folds; the runs are "
            "of different splits, train them with one seed"
        )
        raise DataError(msg)
    return OutOfFold(
        frame["image_id"].to_numpy(),
        frame["lesion_id"].to_numpy(),
        frame["label"].map(CLASSES.index).to_numpy(),
        frame["fold"].to_numpy(),
        frame[list(CLASSES)].to_numpy(float),
    )


def _settings(run):
    """Return what the runs of all folds have in common, by name."""
    given = {key: run.record[key] for key in ("backbone", "input_size", "seed")}
    return {**run.record["recipe"], **given, "fold": None}
