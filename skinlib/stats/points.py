"""From probabilities to decisions: two operating points, fitted on photographs that no network saw.

Probabilities are first fitted to the data: a shift by the class shares, which undoes a loss for
equal class frequencies, and a temperature. Two operating points name a class. ``as the data`` takes
the most probable one, for accuracy. ``every class alike`` divides by the class shares first,
which is Bayes' rule for classes of equal frequency, for mean recall. A power of the shares that is
fitted for mean recall alone gains little of it and costs much accuracy, so none is fitted. The
probabilities are the same at both.

`skinlib.predict.abstention` applies them.
"""

import dataclasses

import numpy as np

from skinlib.stats import calibration, prevalence, selective
from skinlib.stats.operating import RISK
from skinlib.stats.scores import MELANOMA

AS_DATA, ALIKE = "as the data", "every class alike"
POINTS = (AS_DATA, ALIKE)
# Of τ over the temperature: beyond, as where all photographs are of one class, nothing is learned.
PUSH = 5.0
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
        τ, the power of the shares by which probabilities are divided to fit the data; negative
        where the network predicts as if classes were more alike than they are.
    temperature : float
        Of the probabilities after that.
    confidence : float or None
        Least probability of an answer, by conformal risk control; None: no answer is given.
    melanoma : float
        Threshold of the melanoma probability, to be exceeded.
    """

    shares: np.ndarray
    prior: float
    temperature: float
    confidence: float | None
    melanoma: float

    def probabilities(self, given):
        """Return what a network gives, shape (n, 7), fitted to the data."""
        shift = -self.prior * np.log(self.shares)
        return calibration.calibrated(given, self.temperature, shift)

    def named(self, fitted, point):
        """Return the class that an operating point names, of fitted probabilities: shape (n,)."""
        scores = fitted if point == AS_DATA else fitted / self.shares
        return scores.argmax(axis=1)

    def to_json(self):
        """Return a dictionary for JSON, which `from_json` reads."""
        return {**dataclasses.asdict(self), "shares": self.shares.tolist()}

    @classmethod
    def from_json(cls, value):
        """Return the `Decision` of a dictionary of `to_json`."""
        return cls(**{**value, "shares": np.array(value["shares"])})


def fit(labels, given, lesions, risk=RISK):
    """Fit a `Decision`.

    Parameters
    ----------
    labels, lesions : numpy.ndarray
        Class index and lesion id of each photograph, shape (n,).
    given : numpy.ndarray
        Probabilities of networks that have not seen the lesion, shape (n, 7).
    risk : float
        Largest share of all lesions with a wrong answer, see `skinlib.stats.selective`.
    """
    shares = prevalence.shares(labels)
    bounds = [calibration.SLOPES, (-PUSH, PUSH)]
    slope, push = map(float, calibration.fit(labels, given, -np.log(shares)[None], bounds))
    temperature, prior = 1 / slope, push / slope
    fitted = calibration.calibrated(given, temperature, -prior * np.log(shares))
    confidence = selective.guaranteed_confidence(labels, fitted, lesions, risk)
    melanoma = selective.threshold_at(fitted[:, MELANOMA], labels == MELANOMA, SPECIFICITY)
    return Decision(shares, prior, temperature, confidence, melanoma)
