"""Tables of what `skinlib.stats.operating` measures, as text; one row a model."""

import pandas as pd

from skinlib.stats.bootstrap import Estimate


def _text(value, *, signed=False):
    if isinstance(value, Estimate):
        return value.text(signed=signed)
    return f"{value:.3f}"


def of_abstention(kept, fixed):
    """Return what the least confidences do.

    Parameters
    ----------
    kept : dict of str to dict of str to dict
        By the title of a test set, then by model: of `operating.abstention`.
    fixed : dict of str to skinlib.stats.operating.Fixed
    """
    titles = {
        "error": "Error, all answered",
        "answered": "Answered",
        "risk": "Error among the answers",
    }
    return pd.DataFrame(
        {"Model": model, "Least confidence": _text(numbers.confidence), "Test set": part}
        | {title: _text(found[model][key]) for key, title in titles.items()}
        for model, numbers in fixed.items()
        for part, found in kept.items()
    )


def of_curves(curves, *, coverage, risk):
    """Return what is read off the curves of a test set.

    Parameters
    ----------
    curves : dict of str to dict
        By model: of `operating.curve`, at this coverage and risk.
    coverage, risk : float
    """
    titles = {
        "error": "Error, all answered",
        "surest": f"Error of the surest {100 * coverage:.0f} %",
        "coverage": f"Coverage at an error of {100 * risk:.0f} %",
        "aurc": "AURC",
    }
    return pd.DataFrame(
        {"Model": model} | {title: _text(found[key]) for key, title in titles.items()}
        for model, found in curves.items()
    )


def of_scores(given, scaled):
    """Return calibration as trained, and scaled where there is a temperature.

    Parameters
    ----------
    given, scaled : dict of str to dict
        By model: of `operating.scores`.
    """
    titles = {
        "ece": "ECE, equal width",
        "ece_mass": "ECE, equal mass",
        "chance": "ECE by chance",
        "brier": "Brier",
        "nll": "NLL",
    }
    rows = []
    for model in given:
        for kind, found in (("as trained", given), ("scaled", scaled)):
            if model not in found:
                continue
            values = found[model]
            row = {"Model": model, "Probabilities": kind}
            row |= {title: _text(values[key]) for key, title in titles.items()}
            change = _text(values["nll_change"], signed=True) if found is scaled else "–"
            over = _text(values["over"], signed=True)
            rows.append(row | {"Change of NLL": change, "Confidence − accuracy": over})
    return pd.DataFrame(rows)


def of_melanoma(found):
    """Return what thresholds of the melanoma probability reach.

    Parameters
    ----------
    found : dict of str to list of dict
        By model: of `operating.melanoma`.
    """
    titles = {
        "threshold": "Threshold",
        "specificity": "Specificity reached",
        "sensitivity": "Sensitivity",
        "by_curve": "Sensitivity read off the test ROC",
    }
    return pd.DataFrame(
        {"Model": model, "Specificity aimed at": f"{100 * row['aim']:.0f} %"}
        | {title: _text(row[key]) for key, title in titles.items()}
        for model, rows in found.items()
        for row in rows
    )
