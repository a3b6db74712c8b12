"""From the probabilities of a network to an answer, or to none.

Probabilities are fitted to the data, and operating points name a class (`skinlib.stats.points`).
No answer is given where the model is not sure enough, or where the picture is unlike the training
set. The numbers of the rule are chosen on photographs that the network has not seen. A model that
was trained with age, sex and site is surer than it should be without them, so where one is missing
another threshold holds, chosen on the same photographs without all three. Distance: that of
`skinlib.predict.ood`.
"""

import dataclasses

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.stats import bootstrap, operating, points, selective
from skinlib.stats.scores import check

RISK = 0.1
FARTHEST = 1.0
ANSWERED, UNSURE, UNLIKE = "answered", "not sure enough", "unlike the training pictures"


@dataclasses.dataclass(frozen=True)
class Answers:
    """What a rule makes of the probabilities of n photographs.

    Attributes
    ----------
    probabilities : numpy.ndarray
        Fitted to the data, shape (n, 7).
    status : numpy.ndarray of str
        `ANSWERED`, `UNSURE` or `UNLIKE`, shape (n,).
    alike : numpy.ndarray or None
        Class index at the operating point *every class alike*, shape (n,); None without a rule.
    flagged : numpy.ndarray of bool or None
        Whether the melanoma probability exceeds its threshold, shape (n,); None without a rule.
    """

    probabilities: np.ndarray
    status: np.ndarray
    alike: np.ndarray | None
    flagged: np.ndarray | None

    @property
    def named(self):
        """Class index by operating point, shape (n,) each; None where there is no rule."""
        return {points.AS_DATA: self.probabilities.argmax(axis=1), points.ALIKE: self.alike}


def joined(found):
    """Return several `Answers`, or objects of a subclass of it, one after the other as one."""
    columns = {name: [getattr(each, name) for each in found] for name in vars(found[0])}
    return type(found[0])(
        **{
            name: None if each[0] is None else np.concatenate(each)
            for name, each in columns.items()
        }
    )


@dataclasses.dataclass(frozen=True)
class Rule:
    """How probabilities are fitted and classes named, and when a model answers.

    Attributes
    ----------
    decision : skinlib.stats.points.Decision
        Its confidence holds where all facts are known.
    confidence_without : float or None
        Least probability of an answer where a fact is missing; None: nothing is answered.
    distance : float or None
        Largest distance of an answer; None: any.
    """

    decision: points.Decision
    confidence_without: float | None
    distance: float | None = None

    def least(self, complete=True):
        """Return the least confidence where all facts are known, or not; None as above."""
        return self.decision.confidence if complete else self.confidence_without

    def answers(self, given, distances=None, complete=True):
        """Return the `Answers` to probabilities of the network, (n, 7); see `decide`."""
        return self.decide(self.decision.probabilities(given), distances, complete)

    def decide(self, fitted, distances=None, complete=True):
        """Return the `Answers` to probabilities that are fitted to the data.

        Parameters
        ----------
        fitted : numpy.ndarray
            Shape (n, 7).
        distances : numpy.ndarray, optional
            Shape (n,).
        complete : bool or numpy.ndarray of bool
            Whether age, sex and site are known, shape (n,) or one for all.
        """
        known, unknown = (
            np.inf if least is None else least for least in (self.least(), self.least(False))
        )
        sure = fitted.max(axis=1) >= np.where(complete, known, unknown)
        status = np.where(sure, ANSWERED, UNSURE).astype(object)
        if self.distance is not None and distances is not None:
            status[~(np.asarray(distances) <= self.distance)] = UNLIKE
        alike = self.decision.named(fitted, points.ALIKE)
        return Answers(
            fitted, status, alike, fitted[:, operating.MELANOMA] > self.decision.melanoma
        )


def fit(labels, given, lesions, *, blind=None, risk=RISK, distance=None):
    """Choose the numbers of a `Rule` on photographs that the network has not seen.

    Parameters
    ----------
    labels, lesions : numpy.ndarray
        Class index and lesion id of each photograph, shape (n,).
    given : numpy.ndarray
        Probabilities of the network, shape (n, 7).
    blind : numpy.ndarray, optional
        Those without age, sex and site, for a model that takes them.
    risk : float
        Largest share of all lesions with a wrong answer, see `skinlib.stats.selective`.
    distance : float, optional
        Of the rule.
    """
    decision = points.fit(labels, given, lesions, risk)
    without = decision.confidence
    if blind is not None:
        fitted = decision.probabilities(blind)
        without = selective.guaranteed_confidence(labels, fitted, lesions, risk)
    return Rule(decision, without, distance)


def measure(answers, labels, lesions):
    """Measure answers to photographs with labels (n,) and lesions (n,).

    Returns
    -------
    dict
        For JSON. ``images``, ``lesions``; as ``[value, low, high]`` with 95 % interval over
        lesions, or None where there is nothing to take a share of: ``coverage`` (share answered),
        ``risk`` (share of wrong answers among them), ``wrong`` (share of all lesions with a wrong
        answer, each photograph as its share of those of its lesion),
        ``error_passed_on`` (share wrong of those not answered), ``unlike`` (share not answered as
        unlike); of melanoma against the rest ``sensitivity`` and ``specificity`` at its threshold;
        under ``points`` by operating point, if every photograph is answered, ``accuracy``,
        ``mean_recall`` and ``recalls`` of the classes that are there; ``melanoma`` (numbers of
        images: ``images``, ``right``, ``wrong``, ``passed_on``).
    """
    labels, _ = check(labels, answers.probabilities)
    answered, likely = answers.status == ANSWERED, answers.named[points.AS_DATA]
    missed, positive = likely != labels, labels == operating.MELANOMA
    weights = bootstrap.cluster_weights(lesions)
    _, place, sizes = np.unique(lesions, return_inverse=True, return_counts=True)
    shares = {
        "coverage": (answered,),
        "risk": (missed, answered),
        "error_passed_on": (missed, ~answered),
        "unlike": (answers.status == UNLIKE,),
        "sensitivity": (answers.flagged, positive),
        "specificity": (~answers.flagged, ~positive),
    }
    counts = {
        "images": positive,
        "right": positive & answered & ~missed,
        "wrong": positive & answered & missed,
        "passed_on": positive & ~answered,
    }
    told = lambda values: bootstrap.estimate(values).to_json()  # noqa: E731
    return {
        "images": len(labels),
        "lesions": len(np.unique(lesions)),
        **{name: told(bootstrap.share(weights, *each)) for name, each in shares.items()},
        "wrong": told(bootstrap.share(weights / sizes[place], answered & missed)),
        "points": {
            point: _of_point(weights, labels, named, told) for point, named in answers.named.items()
        },
        "melanoma": {name: int(each.sum()) for name, each in counts.items()},
    }


def _of_point(weights, labels, named, told):
    recalls = bootstrap.recalls(weights, labels, named)
    return {
        "accuracy": told(bootstrap.share(weights, named == labels)),
        "mean_recall": told(bootstrap.mean_present(recalls)),
        "recalls": {
            name: told(recalls[:, k]) for k, name in enumerate(CLASSES) if (labels == k).any()
        },
    }
