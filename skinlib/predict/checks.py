"""Checks that other works make: of explanations under random weights, of isolation forests."""

import itertools
import json

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score, roc_curve

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.common.files import write_json
from skinlib.models.backbones import canonical_names, get_backbone
from skinlib.models.classifier import build_classifier
from skinlib.models.gradcam import gradcam
from skinlib.predict import ood, ood_images, shapley
from skinlib.predict.runs import load_run, prepare

FILE = "explanation-checks.json"
# Photographs that Kernel SHAP explains.
COUNT = 24


def agreement(one, other):
    """Return the mean rank correlation of the maps of the same photographs, n of (h, w) each."""
    pairs = [tuple(map(np.ravel, pair)) for pair in zip(one, other, strict=True)]
    found = [stats.spearmanr(*pair).statistic for pair in pairs if all(map(np.ptp, pair))]
    return float(np.mean(found)) if found else float("nan")


def randomised(model, recipe, record):
    """Yield a name and the model with more and more random weights, from its end; it is changed.

    ``last layer``, then ``trained part`` (all above the frozen layer), then ``all layers``.
    """
    fresh = build_classifier(
        record["backbone"], recipe, size=record["input_size"], seed=record["seed"] + 1
    )
    pairs = list(zip(model.layers, fresh.layers, strict=True))
    frozen = canonical_names(model.layers)[get_backbone(record["backbone"]).frozen_layer]
    above = pairs[model.layers.index(frozen) + 1 :]
    for title, part in {
        "last layer": pairs[-1:],
        "trained part": above,
        "all layers": pairs,
    }.items():
        for layer, random in part:
            layer.set_weights(random.get_weights())
        yield title, model


def explanations(runs, data=None):
    """Return how maps of finished runs, with weights, change with random weights and seeds.

    Returns
    -------
    dict of str to dict
        By method mean rank correlations with the maps of the trained network: by part that is
        random, and ``another seed``, over the photographs in the test sets of two runs; None
        where no photograph has two maps that are not constant.
        Grad-CAM is of all test photographs, Kernel SHAP of `COUNT` that are in all test sets.
    """
    tests = [run.predictions("test") for run in runs]
    # For a network of two classes, photographs of these alone.
    known = [
        frame[frame["label"].isin(_classes(run))] for run, frame in zip(runs, tests, strict=True)
    ]
    shared = sorted(set.intersection(*(set(frame["image_id"]) for frame in known)))[:COUNT]
    if not shared:
        msg = f"no photograph is in the test sets of all {len(runs)} runs; name runs of one study"
        raise DataError(msg)
    found, trained = {}, []
    for run, frame, some in zip(runs, tests, known, strict=True):
        classifier = load_run(run.folder)
        part = prepare(classifier, data, progress=False).parts["test"]
        told = {"part": part, "ids": frame["image_id"], "known": some["image_id"], "shared": shared}
        trained.append(_maps(classifier.model, **told))
        for title, model in randomised(classifier.model, classifier.recipe, run.record):
            for method, now in _maps(model, **told).items():
                value = agreement(trained[-1][method], now)
                found.setdefault(method, {}).setdefault(title, []).append(value)
    for one, other in itertools.combinations(trained, 2):
        for method in one:
            both = one[method].index.intersection(other[method].index)
            value = agreement(one[method][both], other[method][both])
            found[method].setdefault("another seed", []).append(value)
    return {
        method: {title: _mean(values) for title, values in rows.items()}
        for method, rows in found.items()
    }


def _mean(values):
    """Return the mean of what is known; None where all maps were constant."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else None


def _maps(model, part, ids, known, shared):
    """Return maps of a test set by method and image id: of the `known`, or of the `shared` ones."""
    few = np.flatnonzero(ids.isin(shared))
    return {
        "Grad-CAM": pd.Series(list(gradcam(model, part)[0]["gradcam"]), ids)[known],
        "Kernel SHAP": pd.Series(list(shapley.maps(model, part, few)), ids.iloc[few]),
    }


def _classes(run):
    two = run.record["recipe"].get("sampling") == "melanoma_nevus"
    return ("mel", "nv") if two else CLASSES


def detectors(train, validation, test, unlike):
    """Return AUROC and false alarms at 95 % found, of our detector and of isolation forests.

    Each set is a pair: features of colours (n, 12) and of the network (n, C).

    Returns
    -------
    dict of str to dict
        By detector ``auroc`` of unlike pictures against the test set, and ``false_alarms``: the
        share of the test set that is called unlike where 95 % of the unlike pictures are.
    """
    ours = ood.Detector.fit(train, validation)
    scores = {"ours": [ours.distance(*each) for each in (test, unlike)]}
    for title, columns in {"forest": [1], "forest, with colours": [0, 1]}.items():
        inputs = [np.hstack([each[c] for c in columns]) for each in (train, test, unlike)]
        forest = IsolationForest(random_state=0).fit(inputs[0])
        scores[title] = [-forest.score_samples(each) for each in inputs[1:]]
    found = {}
    for title, (like, other) in scores.items():
        truth, values = np.repeat([0, 1], [len(like), len(other)]), np.concatenate([like, other])
        false, hit, _ = roc_curve(truth, values, drop_intermediate=False)
        alarms = float(false[np.argmax(hit >= 0.95)])
        found[title] = {"auroc": float(roc_auc_score(truth, values)), "false_alarms": alarms}
    return found


def unlike(run, data=None):
    """Return `detectors` of a finished run with weights, by kind of `ood_images.kinds`."""
    classifier = load_run(run.folder)
    parts = prepare(classifier, data, progress=False).parts
    pictures = {name: part.pixels[part.rows] for name, part in parts.items()}
    known = [classifier.features(pictures[name]) for name in ("train", "validation", "test")]
    kinds = ood_images.kinds(run.record["input_size"], pictures["test"][: ood_images.COUNT])
    return {
        kind: detectors(*known, classifier.features(pictures)) for kind, pictures in kinds.items()
    }


def measure(runs, data=None):
    """Write `explanations` and `unlike`, by the name of runs that differ in the seed alone.

    Other runs in the file stay. Returns the path of `FILE`.
    """
    path, groups = paths.RESULTS / FILE, {}
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for run in runs:
        groups.setdefault(run.name.rpartition("-s")[0], []).append(run)
    for name, group in groups.items():
        found[name] = {
            "seeds": [run.record["seed"] for run in group],
            "maps": explanations(group, data),
            "unlike": unlike(group[0], data),
        }
    write_json(path, found)
    return path
