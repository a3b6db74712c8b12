"""Rules for out-of-fold predictions: what is fitted on all folds but one holds for that one."""

import dataclasses
import functools

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.experiments import folds
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
        columns = vars(abstention.joined(found)).values()
        return abstention.Answers(*(column[order] for column in columns))


@dataclasses.dataclass(frozen=True)
class Fitted(folds.Joined):
    """Runs of all folds as one model, with probabilities that are fitted to the data.

    Those of the test set, out of fold, are fitted on the other folds. Of any other set those of
    each network are fitted on all out-of-fold predictions, and then averaged.
    """

    @functools.cached_property
    def rule(self):
        """The rule that is fitted on all out-of-fold predictions."""
        joined = folds.together(self.members)
        return abstention.fit(joined.labels, joined.probabilities, joined.lesions)

    def predictions(self, part=None):
        """Return the predictions, as `skinlib.experiments.run.Run.predictions`."""
        frame = super().predictions(part)
        if part is None:
            return frame
        if part == "test":
            joined = folds.together(self.members)
            given = joined.probabilities
            fitted = CrossFitted(joined, given).answers(given).probabilities
        else:
            each = [run.predictions(part)[list(CLASSES)].to_numpy(float) for run in self.members]
            fitted = np.mean([self.rule.decision.probabilities(given) for given in each], axis=0)
        return frame.assign(**dict(zip(CLASSES, fitted.T, strict=True)))
