"""Runs of all folds together: a network that has not seen a lesion predicts its photographs."""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.common.files import hash_of
from skinlib.experiments.run import Run


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
    kinds = {name: {_same(run)[name] for run in runs} for name in _same(runs[0])}
    if odd := [name for name, values in kinds.items() if len(values) > 1]:
        msg = f"the runs of the folds differ in {', '.join(odd)}; expected runs of one kind"
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


@dataclasses.dataclass(frozen=True)
class Joined(Run):
    """The finished runs of all folds as one run.

    Its test set are all photographs, predicted out of fold. Of any other set, which none of the
    networks was trained on, the predictions are the mean of all.
    """

    members: tuple = ()

    @classmethod
    def of(cls, runs):
        """Join runs, see `together`."""
        together(runs)
        first = runs[0]
        identity = hash_of(sorted(run.record["identity"] for run in runs))
        record = {**first.record, "run": f"{len(runs)} folds", "identity": identity}
        return cls(first.folder.parent, record, tuple(runs))

    def written(self):
        """Return when the predictions were written, as `Run.written`."""
        return max(run.written() for run in self.members)

    def predictions(self, part=None):
        """Return the predictions, as `Run.predictions`."""
        if part is None:
            parts = self.members[0].predictions()["part"].unique()
            return pd.concat([self.predictions(each) for each in parts], ignore_index=True)
        frames = [run.predictions(part) for run in self.members]
        if part == "test":
            return pd.concat(frames).sort_values("image_id", ignore_index=True)
        names = [list(frame["image_id"]) for frame in frames]
        if any(each != names[0] for each in names):
            msg = (
                f"the runs of '{self.folder}' were evaluated on other images of the part '{part}' "
                "than each other; evaluate all on the same ones"
            )
            raise DataError(msg)
        means = np.mean([frame[list(CLASSES)].to_numpy(float) for frame in frames], axis=0)
        return frames[0].assign(**dict(zip(CLASSES, means.T, strict=True)))


def _same(run):
    """Return what the runs of all folds have in common, as texts."""
    record = run.record
    recipe = {name: value for name, value in record["recipe"].items() if name != "fold"}
    given = {"backbone", "input_size", "seed"}
    return {**{name: str(record[name]) for name in given}, "recipe": str(recipe)}
