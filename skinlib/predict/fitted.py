"""The networks of the folds as one model, with probabilities that are fitted to the data."""

import dataclasses
import functools

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.experiments import folds
from skinlib.predict import abstention


@dataclasses.dataclass(frozen=True)
class Fitted(folds.Joined):
    """Runs of all folds whose probabilities are fitted to the data, see `skinlib.stats.points`.

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
        if part == "test":
            joined = folds.together(self.members)
            given = joined.labels, joined.probabilities, joined.lesions
            rules = abstention.CrossFitted(*given, joined.folds)
            fitted = rules.answers(joined.probabilities).probabilities
        elif part is not None:
            each = [run.predictions(part)[list(CLASSES)].to_numpy(float) for run in self.members]
            fitted = np.mean([self.rule.decision.probabilities(given) for given in each], axis=0)
        else:
            return frame
        return frame.assign(**dict(zip(CLASSES, fitted.T, strict=True)))
