"""From probabilities to decisions: two operating points, fitted on photographs that no network saw.

Probabilities are first fitted to the data: a shift by the class shares, which undoes a loss for
equal class frequencies, and a temperature. Two operating points name a class. ``as the data`` takes
the most probable one, for accuracy. ``every class alike`` divides by the class shares to a power
first, for mean recall. The probabilities are the same at both.

Of out-of-fold predictions each fold is decided with numbers that were fitted on the other folds
(`crossfit`); what ships is fitted on all of them (`fit`).
"""

import dataclasses

import numpy as np
import scipy

from skinlib.common.classes import CLASSES
from skinlib.stats import bootstrap, calibration, conformal, operating, selective, threshold

AS_DATA, ALIKE = "as the data", "every class alike"
POINTS = (AS_DATA, ALIKE)
# Of the threshold of the melanoma probability, which stands beside both points.
SPECIFICITY = 0.9


@dataclasses.dataclass(frozen=True)
class Decision:
    """What was fitted.

    Attributes
    ----------
    shares : numpy.ndarray
        Of the classes among the photographs it was fitted on, shape (7,).
    prior : float
        τ of `skinlib.stats.threshold.shift` that fits the probabilities to the data; negative
        where the network predicts as if classes were more alike than they are.
    temperature : float
        Of the probabilities after that.
    alike : float
        τ of the second operating point.
    confidence : dict of str to float or None
        By operating point, the least confidence of an answer by conformal risk control.
    melanoma : float
        Threshold of the melanoma probability, to be exceeded.
    """

    shares: np.ndarray
    prior: float
    temperature: float
    alike: float
    confidence: dict
    melanoma: float

    def probabilities(self, given):
        """Return what a network gives, shape (n, 7), fitted to the data."""
        moved = threshold.shift(given, self.shares, self.prior)
        return calibration.calibrated(moved, self.temperature)

    def scores(self, fitted, point):
        """Return fitted probabilities as an operating point compares them; rows sum to 1."""
        return fitted if point == AS_DATA else threshold.shift(fitted, self.shares, self.alike)


def fit(labels, given, lesions, risk=operating.RISK):
    """Fit a `Decision`.

    Parameters
    ----------
    labels, lesions : numpy.ndarray
        Class index and lesion id of each photograph, shape (n,).
    given : numpy.ndarray
        Probabilities of networks that have not seen the lesion, shape (n, 7).
    risk : float
        Largest share of all lesions with a wrong answer, see `skinlib.stats.conformal`.
    """
    shares = np.bincount(labels, minlength=len(CLASSES)).clip(min=1) / len(labels)
    prior, temperature = _fit_probabilities(labels, given, shares)
    fitted = calibration.calibrated(threshold.shift(given, shares, prior), temperature)
    alike, _ = threshold.best(labels, fitted)
    positive = labels == operating.MELANOMA
    melanoma = selective.threshold_at(fitted[:, operating.MELANOMA], positive, SPECIFICITY)
    found = Decision(shares, prior, temperature, alike, {}, melanoma)
    for point in POINTS:
        scores = found.scores(fitted, point)
        found.confidence[point] = conformal.least_confidence(labels, scores, lesions, risk)
    return found


def _fit_probabilities(labels, given, shares):
    """Return τ and temperature of the least negative log-likelihood, found together.

    In 1/T and τ/T it is convex, so there is one minimum.
    """
    logits, prior = np.log(np.clip(given, calibration.TINY, None)), np.log(shares)
    rows = np.arange(len(labels))

    def loss(point):
        slope, push = point
        scores = slope * logits - push * prior
        chances = np.exp(scores - scipy.special.logsumexp(scores, axis=1, keepdims=True))
        value = -np.log(np.clip(chances[rows, labels], calibration.TINY, None)).mean()
        surplus = chances.copy()
        surplus[rows, labels] -= 1
        return value, np.array([(surplus * logits).sum(), -(surplus @ prior).sum()]) / len(labels)

    # Bounds of the temperature as in `skinlib.stats.calibration`.
    low, high = calibration.RANGE
    bounds = [(1 / high, 1 / low), (None, None)]
    slope, push = scipy.optimize.minimize(loss, [1.0, 0.0], jac=True, bounds=bounds).x
    return float(push / slope), float(1 / slope)


@dataclasses.dataclass(frozen=True)
class Decided:
    """Decisions about n photographs.

    Attributes
    ----------
    probabilities : numpy.ndarray
        Fitted to the data, shape (n, 7).
    named, answered : dict of str to numpy.ndarray
        By operating point: class index, and whether it is sure enough, shape (n,).
    melanoma : numpy.ndarray of bool
        Whether the melanoma probability exceeds its threshold, shape (n,).
    """

    probabilities: np.ndarray
    named: dict
    answered: dict
    melanoma: np.ndarray


def decide(decision, given):
    """Apply a `Decision` to the probabilities of a network, shape (n, 7); return `Decided`."""
    fitted, named, answered = decision.probabilities(given), {}, {}
    for point in POINTS:
        scores, least = decision.scores(fitted, point), decision.confidence[point]
        named[point] = scores.argmax(axis=1)
        answered[point] = scores.max(axis=1) >= (np.inf if least is None else least)
    return Decided(fitted, named, answered, fitted[:, operating.MELANOMA] > decision.melanoma)


def crossfit(labels, given, lesions, folds, risk=operating.RISK):
    """Decide each fold by what is fitted on the others; return `Decided`, in the order given.

    `folds` has the number of the fold of each photograph, shape (n,); for the rest see `fit`.
    """
    count = len(labels)
    fitted, melanoma = np.zeros((count, len(CLASSES))), np.zeros(count, bool)
    named = {point: np.zeros(count, int) for point in POINTS}
    answered = {point: np.zeros(count, bool) for point in POINTS}
    for fold in np.unique(folds):
        here = folds == fold
        decision = fit(labels[~here], given[~here], lesions[~here], risk)
        found = decide(decision, given[here])
        fitted[here], melanoma[here] = found.probabilities, found.melanoma
        for point in POINTS:
            named[point][here], answered[point][here] = found.named[point], found.answered[point]
    return Decided(fitted, named, answered, melanoma)


def measure(decided, labels, lesions):
    """Measure decisions on labels (n,) and lesions (n,), with intervals by lesion.

    Returns
    -------
    dict of str to dict of str to skinlib.stats.bootstrap.Estimate
        By operating point: ``accuracy``, ``mean recall``, ``recall <class>`` of each class that is
        there, the share ``answered``, and that of ``wrong`` answers among all photographs. Under
        ``melanoma``: ``sensitivity`` and ``specificity`` of its threshold.
    """
    weights, found = bootstrap.cluster_weights(lesions), {}
    for point in POINTS:
        named, answered = decided.named[point], decided.answered[point]
        recalls = bootstrap.recalls(weights, labels, named)
        values = {
            "accuracy": bootstrap.share(weights, named == labels),
            "mean recall": bootstrap.mean_present(recalls),
            **{
                f"recall {name}": recalls[:, k]
                for k, name in enumerate(CLASSES)
                if (labels == k).any()
            },
            "answered": bootstrap.share(weights, answered),
            "wrong": bootstrap.share(weights, answered & (named != labels)),
        }
        found[point] = {name: bootstrap.estimate(each) for name, each in values.items()}
    positive = labels == operating.MELANOMA
    found["melanoma"] = {
        "sensitivity": bootstrap.estimate(bootstrap.share(weights, decided.melanoma, positive)),
        "specificity": bootstrap.estimate(bootstrap.share(weights, ~decided.melanoma, ~positive)),
    }
    return found
