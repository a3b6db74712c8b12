"""The runs that were asked about the official test, their scores, and which is our model."""

import functools

import pandas as pd

from skinlib.experiments import external
from skinlib.experiments import run as runs
from skinlib.experiments.study import load_study, study_names
from skinlib.stats import bootstrap
from skinlib.stats import scores as scored

RECALL = scored.SCORES.index("mean recall")
BEST, CANDIDATE = "best", "candidate"


def all_asked():
    """Return the finished runs that answered the official test, best mean recall first."""
    found = [
        run
        for name in study_names()
        for run in load_study(name).finished()
        if run.record.get("external")
    ]
    return sorted(found, key=lambda run: -estimates(run)[RECALL].value)


def estimates(run, part=external.PART):
    """Return the scores of a run with their intervals, which several tables and figures show."""
    return _measured(run.folder, part)


@functools.cache
def _measured(folder, part):
    labels, probabilities, lesions = runs.read_run(folder).arrays(part)
    weights = bootstrap.cluster_weights(lesions)
    values = scored.scores(weights, labels, probabilities)
    return [bootstrap.estimate(column) for column in values.T]


def title(run):
    """Return what a run is called beside others: recipe, size, seed."""
    return f"{run.title}, seed {run.record['seed']}"


def one_seed():
    """Return one run of each kind that answered the official test, the lowest seed, by title."""
    found = all_asked()
    seeds = {}
    for run in found:
        seeds.setdefault(run.title, []).append(run.record["seed"])
    return {title(run): run for run in found if run.record["seed"] == min(seeds[run.title])}


def ours_first(by_title):
    """Return the same runs, the model of ours before the others."""
    return dict(sorted(by_title.items(), key=lambda item: item[1].record["study"] != BEST))


def of_best(variant):
    """Return the specs of the study `best` and their runs: its candidates, or the others."""
    study = load_study(BEST)
    found = study.runs()
    return [
        (spec, found[spec.name])
        for spec in study.specs
        if bool(spec.variant and spec.variant.startswith(CANDIDATE)) == (variant == CANDIDATE)
    ]


def finished_best():
    """Return the finished final runs of the study `best`, by title.

    The one of the highest mean recall on its validation part comes first: it is *our model*
    wherever one is meant.
    """
    found = [run for _, run in of_best(None) if run and run.finished]
    found.sort(key=lambda run: -estimates(run, "validation")[RECALL].value)
    return {title(run): run for run in found}


def candidates():
    """Return the finished candidates for the loss of our model, scored on the validation set."""
    rows = []
    for spec, run in of_best(CANDIDATE):
        if run and run.finished:
            accuracy, recall, _, auc = estimates(run, "validation")
            rate = f"{spec.resolve().learning_rate:g}"
            rows.append([spec.levels["loss"], rate, recall, accuracy, auc])
    columns = ["Loss", "Learning rate", "Mean recall", "Accuracy", "AUC, macro"]
    return pd.DataFrame(rows, columns=columns)
