"""Rules for out-of-fold predictions: what is fitted on all folds but one holds for that one."""

import dataclasses
import functools

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.common.files import hash_of
from skinlib.experiments import folds
from skinlib.experiments.run import Run
from skinlib.predict import abstention


class CrossFitted:
    """Rules for out-of-fold predictions: each fold has the one that is fitted on all others.

    Parameters
    ----------
    joined : skinlib.experiments.folds.OutOfFold
        Its labels, lesions and folds are used.
    given : numpy.ndarray
        The probabilities to fit on, shape (n, 7).
    blind, risk
        See `skinlib.predict.abstention.fit`.
    """

    def __init__(self, joined, given, *, blind=None, risk=abstention.RISK):
        self.folds, self.rules = joined.folds, {}
        for fold in np.unique(self.folds):
            rest = self.folds != fold
            less = None if blind is None else blind[rest]
            self.rules[fold] = abstention.fit(
                joined.labels[rest], given[rest], joined.lesions[rest], blind=less, risk=risk
            )

    def answers(self, given, complete=True):
        """Return `skinlib.predict.abstention.Answers` to out-of-fold probabilities, (n, 7)."""
        complete = np.broadcast_to(complete, len(given))
        found = []
        for fold, rule in self.rules.items():
            here = self.folds == fold
            found.append(rule.answers(given[here], None, complete[here]))
        # Where the rows of the folds, one after the other, belong.
        order = np.argsort(np.argsort(self.folds, kind="stable"))
        columns = vars(abstention.joined(found)).items()
        return abstention.Answers(**{name: column[order] for name, column in columns})


@dataclasses.dataclass(frozen=True)
class Fitted(Run):
    """The finished runs of all folds as one run, see `skinlib.stats.points`.

    Its test set are all photographs, predicted out of fold and fitted on the other folds. Of any
    other set, which none of the networks was trained on, the probabilities of each network are
    fitted on all out-of-fold predictions, and then averaged.
    """

    members: tuple = ()

    @classmethod
    def of(cls, runs):
        """Join runs, see `skinlib.experiments.folds.together`."""
        folds.together(runs)
        first = runs[0]
        identity = hash_of(sorted(run.record["identity"] for run in runs))
        record = {**first.record, "run": f"{len(runs)} folds", "identity": identity}
        return cls(first.folder.parent, record, tuple(runs))

    @functools.cached_property
    def rule(self):
        """The rule that is fitted on all out-of-fold predictions."""
        joined = folds.together(self.members)
        return abstention.fit(joined.labels, joined.probabilities, joined.lesions)

    def written(self):
        """Return when the last predictions were written, in nanoseconds."""
        return max(run.written() for run in self.members)

    def predictions(self, part=None):
        """Return the predictions, as `skinlib.experiments.run.Run.predictions`.

        Raises
        ------
        DataError
            The runs were evaluated on different images of the part.
        """
        if part is None:
            parts = self.members[0].predictions()["part"].unique()
            return pd.concat([self.predictions(each) for each in parts], ignore_index=True)
        frames = [run.predictions(part) for run in self.members]
        if part == "test":
            frame = pd.concat(frames).sort_values("image_id", ignore_index=True)
            joined = folds.together(self.members)
            given = joined.probabilities
            fitted = CrossFitted(joined, given).answers(given).probabilities
        else:
            frame = frames[0]
            if any(list(each["image_id"]) != list(frame["image_id"]) for each in frames):
                msg = (
                    f"the runs of '{self.folder}' were evaluated on other images of the part "
                    f"'{part}' than each other; evaluate all on the same ones"
                )
                raise DataError(msg)
            each = [every[list(CLASSES)].to_numpy(float) for every in frames]
            fitted = np.mean([self.rule.decision.probabilities(given) for given in each], axis=0)
        return frame.assign(**dict(zip(CLASSES, fitted.T, strict=True)))
