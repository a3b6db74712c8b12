"""Tables, sentences and figures of the pages on uncertainty and on groups of patients."""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.classes import CLASSES
from skinlib.evidence import agreement, calibration, selective, subgroup_pages
from skinlib.evidence import draws as bootstrap
from skinlib.evidence.uncertainty_words import (
    of_calibration,
    of_melanoma,
    of_selective,
    of_tests,
    percent,
)
from skinlib.figures import evidence as figures
from skinlib.figures.runs import not_run
from skinlib.tables import NOT_RUN, number

MELANOMA = CLASSES.index("mel")
COVERAGE, RISK, SPECIFICITIES = 0.8, 0.1, (0.9, 0.95)
ONE_MODEL = "one model only"
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
    thresholds : dict of float to float
        Of the melanoma probability, by specificity.
    validation : int
        Images of the validation part; 0 where the run has none, and then nothing is fitted.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    scaled: np.ndarray | None
    temperature: float | None
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
    waived = _selective(chosen)
    melanoma = _melanoma(models, weights)
    scores = _calibration(models, weights, lesions)
    frames |= dict(zip(FRAMES, (_tests_frame(tests), _gaps_frame(gaps), _selective_frame(waived),
                                _melanoma_frame(melanoma), _scores_frame(scores)),
                       strict=True))  # fmt: skip
    words = (
        of_tests(tests, gaps, len(labels), len(np.unique(lesions))),
        of_selective(waived, COVERAGE, RISK),
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
        return Model(labels, probabilities, None, None, {}, 0)
    theirs, held_out, _ = run.arrays("validation")
    temperature = calibration.fit_temperature(theirs, held_out)
    thresholds = {
        target: selective.threshold_at(held_out[:, MELANOMA], theirs == MELANOMA, target)
        for target in SPECIFICITIES
    }
    scaled = calibration.calibrated(probabilities, temperature)
    return Model(labels, probabilities, scaled, temperature, thresholds, len(theirs))


def _selective(chosen):
    """Return error, error at `COVERAGE`, coverage at `RISK` and AURC by title."""
    return {
        title: [
            bootstrap.estimate(values)
            for values in (each.error(), each.risk_at(COVERAGE), each.coverage_at(RISK),
                           each.aurc())
        ]
        for title, each in chosen.items()
    }  # fmt: skip


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


def chance(p):
    """Format a p value."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _tests_frame(tests):
    if tests.empty:
        return pd.DataFrame({"First": [ONE_MODEL]})
    frame = tests[["first", "second", "only_first", "only_second"]].copy()
    frame.columns = ["First", "Second", "Only the first right", "Only the second right"]
    for unit in ("image", "lesion"):
        frame[f"p by {unit}"] = tests[f"p_{unit}"].map(chance)
        frame[f"by {unit}, Holm"] = tests[f"holm_{unit}"].map(chance)
    return frame


def _gaps_frame(gaps):
    if gaps.empty:
        return pd.DataFrame({"First": [ONE_MODEL]})
    rows = {}
    for row in gaps.itertuples():
        pair = rows.setdefault((row.first, row.second), {"First": row.first, "Second": row.second})
        pair[row.metric[0].upper() + row.metric[1:]] = row.difference.text(signed=True)
    return pd.DataFrame(rows.values())


def _selective_frame(waived):
    names = ("Error, all answered", f"Error, surest {percent(COVERAGE, 0)}",
             f"Coverage at an error of {percent(RISK, 0)}", "AURC")  # fmt: skip
    return pd.DataFrame(
        {"Model": title, **{name: each.text() for name, each in zip(names, values, strict=True)}}
        for title, values in waived.items()
    )


def _melanoma_frame(rows):
    return pd.DataFrame(
        {
            "Model": title,
            "Specificity aimed at": percent(target, 0),
            "Threshold (validation)": number(threshold),
            "Specificity reached": number(None) if got is None else got.text(),
            "Sensitivity": number(None) if found is None else found.text(),
            "Sensitivity read off the test ROC": read.text(),
        }
        for title, target, threshold, got, found, read in rows
    )


def _scores_frame(scores):
    return pd.DataFrame(
        {
            "Model": title,
            "Probabilities": kind,
            "ECE, equal width": number(row["ece"]),
            "ECE, equal mass": number(row["ece_mass"]),
            "ECE by chance": number(row["chance"]),
            "Brier": number(row["brier"]),
            "NLL": number(row["nll"]),
            "Confidence − accuracy": row["over"].text(signed=True),
        }
        for title, rows in scores.items()
        for kind, row in zip(("as given", "scaled"), rows, strict=False)
    )
