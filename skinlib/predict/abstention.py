"""When a model should not answer: it is not sure enough, or the picture is unlike those it knows.

Thresholds are chosen on the validation part and then measured on images that chose
nothing. Confidence: the largest calibrated probability must reach a least value, the lowest
at which the share of wrong answers among the answered validation images is at most a target.
A model that was trained with facts about the patient is surer than it should be without them;
where one is missing another least value holds, chosen on the same images without their facts.
Unlikeness: the distance of `skinlib.predict.ood`, which is in units of a high percentile of the
validation part, must not exceed 1. What is passed on by either is for somebody else to judge.
"""

import dataclasses

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.stats import bootstrap, calibration
from skinlib.stats.scores import check
from skinlib.stats.selective import least_confidence

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
        See `skinlib.stats.calibration.calibrated`.
    confidence : float or None
        Least calibrated probability of an answer; None: no confidence was enough on the
        validation part, and nothing is answered.
    distance : float or None
        Largest distance of an answer; None: it is not looked at.
    confidence_without : float or None
        As `confidence`, where age, sex or site is not known.
    """

    temperature: float
    confidence: float | None
    distance: float | None = None
    confidence_without: float | None = None

    def least(self, complete=True):
        """Return the least confidence where all facts are known, or not; None as above."""
        return self.confidence if complete else self.confidence_without

    def decide(self, probabilities, distances=None, complete=True):
        """Say of each image whether it is answered.

        Parameters
        ----------
        probabilities : numpy.ndarray
            Calibrated, shape (n, 7).
        distances : numpy.ndarray, optional
            Shape (n,).
        complete : bool or numpy.ndarray of bool
            Are age, sex and site known? Shape (n,) or one for all.

        Returns
        -------
        numpy.ndarray of str
            Shape (n,): `ANSWERED`, `UNSURE` or `UNLIKE`, the last where both hold.
        """
        with_, without = (np.inf if least is None else least for least in
                          (self.confidence, self.confidence_without))  # fmt: skip
        least = np.where(complete, with_, without)
        status = np.where(np.max(probabilities, axis=1) >= least, ANSWERED, UNSURE).astype(object)
        if self.distance is not None and distances is not None:
            status[~(np.asarray(distances) <= self.distance)] = UNLIKE
        return status


def fit(labels, probabilities, *, blind=None, risk=RISK, distance=None):
    """Choose temperature and least confidences on the validation part.

    Parameters
    ----------
    labels : numpy.ndarray
        Of the validation part, shape (n,).
    probabilities : numpy.ndarray
        As the model gives them, shape (n, 7).
    blind : numpy.ndarray, optional
        The same without age, sex and site. Left out, `Rule.confidence_without` is that of
        all facts, as for a model that takes none.
    risk : float
        Largest share of wrong answers among those that are answered.
    distance : float, optional
        Of the rule; its unit is chosen on the validation part already.

    Returns
    -------
    Rule
    """
    temperature = calibration.fit_temperature(labels, probabilities)
    with_, without = (
        least_confidence(labels, calibration.calibrated(each, temperature), risk)
        for each in (probabilities, probabilities if blind is None else blind)
    )
    return Rule(temperature, with_, distance, without)


def measure(rule, labels, probabilities, lesions, distances=None, complete=True):
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
    complete : bool or numpy.ndarray of bool
        See `Rule.decide`.

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
    status = rule.decide(scaled, distances, complete)
    answered, wrong = status == ANSWERED, scaled.argmax(axis=1) != labels
    weights = bootstrap.cluster_weights(lesions)

    def share(hit, among=None):
        return bootstrap.estimate(bootstrap.share(weights, hit, among)).to_json()

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
