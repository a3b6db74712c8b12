"""Tables, sentences and figures of the pages on uncertainty and on groups of patients."""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.classes import CLASSES
from skinlib.evidence import agreement, calibration, null_levels, selective, subgroup_pages
from skinlib.evidence import draws as bootstrap
from skinlib.evidence import uncertainty_tables as tables
from skinlib.evidence.uncertainty_words import of_calibration, of_melanoma, of_selective, of_tests
from skinlib.figures import evidence as figures
from skinlib.figures.runs import not_run
from skinlib.tables import NOT_RUN

MELANOMA = CLASSES.index("mel")
COVERAGE, RISK, SPECIFICITIES = 0.8, 0.1, (0.9, 0.95)
FIGURES = ("calibration-reliability", "uncertainty-risk-coverage")
TEXTS = (
    "uncertainty-tests", "uncertainty-selective", "uncertainty-melanoma", "calibration-scores",
)  # fmt: skip
FRAMES = (
    "uncertainty-tests", "uncertainty-differences", "uncertainty-selective",
    "uncertainty-melanoma", "calibration-scores",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Model:
    """What one model says about the reported part, and what was fitted on the validation part.

    Attributes
    ----------
    labels : numpy.ndarray
        Shape (n,).
    probabilities : numpy.ndarray
        Shape (n, 7).
    scaled : numpy.ndarray or None
        After temperature scaling, shape (n, 7).
    temperature : float or None
    confidence : float or None
        Least probability of an answer that keeps the error to `RISK` there.
    thresholds : dict of float to float
        Of the melanoma probability, by specificity.
    validation : int
        Images of the validation part; 0 where the run has none, and then nothing is fitted.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    scaled: np.ndarray | None
    temperature: float | None
    confidence: float | None
    thresholds: dict
    validation: int


def pages(runs, found=None, part="test"):
    """Return frames, texts and figures of the two pages, by file name.

    Parameters
    ----------
    runs : dict of str to (skinlib.runs.Run or None)
        By title. Those that are not finished are left out; the others must be of the same
        images of `part`.
    found : dict, optional
        From `skinlib.evidence.subgroups.measure`, by title; what is stored when left out.
    part : str

    Returns
    -------
    frames : dict of str to pandas.DataFrame
    texts : dict of str to str
    drawn : dict of str to matplotlib.figure.Figure
    """
    done = {title: run for title, run in runs.items() if run is not None and run.finished}
    frames, texts, drawn = subgroup_pages.pages(done, found)
    for mine, theirs in zip((frames, texts), null_levels.pages(), strict=True):
        mine.update(theirs)
    if not done:
        frames |= {name: pd.DataFrame({"Model": [NOT_RUN]}) for name in FRAMES}
        texts |= dict.fromkeys(TEXTS, "Not run yet.\n")
        drawn |= {name: not_run() for name in FIGURES}
        return frames, texts, drawn
    labels, probabilities, lesions = agreement.answers(done, part)
    models = {title: _model(done[title], labels, probabilities[title]) for title in done}
    weights = bootstrap.lesion_weights(lesions)
    tests = agreement.tests(labels, probabilities, lesions)
    gaps = agreement.differences(labels, probabilities, lesions)
    chosen = {title: selective.Selective(labels, probabilities[title], weights) for title in models}
    waived = {title: _selective(models[title], each, weights) for title, each in chosen.items()}
    melanoma = _melanoma(models, weights)
    scores = _calibration(models, weights, lesions)
    made = (
        tables.of_tests(tests),
        tables.of_differences(gaps),
        tables.of_selective(waived, models, COVERAGE, RISK),
        tables.of_melanoma(melanoma),
        tables.of_scores(scores),
    )
    frames |= dict(zip(FRAMES, made, strict=True))
    words = (
        of_tests(tests, gaps, len(labels), len(np.unique(lesions))),
        of_selective(waived, models, RISK),
        of_melanoma(melanoma, int((labels == MELANOMA).sum())),
        of_calibration(scores, models),
    )
    texts |= dict(zip(TEXTS, words, strict=True))
    drawn["calibration-reliability"] = figures.reliability(
        {title: _reliability(model) for title, model in models.items()}
    )
    drawn["uncertainty-risk-coverage"] = figures.risk_coverage(
        {title: each.curve() for title, each in chosen.items()}, COVERAGE
    )
    return frames, texts, drawn


def _model(run, labels, probabilities):
    if "validation" not in set(run.predictions()["part"]):
        return Model(labels, probabilities, None, None, None, {}, 0)
    theirs, held_out, _ = run.arrays("validation")
    temperature = calibration.fit_temperature(theirs, held_out)
    thresholds = {
        target: selective.threshold_at(held_out[:, MELANOMA], theirs == MELANOMA, target)
        for target in SPECIFICITIES
    }
    scaled = calibration.calibrated(probabilities, temperature)
    confidence = selective.least_confidence(theirs, held_out, RISK)
    return Model(labels, probabilities, scaled, temperature, confidence, thresholds, len(theirs))


def _selective(model, asked, weights):
    """Return what passing on does by name: as chosen on validation, and read off the test part."""
    found = {
        "error": asked.error(),
        "surest": asked.risk_at(COVERAGE),
        "coverage": asked.coverage_at(RISK),
        "aurc": asked.aurc(),
    }
    if model.confidence is not None:
        answered = model.probabilities.max(axis=1) >= model.confidence
        wrong = model.probabilities.argmax(axis=1) != model.labels
        found["answered"] = bootstrap.share(weights, answered)
        found["risk"] = bootstrap.share(weights, wrong, answered)
    return {name: bootstrap.estimate(values) for name, values in found.items()}


def _melanoma(models, weights):
    """Return ``(title, target, threshold, specificity, sensitivity, by the test ROC)`` rows."""
    rows = []
    for title, model in models.items():
        score, positive = model.probabilities[:, MELANOMA], model.labels == MELANOMA
        for target in SPECIFICITIES:
            threshold = model.thresholds.get(target)
            read = bootstrap.estimate(selective.roc_sensitivity(weights, score, positive, target))
            got = [None, None]
            if threshold is not None:
                got = [
                    bootstrap.estimate(measure(weights, score, positive, threshold))
                    for measure in (selective.specificity, selective.sensitivity)
                ]
            rows.append((title, target, threshold, *got, read))
    return rows


def _calibration(models, weights, lesions):
    """Return scores by title: as given, then scaled where there is a temperature."""
    found = {}
    for title, model in models.items():
        found[title] = []
        plain = calibration.losses(model.labels, model.probabilities)
        for values in (model.probabilities, model.scaled):
            if values is None:
                continue
            loss = calibration.losses(model.labels, values)
            gained = weights @ (loss - plain)[:, 1] / weights.sum(axis=1)
            found[title].append(
                {
                    "ece": calibration.ece(model.labels, values),
                    "ece_mass": calibration.ece(model.labels, values, equal="mass"),
                    "chance": calibration.chance_ece(values, lesions)[1],
                    "brier": loss[:, 0].mean(),
                    "nll": loss[:, 1].mean(),
                    "nll_gained": bootstrap.estimate(gained),
                    "over": bootstrap.estimate(
                        calibration.overconfidence(weights, model.labels, values)
                    ),
                }
            )
    return found


def _reliability(model):
    return tuple(
        None if values is None else calibration.reliability(model.labels, values)
        for values in (model.probabilities, model.scaled)
    )
