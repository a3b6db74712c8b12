"""Scores of a run with intervals, and small tables of them for a terminal and the notebooks."""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.experiments import headline
from skinlib.experiments.recipes import PAPER
from skinlib.stats import scores

NOT_PRINTED = "–"


def number(value, digits=3):
    """Format a number, or the sign for "not printed" when there is none."""
    missing = value is None or (isinstance(value, float) and np.isnan(value))
    return NOT_PRINTED if missing else f"{value:.{digits}f}"


class Measured:
    """Metrics of a finished run, with intervals, computed from its predictions."""

    def __init__(self, run, part="test"):
        labels, probabilities, _ = run.arrays(part)
        self.run, self.part = run, part
        self.images = len(labels)
        self.summary = scores.summary(labels, probabilities)
        self.classes = scores.per_class(labels, probabilities)

    def with_interval(self, metric):
        """Return ``0.753 [0.725, 0.781]``: the value and its 95 % lesion-bootstrap interval."""
        return headline.estimates(self.run, self.part)[metric].text()


def backbones(described):
    """Table of backbones: tap and parameters, computed beside logged.

    Parameters
    ----------
    described : list of dict
        From `skinlib.models.classifier.describe`, recipe md-as-logged.
    """
    rows = []
    for entry in described:
        logged = entry["logged_parameters"]
        agree = NOT_PRINTED if logged is None else str(entry["parameters"] - logged)
        rows.append(
            {
                "Backbone": entry["backbone"],
                "Input (px)": entry["input_size"],
                "Tapped layer": entry["tap_layer"],
                "Tap (h × w × c)": " × ".join(map(str, entry["tap_shape"])),
                "Parameters, ours": f"{entry['parameters']:,}",
                "Parameters, logged − 3": NOT_PRINTED if logged is None else f"{logged:,}",
                "Difference": agree,
            }
        )
    return pd.DataFrame(rows)


def recipes():
    """Table of recipes: one row for every field on which they differ."""
    names = [recipe.name for recipe in PAPER]
    fields = [field.name for field in dataclasses.fields(PAPER[0])]
    rows = []
    for field in fields[1:]:
        values = [recipe.to_json()[field] for recipe in PAPER]
        if any(value != values[0] for value in values):
            rows.append({"Field": field, **dict(zip(names, map(_short, values), strict=True))})
    return pd.DataFrame(rows)


def _short(value):
    if isinstance(value, dict):
        return "on"
    if isinstance(value, tuple | list):
        return ", ".join(f"{item:g}" for item in value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return {True: "yes", False: "no", None: "none"}.get(value, str(value))


def per_class(run, part="test"):
    """One-vs-rest metrics of each class of a run."""
    classes = Measured(run, part).classes
    frame = pd.DataFrame({"Class": [f"{name} – {LONG_NAMES[name]}" for name in CLASSES]})
    frame["Images"] = classes["images"]
    for key in ("sensitivity", "specificity", "precision", "f1", "auc"):
        title = {"f1": "F1", "auc": "AUC"}.get(key, key.capitalize())
        frame[title] = [number(value) for value in classes[key]]
    return frame
