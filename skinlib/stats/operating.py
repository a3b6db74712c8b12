"""Operating points fixed on a validation set, and what they do on a test set.

Three things are fixed: the temperature that scales the probabilities, the least confidence of an
answer, and thresholds of the melanoma probability. A test set is given by its labels (n,),
probabilities (n, 7) and lesions (n,), see `skinlib.experiments.run.Run.arrays`. Intervals are those
of a bootstrap over lesions that takes the fixed numbers as given.

Decision curves: acting at a threshold t of the melanoma probability says that one melanoma found is
worth (1 - t) / t needless actions. The net benefit is the share of melanomas found, less the share
of needless actions in that currency. A model is useful at t where it beats acting on all
photographs and on none.

Source: Vickers and Elkin, Decision curve analysis, Medical Decision Making 26:565, 2006.
"""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.stats import calibration, selective
from skinlib.stats.bootstrap import cluster_weights, estimate, share
from skinlib.stats.scores import MELANOMA

# Largest share of wrong answers on the validation set, specificities to reach there, the
# coverage at which curves are compared, and the share of melanomas to find with a guarantee.
RISK, SPECIFICITIES, COVERAGE = 0.1, (0.9, 0.95), 0.8
SENSITIVITY = 0.9
# Of decision curves.
THRESHOLDS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)


@dataclasses.dataclass(frozen=True)
class Fixed:
    """Numbers fixed on the validation set of a model.

    The confidence is the lowest from which on few enough answers are wrong, None where there is
    none; the thresholds are of the melanoma probability, by the specificity they reach.
    """

    temperature: float
    confidence: float | None
    thresholds: dict


def fix(labels, probabilities):
    """Fix the numbers of a model on its validation set."""
    positive, scores = labels == MELANOMA, probabilities[:, MELANOMA]
    return Fixed(
        calibration.fit_temperature(labels, probabilities),
        selective.least_confidence(labels, probabilities, RISK),
        {aim: selective.threshold_at(scores, positive, aim) for aim in SPECIFICITIES},
    )


def abstention(labels, probabilities, lesions, confidence):
    """Measure what a least confidence does.

    Returns
    -------
    dict of str to skinlib.stats.bootstrap.Estimate
        ``error`` if all photographs are answered, the share that is ``answered``, and the
        ``risk``, the share of wrong answers among these.
    """
    weights = cluster_weights(lesions)
    answered = probabilities.max(axis=1) >= confidence
    wrong = probabilities.argmax(axis=1) != labels
    return {
        "error": estimate(share(weights, wrong)),
        "answered": estimate(share(weights, answered)),
        "risk": estimate(share(weights, wrong, answered)),
    }


def guaranteed(validation, test):
    """Measure thresholds with a guarantee, see `skinlib.stats.selective`, of a validation set.

    Returns
    -------
    dict
        ``confidence`` and ``score`` (None: too few lesions), and as estimates on the test set the
        share of the lesions ``answered``, that of all with a ``wrong`` answer, and of melanoma
        against the rest ``sensitivity`` and ``specificity``. A photograph counts one over the
        number of photographs of its lesion.
    """
    labels, probabilities, lesions = validation
    found = labels == MELANOMA
    least = selective.guaranteed_confidence(*validation, RISK)
    score = selective.guaranteed_score(probabilities[found, MELANOMA], lesions[found], SENSITIVITY)
    labels, probabilities, lesions = test
    _, place, sizes = np.unique(lesions, return_inverse=True, return_counts=True)
    weights, positive = cluster_weights(lesions) / sizes[place], labels == MELANOMA
    answered = probabilities.max(axis=1) >= (2 if least is None else least)
    named = probabilities[:, MELANOMA] >= (0 if score is None else score)
    return {
        "confidence": least,
        "score": score,
        "answered": estimate(share(weights, answered)),
        "wrong": estimate(share(weights, answered & (probabilities.argmax(axis=1) != labels))),
        "sensitivity": estimate(share(weights, named, positive)),
        "specificity": estimate(share(weights, ~named, ~positive)),
    }


def melanoma(labels, probabilities, lesions, thresholds):
    """Measure melanoma against the rest at the thresholds of `Fixed`.

    Returns
    -------
    list of dict
        One a threshold: ``aim``, ``threshold``, and as estimates the ``specificity`` and the
        ``sensitivity`` it reaches, and the sensitivity ``by_curve`` that the ROC curve of the
        same photographs shows at the aim.
    """
    weights = cluster_weights(lesions)
    scores, positive = probabilities[:, MELANOMA], labels == MELANOMA
    return [
        {
            "aim": aim,
            "threshold": threshold,
            "specificity": estimate(share(weights, scores <= threshold, ~positive)),
            "sensitivity": estimate(share(weights, scores > threshold, positive)),
            "by_curve": estimate(selective.roc_sensitivity(weights, scores, positive, aim)),
        }
        for aim, threshold in thresholds.items()
    ]


def net_benefits(labels, probabilities, lesions):
    """Compare a model with acting on all photographs and on none.

    The probabilities are calibrated, or the threshold is not the one that was meant.

    Returns
    -------
    pandas.DataFrame
        By ``Threshold``, per 1,000 photographs: the ``Net benefit``, that of ``Acting on all``, and
        the ``Gain`` over the better of all and none.
    """
    weights = cluster_weights(lesions)
    positive = labels == MELANOMA
    rows = []
    for threshold in THRESHOLDS:
        worth = 1000 * np.where(positive, 1.0, -threshold / (1 - threshold))
        acted = probabilities[:, MELANOMA] >= threshold
        model, everyone = (weights @ each / weights.sum(axis=1) for each in (worth * acted, worth))
        gain = estimate(model - np.maximum(everyone, 0))
        rows.append([threshold, estimate(model), float(everyone[0]), gain])
    return pd.DataFrame(rows, columns=["Threshold", "Net benefit", "Acting on all", "Gain"])


def scores(labels, probabilities, lesions, temperature=None):
    """Measure how well confidence and accuracy agree, as given or scaled by a temperature.

    Returns
    -------
    dict
        ``ece``, what a calibrated model stays below by ``chance`` in 19 of 20 cases, ``brier``,
        ``nll``; and as estimates ``nll_change``, by the scaling (None without), and ``over``,
        confidence minus accuracy.
    """
    used = calibration.calibrated(probabilities, temperature or 1)
    weights = cluster_weights(lesions)
    before, after = (calibration.losses(labels, each) for each in (probabilities, used))
    change = weights @ (after - before)[:, 1] / weights.sum(axis=1)
    return {
        "ece": calibration.ece(labels, used),
        "chance": calibration.chance_ece(used, lesions),
        "brier": after[:, 0].mean(),
        "nll": after[:, 1].mean(),
        "nll_change": temperature and estimate(change),
        "over": estimate(calibration.overconfidence(weights, labels, used)),
    }
