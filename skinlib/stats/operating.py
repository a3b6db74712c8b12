"""What is fixed on a model's validation set, and what it then does on a test set.

Three things are fixed: the temperature that scales the probabilities, the least confidence of
an answer, and the thresholds of the melanoma probability. All intervals are those of a bootstrap
over lesions that takes the fixed numbers as given.
"""

import dataclasses

from skinlib.common.classes import CLASSES
from skinlib.stats import bootstrap, calibration, selective

MELANOMA = CLASSES.index("mel")
# Largest share of wrong answers on the validation set, specificities to reach there, and the
# coverage at which curves are compared.
RISK, SPECIFICITIES, COVERAGE = 0.1, (0.9, 0.95), 0.8


@dataclasses.dataclass(frozen=True)
class Fixed:
    """Numbers fixed on the validation set of a model.

    Attributes
    ----------
    temperature : float
    confidence : float or None
        Lowest confidence from which on at most `RISK` of the answers are wrong; None where no
        confidence is enough.
    thresholds : dict of float to float
        Of the melanoma probability, by the specificity it reaches.
    """

    temperature: float
    confidence: float | None
    thresholds: dict


def fix(run, risk=RISK):
    """Fix the numbers of a run on its validation set.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    risk : float
        Largest share of wrong answers.

    Returns
    -------
    Fixed or None
        None for a run without a validation set.
    """
    if "validation" not in set(run.predictions()["part"]):
        return None
    labels, probabilities, _ = run.arrays("validation")
    thresholds = {
        aim: selective.threshold_at(probabilities[:, MELANOMA], labels == MELANOMA, aim)
        for aim in SPECIFICITIES
    }
    confidence = selective.least_confidence(labels, probabilities, risk)
    return Fixed(calibration.fit_temperature(labels, probabilities), confidence, thresholds)


def abstention(run, part, confidence):
    """Measure what a least confidence does.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    part : str
    confidence : float
        Of `Fixed`.

    Returns
    -------
    dict of str to skinlib.stats.bootstrap.Estimate
        ``error`` if all photographs are answered, the share that is ``answered``, and the
        ``risk``, the share of wrong answers among these.
    """
    labels, probabilities, lesions = run.arrays(part)
    weights = bootstrap.cluster_weights(lesions)
    answered = probabilities.max(axis=1) >= confidence
    wrong = probabilities.argmax(axis=1) != labels
    return {
        "error": bootstrap.estimate(bootstrap.share(weights, wrong)),
        "answered": bootstrap.estimate(bootstrap.share(weights, answered)),
        "risk": bootstrap.estimate(bootstrap.share(weights, wrong, answered)),
    }


def curve(run, part, *, coverage=COVERAGE, risk=RISK):
    """Measure the risk-coverage curve of a test set, read on that set itself.

    Returns
    -------
    dict of str to skinlib.stats.bootstrap.Estimate
        ``error`` if all photographs are answered, ``surest``, the risk at `coverage`; the
        ``coverage`` at `risk`; and ``aurc``, the area under the curve.
    """
    labels, probabilities, lesions = run.arrays(part)
    found = selective.Selective(labels, probabilities, bootstrap.cluster_weights(lesions))
    values = {
        "error": found.error(),
        "surest": found.risk_at(coverage),
        "coverage": found.coverage_at(risk),
        "aurc": found.aurc(),
    }
    return {name: bootstrap.estimate(each) for name, each in values.items()}


def melanoma(run, part, thresholds):
    """Measure melanoma against the rest at thresholds.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    part : str
    thresholds : dict of float to float
        Of `Fixed`.

    Returns
    -------
    list of dict
        One a threshold: ``aim``, ``threshold``, and as estimates the ``specificity`` and the
        ``sensitivity`` it reaches, and the sensitivity ``by_curve`` that the ROC curve of the
        same photographs shows at the aim.
    """
    labels, probabilities, lesions = run.arrays(part)
    weights = bootstrap.cluster_weights(lesions)
    scores, positive = probabilities[:, MELANOMA], labels == MELANOMA
    rows = []
    for aim, threshold in thresholds.items():
        given = weights, scores, positive, threshold
        values = {
            "specificity": selective.specificity(*given),
            "sensitivity": selective.sensitivity(*given),
            "by_curve": selective.roc_sensitivity(weights, scores, positive, aim),
        }
        estimates = {name: bootstrap.estimate(each) for name, each in values.items()}
        rows.append({"aim": aim, "threshold": threshold, **estimates})
    return rows


def scores(run, part, temperature=None):
    """Measure how well confidence and accuracy agree.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    part : str
    temperature : float, optional
        Scale the probabilities by it.

    Returns
    -------
    dict
        ``ece`` and ``ece_mass`` (bins of equal width and of equal numbers), what a calibrated
        model stays below by ``chance`` in 19 of 20 cases, ``brier``, ``nll``; and as estimates
        ``over``, mean confidence minus accuracy, and ``nll_change``, by the scaling.
    """
    labels, given, lesions = run.arrays(part)
    used = given if temperature is None else calibration.calibrated(given, temperature)
    weights = bootstrap.cluster_weights(lesions)
    before, after = (calibration.losses(labels, each) for each in (given, used))
    change = weights @ (after - before)[:, 1] / weights.sum(axis=1)
    return {
        "ece": calibration.ece(labels, used),
        "ece_mass": calibration.ece(labels, used, equal="mass"),
        "chance": calibration.chance_ece(used, lesions)[1],
        "brier": after[:, 0].mean(),
        "nll": after[:, 1].mean(),
        "over": bootstrap.estimate(calibration.overconfidence(weights, labels, used)),
        "nll_change": bootstrap.estimate(change),
    }


def bins(run, part, temperature=None):
    """Return the rows of the reliability diagram, as given and scaled.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    part : str
    temperature : float, optional

    Returns
    -------
    tuple of pandas.DataFrame
        Of `skinlib.stats.calibration.reliability`; the second None without a temperature.
    """
    labels, given, _ = run.arrays(part)
    plain = calibration.reliability(labels, given)
    if temperature is None:
        return plain, None
    return plain, calibration.reliability(labels, calibration.calibrated(given, temperature))
