"""Tables of the book as DataFrames of strings; no file access of their own."""

import dataclasses
import functools

import numpy as np
import pandas as pd

from skinlib import metrics, paper
from skinlib.classes import CLASSES, LONG_NAMES
from skinlib.recipes import PAPER
from skinlib.statistics import cluster_bootstrap

NOT_RUN = "not run"
NOT_PRINTED = "–"

# The metrics shown first, and what the paper calls them.
HEADLINE = {
    "accuracy": "accuracy",
    "mean_recall": "mean recall",
    "macro_precision": "macro precision",
    "macro_f1": "macro F1",
    "auc_macro": "AUC, macro",
    "auc_weighted": "AUC, weighted",
    "auc_micro": "AUC, micro",
    "ovr_balanced_accuracy": "one-vs-rest balanced accuracy",
}

DRAWS = 500


def number(value, digits=3):
    """Format a number, or the sign for "not printed" when there is none."""
    missing = value is None or (isinstance(value, float) and np.isnan(value))
    return NOT_PRINTED if missing else f"{value:.{digits}f}"


def as_written(value):
    """Format a transcribed number with the digits its source has, two at least."""
    if value is None:
        return NOT_PRINTED
    text = f"{value:.4f}".rstrip("0")
    whole, _, digits = text.partition(".")
    return f"{whole}.{digits:0<2}"


@functools.cache
def _intervals(run, part, metric=None):
    """Return ``{metric: (low, high)}``; of accuracy alone, which is quick, or of all at once."""
    labels, probabilities, lesions = run.arrays(part)
    names = [metric] if metric else list(HEADLINE)

    def statistic(y, p):
        # A draw may miss a rare class; its means are then over the classes there are.
        if metric == "accuracy":
            return [float(np.mean(p.argmax(axis=1) == y))]
        found = metrics.summary(y, p)
        return [found[name] for name in names]

    low, high = cluster_bootstrap(statistic, labels, probabilities, lesions, draws=DRAWS)
    return dict(zip(names, zip(low.tolist(), high.tolist(), strict=True), strict=True))


class Measured:
    """Metrics of a finished run, with intervals, computed from its predictions."""

    def __init__(self, run, part="test"):
        labels, probabilities, _ = run.arrays(part)
        self.run, self.part = run, part
        self.images = len(labels)
        self.summary = metrics.summary(labels, probabilities)
        self.classes = metrics.per_class(labels, probabilities)

    def bounds(self, metric):
        """Return the value and its 95 % interval, ``(value, (low, high))``."""
        alone = metric if metric == "accuracy" else None
        return self.summary[metric], _intervals(_Key(self.run), self.part, alone)[metric]

    def with_interval(self, metric):
        """Return ``0.753 [0.725, 0.781]``: the value and its 95 % lesion-bootstrap interval."""
        value, (low, high) = self.bounds(metric)
        return f"{value:.3f} [{low:.3f}, {high:.3f}]"


class _Key:
    """A run that hashes by its identity, so that intervals are computed once."""

    def __init__(self, run):
        self.arrays = run.arrays
        self.identity = (str(run.folder), run.record["identity"])

    def __hash__(self):
        return hash(self.identity)

    def __eq__(self, other):
        return self.identity == other.identity


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


