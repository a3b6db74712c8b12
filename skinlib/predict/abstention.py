"""When a model gives no answer: it is not sure enough, or the picture is unlike the training set.

Thresholds are chosen on the validation set. Confidence: the lowest calibrated probability from
which on at most a given share of the answers is wrong. A model that was trained with age, sex and
site is surer than it should be without them, so where one is missing another threshold holds,
chosen on the same images without all three. Distance: that of `skinlib.predict.ood`.
"""

import dataclasses

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.stats import calibration
from skinlib.stats.bootstrap import cluster_weights, estimate, share
from skinlib.stats.scores import check
from skinlib.stats.selective import least_confidence

RISK = 0.1
FARTHEST = 1.0
ANSWERED, UNSURE, UNLIKE = "answered", "not sure enough", "unlike the training pictures"
MELANOMA = CLASSES.index("mel")


@dataclasses.dataclass(frozen=True)
class Rule:
    """How a model's probabilities are scaled, and when it answers.

    Attributes
    ----------
    temperature : float
    confidence, confidence_without : float or None
        Least calibrated probability of an answer, with all facts known and without; None: none
        was enough on the validation set, and nothing is answered.
    distance : float or None
        Largest distance of an answer; None: any.
    """

    temperature: float
    confidence: float | None
    distance: float | None = None
    confidence_without: float | None = None

    def least(self, complete=True):
        """Return the least confidence where all facts are known, or not; None as above."""
        return self.confidence if complete else self.confidence_without

    def decide(self, probabilities, distances=None, complete=True):
        """Return for each image `ANSWERED`, `UNSURE` or `UNLIKE`, shape (n,).

        Parameters
        ----------
        probabilities : numpy.ndarray
            Calibrated, shape (n, 7).
        distances : numpy.ndarray, optional
            Shape (n,).
        complete : bool or numpy.ndarray of bool
            Whether age, sex and site are known, shape (n,) or one for all.
        """
        known, unknown = (
            np.inf if least is None else least
            for least in (self.confidence, self.confidence_without)
        )
        sure = np.max(probabilities, axis=1) >= np.where(complete, known, unknown)
        status = np.where(sure, ANSWERED, UNSURE).astype(object)
        if self.distance is not None and distances is not None:
            status[~(np.asarray(distances) <= self.distance)] = UNLIKE
        return status


def fit(labels, probabilities, *, blind=None, risk=RISK, distance=None):
    """Choose the temperature and least confidences of a `Rule` on the validation set.

    Parameters
    ----------
    labels, probabilities : numpy.ndarray
        Shapes (n,) and (n, 7), as the model gives them.
    blind : numpy.ndarray, optional
        Probabilities without age, sex and site, for a model that takes them.
    risk : float
        Largest share of wrong answers among the answers.
    distance : float, optional
        Of the rule.
    """
    temperature = calibration.fit_temperature(labels, probabilities)
    known, unknown = (
        least_confidence(labels, calibration.calibrated(each, temperature), risk)
        for each in (probabilities, probabilities if blind is None else blind)
    )
    return Rule(temperature, known, distance, unknown)


def measure(rule, labels, probabilities, lesions, distances=None, complete=True):
    """Measure what a rule does on a test set of labels (n,) and lesions (n,).

    Probabilities (n, 7) are as the model gives them; `distances`, `complete`: see `Rule.decide`.

    Returns
    -------
    dict
        For JSON. ``images``, ``lesions``; as ``[value, low, high]`` with 95 % interval over
        lesions, or None where there is nothing to take a share of: ``coverage`` (share answered),
        ``risk`` (share of wrong answers among them), ``error`` (the same when all are answered),
        ``error_passed_on`` (of those not answered), ``unlike`` (share not answered as unlike);
        ``melanoma`` (numbers of images: ``images``, ``right``, ``wrong``, ``passed_on``).
    """
    labels, probabilities = check(labels, probabilities)
    scaled = calibration.calibrated(probabilities, rule.temperature)
    status = rule.decide(scaled, distances, complete)
    answered, wrong = status == ANSWERED, scaled.argmax(axis=1) != labels
    weights = cluster_weights(lesions)
    shares = {
        "coverage": (answered,),
        "risk": (wrong, answered),
        "error": (wrong,),
        "error_passed_on": (wrong, ~answered),
        "unlike": (status == UNLIKE,),
    }
    melanoma = labels == MELANOMA
    counts = {
        "images": melanoma,
        "right": melanoma & answered & ~wrong,
        "wrong": melanoma & answered & wrong,
        "passed_on": melanoma & ~answered,
    }
    return {
        "images": len(labels),
        "lesions": len(np.unique(lesions)),
        **{name: estimate(share(weights, *each)).to_json() for name, each in shares.items()},
        "melanoma": {name: int(each.sum()) for name, each in counts.items()},
    }
