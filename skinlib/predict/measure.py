"""What a released model is worth, for ``model.json``: its rule, and what the rule does."""

import os

import numpy as np
import pandas as pd

from skinlib.common.errors import DataError, IntegrityError
from skinlib.data import ham10000
from skinlib.data import prepare as preparing
from skinlib.experiments import external
from skinlib.predict import abstention, ood, ood_images
from skinlib.predict.requests import NOTHING, complete, table
from skinlib.stats import bootstrap, scores

# Rounding to float16 does not change a probability by more.
LARGEST_CHANGE = 0.2
# How `model.json` calls what the rule says.
STATUS = {
    "unlike": abstention.UNLIKE,
    "unsure": abstention.UNSURE,
    "answered": abstention.ANSWERED,
}


def require_data(record, dataset):
    """Refuse a data set that a run, or the run of a released model, was not trained on."""
    wanted = record["data"]
    if dataset.fingerprint != wanted["fingerprint"]:
        msg = (
            f"'{record['study']}/{record['run']}' was trained on the data {wanted['name']} "
            f"({wanted['fingerprint']}), this is {dataset.name} ({dataset.fingerprint}) in "
            f"'{dataset.folder}'; set SKINLIB_DATA or --data to the folder of the former"
        )
        raise IntegrityError(msg)


def prepare(classifier, data=None, *, progress=True):
    """Prepare the data that a run or a released model was trained on, and refuse any other."""
    record = classifier.record
    # A released model has of its run what run.json has.
    made = record["run"] if isinstance(record["run"], dict) else record
    dataset = data if isinstance(data, ham10000.Dataset) else ham10000.load(data, decode=False)
    # Before minutes are spent on decoding.
    require_data(made, dataset)
    prepared = preparing.prepare(
        classifier.recipe, dataset, record["input_size"], record["seed"], progress=progress
    )
    if prepared.split.hash != made["split"]["hash"]:
        msg = (
            f"'{made['study']}/{made['run']}' was trained on the split {made['split']['hash']} of "
            f"{dataset.name}, drawn here it is {prepared.split.hash}; another version of skinlib "
            "or scikit-learn drew it, so install the versions of requirements.lock"
        )
        raise IntegrityError(msg)
    return prepared


def measure(run, classifier, prepared, *, risk=abstention.RISK, progress=True):
    """Fit the rule of a release, and measure what it does, as ``model.json`` says it.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    classifier : skinlib.predict.model.Classifier
        With the weights to be released; its ``detector`` and its ``rule`` are set.
    prepared : skinlib.data.prepare.Prepared
    risk : float
        See `skinlib.predict.abstention.fit`.
    """
    takes_facts = classifier.recipe.metadata

    def classify(part, facts=None, views=None):
        chosen, facts = prepared.parts[part], prepared.tables[part] if facts is None else facts
        pictures = chosen.pixels[chosen.rows]
        return classifier.classify(pictures, facts, views=views, progress=progress and part)

    train = classify("train", views="one")
    found = {part: classify(part) for part in ("validation", "test")}
    classifier.detector = ood.Detector.fit(
        (train.colours, train.features), (found["validation"].colours, found["validation"].features)
    )
    distances = {
        part: classifier.detector.distance(each.colours, each.features)
        for part, each in found.items()
    }
    known = {part: complete(prepared.tables[part]) if takes_facts else True for part in found}
    nothing = {part: table([NOTHING] * len(prepared.tables[part])) for part in found if takes_facts}
    blind = {part: classify(part, facts).probabilities for part, facts in nothing.items()}
    labels, probabilities, _ = run.arrays("validation")
    rule = classifier.rule = abstention.fit(
        labels, probabilities, blind=blind.get("validation"), risk=risk,
        distance=abstention.FARTHEST,
    )  # fmt: skip
    if official := _official(run, classifier, prepared.dataset.folder, progress):
        distances[external.PART], facts = official
        known[external.PART] = facts if takes_facts else True
    measured = {
        part: abstention.measure(rule, *run.arrays(part), distances[part], known[part])
        for part in distances
    }
    without = None
    if takes_facts:
        given = found["test"].probabilities, known["test"]
        without = without_facts(rule, run, given, (blind["test"], False), distances["test"])
    return {
        "temperature": rule.temperature,
        "abstention": {
            "confidence": rule.confidence,
            "confidence_without": rule.confidence_without,
            "distance": rule.distance,
            "risk": risk,
            "percentile": ood.PERCENTILE,
            "limits": dict(zip(ood.PARTS, classifier.detector.limits.tolist(), strict=True)),
            "chosen_on": {"part": "validation", **measured.pop("validation")},
            "measured": measured,
        },
        "float16": {
            part: _rounding(run, part, prepared.tables[part]["image_id"], each.probabilities)
            for part, each in found.items()
        },
        "without_facts": without,
        "foreign": _ood_images(classifier, prepared.parts["test"], progress),
    }


