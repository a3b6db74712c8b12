"""Two checks that other works make: of Grad-CAM under random weights, and of isolation forests."""

import itertools

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score, roc_curve

from skinlib.common import paths
from skinlib.common.files import write_json
from skinlib.models.backbones import canonical_names, get_backbone
from skinlib.models.classifier import build_classifier
from skinlib.models.gradcam import gradcam
from skinlib.predict import ood, ood_images
from skinlib.predict.measure import prepare
from skinlib.predict.model import load_run
from skinlib.predict.requests import NOTHING, table

FILE = "explanation-checks.json"


def agreement(one, other):
    """Return the mean rank correlation of the maps of the same photographs, (n, h, w) each."""
    pairs = zip(*(maps.reshape(len(maps), -1) for maps in (one, other)), strict=True)
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
    """Return how Grad-CAM of finished runs, with weights, changes with random weights and seeds.

    Mean rank correlations over the test photographs with the maps of the trained network, by part
    that is random, and ``another seed``: over those in the test sets of two runs.
    """
    maps, found = [], []
    for run in runs:
        classifier = load_run(run.folder)
        part = prepare(classifier, data, progress=False).parts["test"]
        trained = gradcam(classifier.model, part)[0]["gradcam"]
        maps.append(pd.Series(list(trained), run.predictions("test")["image_id"]))
        changed = randomised(classifier.model, classifier.recipe, run.record)
        found.append({k: agreement(trained, gradcam(m, part)[0]["gradcam"]) for k, m in changed})
    seeds = []
    for one, other in itertools.combinations(maps, 2):
        both = one.index.intersection(other.index)
        seeds.append(agreement(*(np.stack(each[both].to_list()) for each in (one, other))))
    means = pd.DataFrame(found).mean().to_dict()
    return means | ({"another seed": float(np.mean(seeds))} if seeds else {})


def detectors(train, validation, test, unlike, seed=0):
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
        forest = IsolationForest(random_state=seed).fit(inputs[0])
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
    prepared = prepare(classifier, data, progress=False)
    size, sets = run.record["input_size"], {}
    for name, part in prepared.parts.items():
        sets[name] = _features(classifier, part.pixels[part.rows], prepared.tables[name])
    part = prepared.parts["test"]
    kinds = ood_images.kinds(size, part.pixels[part.rows[: ood_images.COUNT]])
    known = [sets[name] for name in ("train", "validation", "test")]
    nothing = table([NOTHING] * ood_images.COUNT)
    return {
        kind: detectors(*known, _features(classifier, pictures, nothing.iloc[: len(pictures)]))
        for kind, pictures in kinds.items()
    }


def measure(runs, data=None):
    """Write `explanations` of runs and `unlike` of the first into `FILE`; return its path."""
    path = paths.RESULTS / FILE
    found = {"runs": [run.name for run in runs], "gradcam": explanations(runs, data)}
    write_json(path, {**found, "unlike": unlike(runs[0], data)})
    return path


def _features(classifier, pictures, facts):
    found = classifier.classify(pictures, facts, views="one")
    return found.colours, found.features
