"""A run's test photographs under other conditions: fewer views, and facts withheld.

`measure` writes two files beside a finished run, as long as its weights are there:
``conditions.csv``, the probabilities of its test set under each of `CONDITIONS`, and
``conditions.json``, where they come from, with the limits of the likeness to the training set.
A released model that is trained on all photographs gets its rule from those of the folds.
"""

import dataclasses
import json
import shlex

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import write_csv, write_json
from skinlib.experiments import folds
from skinlib.predict import abstention, ood
from skinlib.predict.runs import load_run, prepare
from skinlib.stats import bootstrap, points, scores

PROBABILITIES, SOURCE = "conditions.csv", "conditions.json"
# The central square: in its eight turns and mirror images, and once.
TURNS, ONE_VIEW = "turns", "one view"
# In eight turns, with facts withheld: what stands in the columns of the metadata then.
AGE, SEX, SITE = {"age": np.nan}, {"sex": "unknown"}, {"localization": "unknown"}
WITHHELD = {
    "without age": AGE,
    "without sex": SEX,
    "without site": SITE,
    "without facts": AGE | SEX | SITE,
}
CONDITIONS = (TURNS, ONE_VIEW, *WITHHELD)
# Scores, and how `model.json` calls them; what else it has by condition.
SCORES = {"accuracy": "accuracy", "mean recall": "mean_recall"}
SHARES = ("coverage", "risk", "sensitivity", "specificity")


def measure(run, data=None, *, progress=True):
    """Write the two files of a run, and return what `read` returns.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
        Finished, with its weights, of a recipe with metadata.
    data : str or pathlib.Path, optional
        See `skinlib.data.ham10000.locate`.
    progress : bool

    Raises
    ------
    DataError
        The run has no weights, or its recipe takes no facts.
    IntegrityError
        The data or the split are not those of the run.
    """
    classifier = load_run(run.folder)
    if not classifier.recipe.metadata:
        msg = f"run '{run.folder}' takes no facts to withhold; expected a recipe with metadata"
        raise DataError(msg)
    prepared = prepare(classifier, data, progress=progress)
    pictures = {name: part.pixels[part.rows] for name, part in prepared.parts.items()}
    facts, frames = prepared.tables["test"], []
    for condition in CONDITIONS:
        found = classifier.classify(
            pictures["test"],
            facts.assign(**WITHHELD.get(condition, {})),
            views="one" if condition == ONE_VIEW else "d4",
            progress=progress and condition,
        )
        frame = pd.DataFrame(found.probabilities, columns=list(CLASSES))
        frames.append(frame.assign(image_id=facts["image_id"].to_numpy(), condition=condition))
    frame = pd.concat(frames)[["image_id", "condition", *CLASSES]]
    write_csv(run.folder / PROBABILITIES, frame, float_format="%.4g")
    # Of the test set in the place of a validation set.
    seen = (classifier.features(pictures[name]) for name in ("train", "test"))
    source = {
        "identity": run.record["identity"],
        "weights_sha256": run.record["weights_sha256"],
        "limits": dict(zip(ood.PARTS, ood.Detector.fit(*seen).limits.tolist(), strict=True)),
        "percentile": ood.PERCENTILE,
    }
    write_json(run.folder / SOURCE, source)
    return read(run)


@dataclasses.dataclass(frozen=True)
class Conditions:
    """What `measure` found.

    Attributes
    ----------
    probabilities : dict of str to numpy.ndarray
        By condition, in the order of the run's test predictions, (n, 7).
    limits : dict of str to float
        By part of `skinlib.predict.ood`.
    """

    probabilities: dict
    limits: dict


def read(run):
    """Return the `Conditions` of a run.

    Raises
    ------
    DataError
        They were not measured.
    IntegrityError
        They are of other weights, or of other photographs.
    """
    command = f"python -m skinlib conditions {shlex.quote(str(run.folder))}"
    if not (run.folder / SOURCE).is_file() or not (run.folder / PROBABILITIES).is_file():
        msg = f"run '{run.folder}' lacks '{SOURCE}' or '{PROBABILITIES}'; measure them: {command}"
        raise DataError(msg)
    source = json.loads((run.folder / SOURCE).read_text(encoding="utf-8"))
    frame = pd.read_csv(run.folder / PROBABILITIES, dtype={"image_id": str, "condition": str})
    names = run.predictions("test")["image_id"]
    found = dict(iter(frame.groupby("condition", sort=False)))
    same = source["weights_sha256"] == run.record["weights_sha256"] and set(found) == {*CONDITIONS}
    if not same or any(list(rows["image_id"]) != list(names) for rows in found.values()):
        msg = f"'{run.folder / PROBABILITIES}' is of another training; measure it anew: {command}"
        raise IntegrityError(msg)
    values = {each: found[each][list(CLASSES)].to_numpy(float) for each in CONDITIONS}
    return Conditions(values, source["limits"])


def together(runs):
    """Return what `skinlib.experiments.folds.together` does of runs, and their `Conditions`.

    The probabilities are in the order of the former, the limits are means over the runs.
    """
    joined, found = folds.together(runs), [read(run) for run in runs]
    names = np.concatenate([run.predictions("test")["image_id"] for run in runs])
    # Both in ascending order.
    order = np.argsort(names)
    values = {
        condition: np.concatenate([each.probabilities[condition] for each in found])[order]
        for condition in CONDITIONS
    }
    limits = {part: float(np.mean([each.limits[part] for each in found])) for part in ood.PARTS}
    return joined, Conditions(values, limits)


def compare(answers, labels, lesions):
    """Return scores, coverage, risk and what is flagged by condition, for ``model.json``.

    All are at the operating point *as the data*. Differences to ``given`` are of the same resamples
    of lesions.

    Parameters
    ----------
    answers : dict of str to skinlib.predict.abstention.Answers
        By condition, ``given`` first.
    labels, lesions : numpy.ndarray
        Shape (n,).
    """
    weights = bootstrap.cluster_weights(lesions)
    found, columns = {}, {}
    for condition, each in answers.items():
        measured = abstention.measure(each, labels, lesions)
        measured |= measured["points"][points.AS_DATA]
        found[condition] = {name: measured[name] for name in (*SCORES.values(), *SHARES)}
        columns[condition] = scores.scores(weights, labels, each.probabilities, SCORES).T
        if condition != "given":
            changes = columns[condition] - columns["given"]
            found[condition]["difference"] = {
                name: bootstrap.estimate(change).to_json()
                for name, change in zip(SCORES.values(), changes, strict=True)
            }
    return found