def study(study_, *, intervals=False):
    """Every run of a study: what it was and what it reached on its test part.

    Parameters
    ----------
    study_ : skinlib.studies.Study
    intervals : bool
        Of mean recall and AUC too, which takes seconds a run.
    """
    rows = []
    for spec in study_.specs:
        run = study_.runs()[spec.name]
        row = {
            "Backbone": spec.backbone,
            "Recipe": spec.recipe,
            "Input (px)": spec.size,
            "Seed": spec.seed,
        }
        if run is None or not run.finished:
            status = run.record["status"] if run else NOT_RUN
            row |= dict.fromkeys(("Epochs (best)", "Test images"), NOT_PRINTED)
            row |= {"Accuracy": status, "Mean recall": NOT_PRINTED, "AUC, macro": NOT_PRINTED}
            row |= {"s/epoch": NOT_PRINTED}
        else:
            measured = Measured(run)
            record = run.record

            def shown(metric, measured=measured):
                if intervals:
                    return measured.with_interval(metric)
                return number(measured.summary[metric])

            row |= {
                "Epochs (best)": f"{record['epochs']} ({record['best_epoch']})",
                "Test images": measured.images,
                "Accuracy": measured.with_interval("accuracy"),
                "Mean recall": shown("mean_recall"),
                "AUC, macro": shown("auc_macro"),
                "s/epoch": number(record["seconds_per_epoch"], 0),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def three_columns(backbone, runs_by_title):
    """The paper's row of a backbone, the log behind it, and what we measured.

    Parameters
    ----------
    backbone : str
    runs_by_title : dict of str to (Run or None)
        Column title to run.
    """
    measured = {
        title: Measured(run) if run and run.finished else None
        for title, run in runs_by_title.items()
    }
    rows = []
    theirs = _theirs(backbone)
    for metric, label in HEADLINE.items():
        printed, logged = theirs.get(metric, (None, None))
        row = {"Metric": label, "Paper": as_written(printed), "Logged": as_written(logged)}
        for title, found in measured.items():
            row[title] = found.with_interval(metric) if found else NOT_RUN
        rows.append(row)
    counts = {"Metric": "images evaluated on", "Paper": NOT_PRINTED}
    counts["Logged"] = str(paper.logged_run(f"{backbone} MD").test_images)
    for title, found in measured.items():
        counts[title] = str(found.images) if found else NOT_RUN
    return pd.DataFrame([*rows, counts])


def _theirs(backbone):
    """Return ``{metric: (printed, logged)}`` of a mobile model of the metadata arm."""
    run, tables_ = paper.logged_run(f"{backbone} MD"), paper.printed()
    indicators = tables_["A5"]
    return {
        "accuracy": (tables_["5"].value(backbone, "MD"), run.accuracy),
        "mean_recall": (indicators.value(backbone, "sensitivity"), run.macro["recall"]),
        "macro_precision": (indicators.value(backbone, "precision"), run.macro["precision"]),
        "macro_f1": (indicators.value(backbone, "f1"), run.macro["f1"]),
        # The paper prints one AUC and does not say of which kind.
        "auc_macro": (tables_["7"].value(backbone, "MD"), run.auc["macro"]),
        "auc_weighted": (None, run.auc["weighted"]),
        "auc_micro": (None, run.auc["micro"]),
        "ovr_balanced_accuracy": (indicators.value(backbone, "balanced_accuracy"), None),
    }


def per_class(run, part="test"):
    """One-vs-rest metrics of each class of a run."""
    classes = Measured(run, part).classes
    frame = pd.DataFrame({"Class": [f"{name} – {LONG_NAMES[name]}" for name in CLASSES]})
    frame["Images"] = classes["images"]
    for key in ("sensitivity", "specificity", "precision", "f1", "auc"):
        title = {"f1": "F1", "auc": "AUC"}.get(key, key.capitalize())
        frame[title] = [number(value) for value in classes[key]]
    return frame


def provenance(study_):
    """Where the numbers of a study come from: one row a run."""
    rows = []
    for run in study_.finished():
        record = run.record
        weights = record["weights"]
        rows.append(
            {
                "Run": run.name,
                "Identity": record["identity"],
                "Data": f"{record['data']['name']} ({record['data']['fingerprint']})",
                "Split": f"{record['split']['unit']} ({record['split']['hash']})",
                "Weights": f"{weights['source']} {weights.get('sha256', '')[:12]}".strip(),
                "Device": record["device"],
                "Keras / backend": f"{record['versions']['keras']} / "
                f"{record['versions']['backend']}",
                "Finished": record["finished"],
            }
        )
    columns = ["Run", "Identity", "Data", "Split", "Weights", "Device", "Keras / backend",
               "Finished"]  # fmt: skip
    if not rows:
        rows.append(dict.fromkeys(columns, NOT_PRINTED) | {"Run": NOT_RUN})
    return pd.DataFrame(rows, columns=columns)
