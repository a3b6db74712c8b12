"""Correct probabilities for a test set whose diagnoses have other shares than the validation set's.

First the probabilities are calibrated on the validation set, with a temperature and a bias a class,
so that they include its class shares. Then the shares of the test set are estimated from its
photographs alone, without their diagnoses, and the probabilities are weighted anew. This is right
where only the shares differ, and the photographs of each diagnosis look alike in both sets.

Sources: Saerens, Latinne and Decaestecker, Adjusting the outputs of a classifier to new a priori
probabilities, Neural Computation 14:21, 2002; Alexandari, Kundaje and Shrikumar, Maximum likelihood
with bias-corrected calibration is hard-to-beat at label shift adaptation, ICML 2020.
"""

import numpy as np
import pandas as pd
import scipy

from skinlib.common.classes import CLASSES
from skinlib.stats.bootstrap import cluster_weights, estimate
from skinlib.stats.scores import scores

STEPS, CLOSE = 10_000, 1e-10


def calibrate(labels, probabilities):
    """Fit a temperature and a bias a class to validation photographs.

    Labels (n,) and probabilities (n, 7). Returned is a function that calibrates probabilities
    (m, 7). For each class with a photograph, the mean calibrated probability is the class share.
    """
    there = np.bincount(labels, minlength=len(CLASSES)) > 0
    logits, count = _log(probabilities), len(labels)

    def loss(parameters):
        scale, bias = parameters[0], np.where(there, parameters[1:], 0)
        log = scipy.special.log_softmax(scale * logits + bias, axis=1)
        wrong = np.exp(log)
        wrong[np.arange(count), labels] -= 1
        slopes = np.append((wrong * logits).sum() / count, np.where(there, wrong.mean(axis=0), 0))
        return -log[np.arange(count), labels].mean(), slopes

    start = np.append(1.0, np.zeros(len(CLASSES)))
    found = scipy.optimize.minimize(loss, start, jac=True, method="BFGS").x
    return lambda values: scipy.special.softmax(found[0] * _log(values) + found[1:], axis=1)


def shares(probabilities, source):
    """Estimate the class shares of a test set by expectation maximisation.

    Parameters
    ----------
    probabilities : numpy.ndarray
        Calibrated on the validation set, shape (m, 7).
    source : numpy.ndarray
        Class shares of the validation set, all above 0, shape (7,).

    Returns
    -------
    numpy.ndarray
        Shape (7,), sum 1.
    """
    found = source
    for _ in range(STEPS):
        before, found = found, weighted(probabilities, source, found).mean(axis=0)
        if np.abs(found - before).max() < CLOSE:
            break
    return found


def weighted(probabilities, source, target):
    """Return probabilities (m, 7) for class shares `target` (7,) in place of `source` (7,)."""
    moved = probabilities * (target / source)
    return moved / moved.sum(axis=1, keepdims=True)


def corrected(validation, test):
    """Correct a model's probabilities of a test set.

    Parameters
    ----------
    validation : tuple of numpy.ndarray
        Labels (n,) and probabilities (n, 7); what follows is not used.
    test : tuple of numpy.ndarray
        Probabilities are corrected without the labels, which only serve the last entry.

    Returns
    -------
    dict of str to numpy.ndarray
        Probabilities (m, 7): ``as trained``, ``calibrated``, ``shares estimated`` and, as a bound,
        ``shares known``.
    """
    calibrated = calibrate(*validation[:2])
    found, source = calibrated(test[1]), _shares_of(validation[0])
    return {
        "as trained": test[1],
        "calibrated": found,
        "shares estimated": weighted(found, source, shares(found, source)),
        "shares known": weighted(found, source, _shares_of(test[0])),
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


def _shares_of(labels):
    counts = np.bincount(labels, minlength=len(CLASSES)).clip(min=1)
    return counts / counts.sum()


def _log(probabilities):
    return np.log(np.clip(probabilities, np.finfo(float).eps, None))