def _official(run, classifier, folder, progress):
    """Return distances of the official images, and whether their facts are all known, or None."""
    known = run.record.get("external")
    try:
        dataset = known and external.load(os.environ.get("SKINLIB_TEST") or folder)
    except DataError:
        return None
    if not known or dataset.fingerprint != known["fingerprint"]:
        return None
    places = pd.Index(dataset.table["image_id"])
    rows = places.get_indexer(run.predictions(external.PART)["image_id"])
    images, facts = classifier.cached(dataset, progress)[rows], dataset.table.iloc[rows]
    title = progress and external.PART
    found = classifier.classify(images, facts, views="one", progress=title)
    return found.distances, complete(facts)


def _rounding(run, part, names, rounded):
    """Return what float16 changes against the predictions of the run, for images by name."""
    if list(run.predictions(part)["image_id"]) != list(names):
        msg = f"the {part} part of '{run.folder}' has other images than its split; train it again"
        raise IntegrityError(msg)
    labels, exact, _ = run.arrays(part)
    change = np.abs(rounded - exact)
    if change.max() > LARGEST_CHANGE:
        image = names.iloc[int(change.max(axis=1).argmax())]
        msg = (
            f"the weights of '{run.folder}' do not give its predictions: {image} differs by "
            f"{change.max():.3f}; train the run again"
        )
        raise IntegrityError(msg)
    weights = np.ones((1, len(labels)))
    before, after = (scores.scores(weights, labels, each)[0] for each in (exact, rounded))
    return {
        "images": len(labels),
        "largest_change": float(change.max()),
        "answers_changed": int((exact.argmax(axis=1) != rounded.argmax(axis=1)).sum()),
        "accuracy_change": float(after[0] - before[0]),
        "mean_recall_change": float(after[1] - before[1]),
    }


def without_facts(rule, run, given, none, distances):
    """Return accuracy, mean recall, coverage and risk with and without age, sex and site.

    `given` and `none`: probabilities (n, 7) of the test set, and of which rows all facts are known.
    Differences are of the same resamples of lesions.
    """
    labels, _, lesions = run.arrays("test")
    weights = bootstrap.cluster_weights(lesions)
    found, columns = {}, {}
    for key, (probabilities, known) in {"given": given, "none": none}.items():
        values = scores.scores(weights, labels, probabilities).T
        columns[key] = {"accuracy": values[0], "mean_recall": values[1]}
        ruled = abstention.measure(rule, labels, probabilities, lesions, distances, known)
        found[key] = {
            **{name: bootstrap.estimate(each).to_json() for name, each in columns[key].items()},
            **{name: ruled[name] for name in ("coverage", "risk")},
        }
    found["difference"] = {
        name: bootstrap.estimate(columns["none"][name] - each).to_json()
        for name, each in columns["given"].items()
    }
    return found


def _ood_images(classifier, part, progress):
    """Return what the rule does with pictures that are not photographs of lesions."""
    some, size = part.pixels[part.rows[: ood_images.COUNT]], classifier.record["input_size"]
    found = []
    for kind, pictures in ood_images.kinds(size, some).items():
        facts = table([NOTHING] * len(pictures))
        status = classifier.classify(pictures, facts, progress=progress and kind).status
        counts = {key: int((status == word).sum()) for key, word in STATUS.items()}
        found.append({"kind": kind, "images": len(pictures), **counts})
    return found
