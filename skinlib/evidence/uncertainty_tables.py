"""Tables of the page on uncertainty; no file access."""

import pandas as pd

from skinlib.evidence.uncertainty_words import percent
from skinlib.tables import number

ONE_MODEL = "one model only"


def chance(p):
    """Format a p value."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def of_tests(tests):
    if tests.empty:
        return pd.DataFrame({"First": [ONE_MODEL]})
    frame = tests[["first", "second", "only_first", "only_second"]].copy()
    frame.columns = ["First", "Second", "Only the first right", "Only the second right"]
    for unit in ("image", "lesion"):
        frame[f"p by {unit}"] = tests[f"p_{unit}"].map(chance)
        frame[f"by {unit}, Holm"] = tests[f"holm_{unit}"].map(chance)
    return frame


def of_differences(gaps):
    if gaps.empty:
        return pd.DataFrame({"First": [ONE_MODEL]})
    rows = {}
    for row in gaps.itertuples():
        pair = rows.setdefault((row.first, row.second), {"First": row.first, "Second": row.second})
        pair[row.metric[0].upper() + row.metric[1:]] = row.difference.text(signed=True)
    return pd.DataFrame(rows.values())


def of_selective(waived, models, coverage, risk):
    """Return what a threshold of confidence from the validation part does, and the test's own."""
    names = {
        "error": "Error, all answered",
        "confidence": "Least confidence (validation)",
        "answered": "Answered",
        "risk": "Error among them",
        "surest": f"Read off the test part: error, surest {percent(coverage, 0)}",
        "coverage": f"Read off the test part: coverage at an error of {percent(risk, 0)}",
        "aurc": "AURC",
    }
    return pd.DataFrame(
        {
            "Model": title,
            **{
                heading: values[name].text() if name in values else number(None)
                for name, heading in names.items()
            },
            names["confidence"]: number(models[title].confidence),
        }
        for title, values in waived.items()
    )


def of_melanoma(rows):
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


def of_scores(scores):
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
