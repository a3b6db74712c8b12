"""Probabilities for other class shares: equal ones, or those of a test set.

A network trained without class weights seldom predicts rare classes, however well it ranks the
photographs. Dividing its probabilities by the class shares to a power, tau, moves the decisions
towards the rare classes without any training; so networks are compared at their best threshold.

To correct for a test set whose diagnoses have other shares than the validation set's, probabilities
are first calibrated on the validation set, with a temperature and a bias a class, so that they
include its class shares. Then the shares of the test set are estimated from its photographs alone,
without their diagnoses, and the probabilities are weighted anew. This is right where only the
shares differ, and the photographs of each diagnosis look alike in both sets.

Sources: Menon et al., Long-tail learning via logit adjustment, ICLR 2021; Saerens, Latinne and
Decaestecker, Adjusting the outputs of a classifier to new a priori probabilities, Neural
Computation 14:21, 2002; Alexandari, Kundaje and Shrikumar, Maximum likelihood with bias-corrected
calibration is hard-to-beat at label shift adaptation, ICML 2020.
"""

import numpy as np
import pandas as pd
import scipy

from skinlib.common.classes import CLASSES
from skinlib.stats import calibration
from skinlib.stats.bootstrap import cluster_weights, estimate
from skinlib.stats.scores import scores

TAUS = np.linspace(0, 2, 41)
STEPS, CLOSE = 10_000, 1e-10


def shares(labels):
    """Return the class shares (7,) of labels (n,); a class without any counts as one photograph."""
    return np.bincount(labels, minlength=len(CLASSES)).clip(min=1) / len(labels)


def weighted(probabilities, factors):
    """Return probabilities (n, 7) times a factor a class (7,); rows sum to 1."""
    moved = probabilities * factors
    return moved / moved.sum(axis=1, keepdims=True)


def tau(labels, probabilities):
    """Return the smallest of `TAUS` that gives validation photographs the best mean recall."""
    once, known = np.ones((1, len(labels))), shares(labels)
    found = [
        scores(once, labels, weighted(probabilities, known**-each), ["mean recall"])
        for each in TAUS
    ]
    return float(TAUS[np.argmax(found)])


def shifted(run, probabilities):
    """Shift probabilities of a run, shape (n, 7), by the tau that is best on its validation set."""
    labels, validation, _ = run.arrays("validation")
    return weighted(probabilities, shares(labels) ** -tau(labels, validation))


def calibrate(labels, probabilities):
    """Fit a temperature and a bias a class to validation photographs.

    Labels (n,) and probabilities (n, 7). Returned is a function that calibrates probabilities
    (m, 7). For each class with a photograph, the mean calibrated probability is the class share.
    """
    there = np.eye(len(CLASSES))[np.unique(labels)]
    slope, *bias = calibration.fit(labels, probabilities, there)
    return lambda values: scipy.special.softmax(
        slope * calibration.logits(values) + bias @ there, axis=1
    )


def estimated(probabilities, source):
    """Estimate the class shares (7,) of a test set by expectation maximisation.

    From probabilities (m, 7) that are calibrated on the validation set, and the class shares (7,)
    of that, all above 0.
    """
    found = source
    for _ in range(STEPS):
        before, found = found, weighted(probabilities, found / source).mean(axis=0)
        if np.abs(found - before).max() < CLOSE:
            break
    return found


def corrected(validation, test):
    """Correct a model's probabilities of a test set.

    Both sets begin with labels and probabilities; what follows is not used.

    Returns
    -------
    dict of str to numpy.ndarray
        Probabilities (m, 7): ``as trained``, ``calibrated``, ``shares estimated`` and, as a bound,
        ``shares known``, for which alone the labels of the test set are used.
    """
    found = calibrate(*validation[:2])(test[1])
    source = shares(validation[0])
    return {
        "as trained": test[1],
        "calibrated": found,
        "shares estimated": weighted(found, estimated(found, source) / source),
        "shares known": weighted(found, shares(test[0]) / source),
    }


def compare(validation, test):
    """Score what `corrected` returns; labels, probabilities and lesions (m,) of a test set.

    Returns
    -------
    pandas.DataFrame
        Rows as there; ``Accuracy``, ``Mean recall``, ``Log loss``, and the ``Change of accuracy``
        from the calibrated probabilities, with 95 % intervals over lesions.
    """
    names, weights = ["accuracy", "mean recall", "log loss"], cluster_weights(test[2])
    found = {
        kind: scores(weights, test[0], probabilities, names)
        for kind, probabilities in corrected(validation, test).items()
    }
    base = found["calibrated"][:, 0]
    rows = [
        [kind, *map(estimate, each.T), estimate(each[:, 0] - base)] for kind, each in found.items()
    ]
    titles = [*(name.capitalize() for name in names), "Change of accuracy"]
    return pd.DataFrame(rows, columns=["Probabilities", *titles]).set_index("Probabilities")
