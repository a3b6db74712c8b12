"""When a model should not answer: it is not sure enough, or the picture is unlike those it knows.

Two thresholds, both chosen on the validation part and then measured on images that chose
nothing. Confidence: the largest calibrated probability must reach a least value, the lowest
at which the share of wrong answers among the answered validation images is at most a target.
Unlikeness: the distance of `skinlib.likeness`, which is in units of a high percentile of the
validation part, must not exceed 1. What is passed on by either is for somebody else to judge.
"""

import dataclasses

import numpy as np

from skinlib.classes import CLASSES
from skinlib.evidence import calibration
from skinlib.evidence import draws as bootstrap
from skinlib.evidence.selective import Selective
from skinlib.metrics import check

RISK = 0.1
FARTHEST = 1.0
ANSWERED, UNSURE, UNLIKE = "answered", "not sure enough", "unlike the training pictures"
MELANOMA = CLASSES.index("mel")


@dataclasses.dataclass(frozen=True)
class Rule:
    """What a model's probabilities are corrected by, and when it answers.

    Attributes
    ----------
    temperature : float
        See `skinlib.evidence.calibration.calibrated`.
    confidence : float or None
        Least calibrated probability of an answer; None: no confidence was enough on the
        validation part, and nothing is answered.
    distance : float or None
        Largest distance of an answer; None: it is not looked at.
    """

    temperature: float
    confidence: float | None
    distance: float | None = None

    def decide(self, probabilities, distances=None):
        """Say of each image whether it is answered.

        Parameters
        ----------
        probabilities : numpy.ndarray
            Calibrated, shape (n, 7).
        distances : numpy.ndarray, optional
            Shape (n,).

        Returns
        -------
        numpy.ndarray of str
            Shape (n,): `ANSWERED`, `UNSURE` or `UNLIKE`, the last where both hold.
        """
        least = np.inf if self.confidence is None else self.confidence
        status = np.where(np.max(probabilities, axis=1) >= least, ANSWERED, UNSURE).astype(object)
        if self.distance is not None and distances is not None:
            status[~(np.asarray(distances) <= self.distance)] = UNLIKE
        return status


def fit(labels, probabilities, *, risk=RISK, distance=None):
    """Choose temperature and least confidence on the validation part.

    Parameters
    ----------
    labels : numpy.ndarray
        Of the validation part, shape (n,).
    probabilities : numpy.ndarray
        As the model gives them, shape (n, 7).
    risk : float
        Largest share of wrong answers among those that are answered.
    distance : float, optional
        Of the rule; its unit is chosen on the validation part already.

    Returns
    -------
    Rule
    """
    temperature = calibration.fit_temperature(labels, probabilities)
    scaled = calibration.calibrated(probabilities, temperature)
    # Images of equal confidence stand together in the curve, as they do in `unique`.
    levels = np.unique(scaled.max(axis=1))[::-1]
    _, risks = Selective(labels, scaled).curve()
    good = np.flatnonzero(risks <= risk + 1e-9)
    least = float(levels[good[-1]]) if len(good) else None
    return Rule(temperature, least, distance)


def measure(rule, labels, probabilities, lesions, distances=None):
    """Measure what a rule does on images that did not choose it.

    Parameters
    ----------
    rule : Rule
    labels : numpy.ndarray
        Shape (n,).
    probabilities : numpy.ndarray
        As the model gives them, shape (n, 7).
    lesions : array_like
        Shape (n,); whole lesions are drawn for the intervals.
    distances : numpy.ndarray, optional
        Shape (n,).

    Returns
    -------
    dict
        For JSON. ``images``, ``lesions``; as ``[value, low, high]`` with 95 % interval,
        or None where there is nothing to take a share of: ``coverage`` (share answered),
        ``risk`` (share of wrong answers among them), ``error`` (the same when all are
        answered), ``error_passed_on`` (of those not answered), ``unlike`` (share passed on
        as unlike); ``melanoma`` (numbers of images: ``images``, ``right``, ``wrong``,
        ``passed_on``).
    """
    labels, probabilities = check(labels, probabilities)
    scaled = calibration.calibrated(probabilities, rule.temperature)
    status = rule.decide(scaled, distances)
    answered, wrong = status == ANSWERED, scaled.argmax(axis=1) != labels
    weights = bootstrap.lesion_weights(lesions)

    def share(hit, among=None):
        found = bootstrap.estimate(bootstrap.share(weights, hit, among))
        values = [found.value, found.low, found.high]
        return values if np.isfinite(values).all() else None

    melanoma = labels == MELANOMA
    return {
        "images": len(labels),
        "lesions": len(np.unique(lesions)),
        "coverage": share(answered),
        "risk": share(wrong, answered),
        "error": share(wrong),
        "error_passed_on": share(wrong, ~answered),
        "unlike": share(status == UNLIKE),
        "melanoma": {
            "images": int(melanoma.sum()),
            "right": int((melanoma & answered & ~wrong).sum()),
            "wrong": int((melanoma & answered & wrong).sum()),
            "passed_on": int((melanoma & ~answered).sum()),
        },
    }
