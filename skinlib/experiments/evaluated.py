"""Finished runs: what the book calls them, their scores with intervals, and which are our models.

Also how they change from their own test set to the official one (`skinlib.experiments.external`).
"""

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.experiments import external
from skinlib.experiments.study import load_study, study_names
from skinlib.stats import bootstrap, operating
from skinlib.stats.paired import unpaired_difference
from skinlib.stats.scores import SCORES, per_class, scores

RECIPES = {
    "best": "our first model",
    "folds": "our second recipe",
    "clean": "clean recipe",
    "clean-frozen": "clean recipe, frozen",
    "md-as-logged": "authors' recipe",
    "md-as-logged-frozen": "authors' recipe, frozen",
    "md-as-described": "recipe as described",
    "ad-as-logged": "authors' recipe without metadata",
    "ad-as-described": "recipe as described without metadata",
}
# Where nothing else is said, a model has this backbone.
BACKBONE = "MobileNetV2"
NBSP = "\u00a0"
BEST, CANDIDATE = "best", "candidate"
FOLDS, STUDY = "folds", "best-folds"
TITLES = [f"{LONG_NAMES[name]} ({name})" for name in CLASSES]
# What `estimates` has found, by run, time of its predictions, part and names.
_ESTIMATES = {}
# Scores of a class, by key of `skinlib.stats.scores.per_class`.
OF_A_CLASS = {
    "sensitivity": "Recall",
    "specificity": "Specificity",
    "precision": "Precision",
    "f1": "F1",
    "auc": "AUC",
}


def name(run):
    """Return the name of a run's model: ``clean recipe, frozen, 96 px`` for example.

    The backbone is in front where it is not MobileNetV2, and the recipe has its own name where it
    is not in `RECIPES`.
    """
    recipe, backbone = run.record["recipe"]["name"], run.record["backbone"]
    before = "" if backbone == BACKBONE else f"{backbone}, "
    return f"{before}{RECIPES.get(recipe, recipe)}, {run.record['input_size']}{NBSP}px"


def named(found):
    """Return runs by name, in their order; the seed is added where a name occurs twice."""
    names = [name(run) for run in found]
    return {
        one if names.count(one) == 1 else f"{one}, seed {run.record['seed']}": run
        for one, run in zip(names, found, strict=True)
    }


def estimates(run, part="test", names=SCORES):
    """Return scores of a run as `skinlib.stats.bootstrap.Estimate`, with intervals over lesions.

    By name, of `skinlib.stats.scores.LABELS`.
    """
    key = (run.folder, run.record["identity"], run.written(), part, tuple(names))
    if key not in _ESTIMATES:
        labels, probabilities, lesions = run.arrays(part)
        found = scores(bootstrap.cluster_weights(lesions), labels, probabilities, names)
        _ESTIMATES[key] = dict(zip(names, map(bootstrap.estimate, found.T), strict=True))
    return _ESTIMATES[key]


def recalls(run, part="test"):
    """Return the recall of each class of a run with its 95 % interval, in order of `CLASSES`."""
    labels, probabilities, lesions = run.arrays(part)
    weights = bootstrap.cluster_weights(lesions)
    found = bootstrap.recalls(weights, labels, probabilities.argmax(axis=1))
    return [bootstrap.estimate(column) for column in found.T]


def by_class(run, part="test"):
    """Return the table of the scores of each class of a run, each against all others."""
    found = per_class(*run.arrays(part)[:2])
    frame = pd.DataFrame({"Class": TITLES, "Images": found["images"]})
    for key, title in OF_A_CLASS.items():
        frame[title] = ["–" if np.isnan(value) else f"{value:.3f}" for value in found[key]]
    return frame


def change(run):
    """Return how accuracy and mean recall change from a run's own test set to the official one.

    The two sets share no lesion and are resampled independently; estimates by name.
    """
    names = SCORES[:2]
    effect = unpaired_difference([run.arrays("test")], [run.arrays(external.PART)], names)
    return {name: effect.estimate(index) for index, name in enumerate(names)}


def by_mix(run):
    """Return the accuracy on the official test that the mix of its classes alone would give.

    That is the recall of each class on the own test set, weighted by the class shares of the
    official test.
    """
    found = per_class(*run.arrays("test")[:2])["sensitivity"]
    counts = np.bincount(run.arrays(external.PART)[0], minlength=len(CLASSES))
    return float(np.nansum(found * counts) / counts[~np.isnan(found)].sum())


def class_recalls(models):
    """Return the recall of each class on the official test: images, and estimates for each run."""
    frame = pd.DataFrame({"Class": TITLES})
    for name, run in models.items():
        frame["Images"] = np.bincount(run.arrays(external.PART)[0], minlength=len(CLASSES))
        frame[name] = recalls(run, external.PART)
    return frame


def abstention(models):
    """Fix operating points on the validation sets of models, and measure the least confidences.

    Models, by name, without a validation set are left out.

    Returns
    -------
    fixed : dict of str to skinlib.stats.operating.Fixed
    own, official : dict of str to dict
        Of `skinlib.stats.operating.abstention`, on the own test set and on the official one.
    """
    fixed = {
        name: operating.fix(*run.arrays("validation")[:2])
        for name, run in models.items()
        if "validation" in set(run.predictions()["part"])
    }
    own, official = (
        {
            name: operating.abstention(*models[name].arrays(part), each.confidence)
            for name, each in fixed.items()
            if each.confidence is not None
        }
        for part in ("test", external.PART)
    )
    return fixed, own, official


def on_official_test():
    """Return the finished runs that were evaluated on it, the best mean recall first.

    Runs of the recipe `folds` are left out, see `members`.
    """
    found = [
        run
        for study in map(load_study, study_names())
        for run in study.finished()
        if run.record.get("external") and run.record["recipe"]["name"] != FOLDS
    ]
    return sorted(found, key=lambda run: -estimates(run, external.PART)["mean recall"].value)


def models():
    """Return one run of each kind that was evaluated on the official test, by name.

    Of several seeds the lowest. Our models come first.
    """
    found = on_official_test()
    seeds = {}
    for run in found:
        seeds.setdefault(run.title, []).append(run.record["seed"])
    lowest = [run for run in found if run.record["seed"] == min(seeds[run.title])]
    return named(sorted(lowest, key=lambda run: run.record["study"] != BEST))


def members():
    """Return the finished runs of our second model, one a fold; none while a fold is missing."""
    study = load_study(STUDY)
    wanted = [spec for spec in study.specs if (spec.variant or "").startswith("fold-")]
    found = [run for spec, run in study.trained() if spec in wanted]
    return found if len(found) == len(wanted) else []


def finished_best():
    """Return the finished final runs of the study `best`.

    The one of the highest mean recall on its validation set comes first: it is *our first model*.
    """
    pairs = load_study(BEST).trained()
    found = [run for spec, run in pairs if not (spec.variant or "").startswith(CANDIDATE)]
    return sorted(found, key=lambda run: -estimates(run, "validation")["mean recall"].value)


def candidates():
    """Return the finished candidates for the loss of our first model, by validation scores."""
    rows = []
    for spec, run in load_study(BEST).trained():
        if (spec.variant or "").startswith(CANDIDATE):
            accuracy, recall, _, auc = estimates(run, "validation").values()
            rate = f"{spec.resolve().learning_rate:g}"
            rows.append([spec.levels["loss"], rate, recall, accuracy, auc])
    columns = ["Loss", "Learning rate", "Mean recall", "Accuracy", "AUC, macro"]
    return pd.DataFrame(rows, columns=columns)
