"""The networks of the folds as one model, with probabilities that are fitted to the data."""

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
            given = joined.labels, joined.probabilities, joined.lesions
            rules = abstention.CrossFitted(*given, joined.folds)
            fitted = rules.answers(joined.probabilities).probabilities
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
