"""What ``model.json`` says a released model is worth, measured with the weights it is made of."""

import os

import numpy as np
import pandas as pd
from tqdm import tqdm

from skinlib.common.errors import DataError, IntegrityError
from skinlib.data import ham10000, pixels
from skinlib.data import prepare as preparing
from skinlib.experiments import external
from skinlib.predict import abstention, cases
from skinlib.predict import ood as likeness
from skinlib.predict import ood_images as foreign
from skinlib.stats import bootstrap, calibration, scores

BATCH = 64
# Kernels of float16 have eleven digits in base two; more than this is no rounding.
LARGEST_CHANGE = 0.2
# Scores told with and without the facts about the patient.
COMPARED = ("accuracy", "mean recall")
UNKNOWN = {"age": np.nan, "sex": "unknown", "localization": "unknown"}


def prepare(classifier, data=None, *, progress=True):
    """Prepare the data that a run or a released model was trained on, and refuse any other.

    Returns
    -------
    skinlib.data.prepare.Prepared
    """
    record = classifier.record
    # A released model says of its run what the run says of itself.
    made = record["run"] if isinstance(record["run"], dict) else record
    name, wanted = f"{made['study']}/{made['run']}", made["data"]
    dataset = data if isinstance(data, ham10000.Dataset) else ham10000.load(data, decode=False)
    # Before minutes are spent on decoding.
    if dataset.fingerprint != wanted["fingerprint"]:
        msg = (
            f"'{name}' was trained on the data {wanted['name']} ({wanted['fingerprint']}), this is "
            f"{dataset.name} ({dataset.fingerprint}) in '{dataset.folder}'; set SKINLIB_DATA or "
            "--data to the folder of the former"
        )
        raise IntegrityError(msg)
    prepared = preparing.prepare(
        classifier.recipe, dataset, record["input_size"], record["seed"], progress=progress
    )
    if prepared.split.hash != made["split"]["hash"]:
        msg = (
            f"'{name}' was trained on the split {made['split']['hash']} of {dataset.name}, drawn "
            f"here it is {prepared.split.hash}; another version of skinlib or scikit-learn drew it"
        )
        raise IntegrityError(msg)
    return prepared


def measure(done, classifier, prepared, *, risk=abstention.RISK, progress=True):
    """Fit what a release needs, and measure it.

    Parameters
    ----------
    done : skinlib.experiments.run.Run
    classifier : skinlib.predict.inference.Classifier
        With the weights to be released and no rule; its ``likeness`` is set.
    prepared : skinlib.data.prepare.Prepared
    risk : float
        See `skinlib.predict.abstention.fit`.
    progress : bool

    Returns
    -------
    dict
        ``temperature``, ``abstention``, ``float16``, ``without_facts`` and ``foreign`` of
        ``model.json``.
    """

    def asked(part, **options):
        chosen, table = prepared.parts[part], prepared.tables[part]
        return _asked(classifier, chosen.pixels, chosen.rows, table, part, progress, **options)

    given, features = {}, {}
    _, features["train"] = asked("train", views="one")
    for part in ("validation", "test"):
        given[part], features[part] = asked(part)
    known = likeness.Likeness.fit(features["train"], features["validation"])
    classifier.likeness = known
    distances = {part: known.distance(*features[part]) for part in given}
    blind = {}
    if takes := classifier.recipe.metadata:
        blind = {part: asked(part, facts=False)[0] for part in given}
    labels, probabilities, _ = done.arrays("validation")
    rule = abstention.fit(
        labels,
        probabilities,
        blind=blind.get("validation"),
        risk=risk,
        distance=abstention.FARTHEST,
    )
    complete = {part: cases.complete(prepared.tables[part]) for part in given}
    official = _official(done, classifier, prepared.dataset.folder, progress)
    if official:
        distances[external.PART], complete[external.PART] = official
    measured = {
        part: abstention.measure(
            rule, *done.arrays(part), distances[part], complete[part] if takes else True
        )
        for part in distances
    }
    return {
        "temperature": rule.temperature,
        "abstention": {
            "confidence": rule.confidence,
            "confidence_without": rule.confidence_without,
            "distance": rule.distance,
            "risk": risk,
            "percentile": likeness.PERCENTILE,
            "limits": dict(zip(("colours", "network"), known.limits.tolist(), strict=True)),
            "chosen_on": {"part": "validation", **measured.pop("validation")},
            "measured": measured,
        },
        "float16": {
            part: _rounding(done, part, prepared.tables[part], given[part]) for part in given
        },
        "without_facts": _without_facts(
            rule, done, (given["test"], complete["test"]), (blind["test"], False), distances["test"]
        ) if takes else None,
        "foreign": _foreign(rule, classifier, prepared.parts["test"], progress),
    }  # fmt: skip


def _asked(classifier, images, rows, table, what, progress, *, facts=True, views=None):
    """Return probabilities (n, 7), not calibrated, and both kinds of features."""
    if not facts:
        table = table.assign(**UNKNOWN)
    found = []
    starts = range(0, len(rows), BATCH)
    for start in tqdm(starts, desc=what, unit="batch", disable=not progress):
        place = slice(start, start + BATCH)
        found.append(classifier.ask(images[rows[place]], table.iloc[place], views=views))
    return (
        np.concatenate([each.probabilities for each in found]),
        tuple(map(np.concatenate, zip(*(each.features for each in found), strict=True))),
    )


def _rounding(done, part, table, rounded):
    """Return what float16 changes against the predictions of the run."""
    frame = done.predictions(part)
    if list(frame["image_id"]) != list(table["image_id"]):
        msg = f"the {part} part of '{done.folder}' has other images than its split; train it again"
        raise IntegrityError(msg)
    labels, exact, _ = done.arrays(part)
    change = np.abs(rounded - exact)
    if change.max() > LARGEST_CHANGE:
        image = table["image_id"].iloc[int(change.max(axis=1).argmax())]
        msg = (
            f"the weights of '{done.folder}' do not give its answers: {image} differs by "
            f"{change.max():.3f}; were they trained with another version?"
        )
        raise IntegrityError(msg)
    weights = np.ones((1, len(labels)))
    before, after = (scores.scores(weights, labels, each)[0] for each in (exact, rounded))
    return {
        "images": len(labels),
        "largest_change": float(change.max()),
        "mean_change": float(change.mean()),
        "answers_changed": int((exact.argmax(axis=1) != rounded.argmax(axis=1)).sum()),
        "accuracy_change": float(after[0] - before[0]),
        "mean_recall_change": float(after[1] - before[1]),
    }


def _official(done, classifier, folder, progress):
    """Return distances of the official images, and whether their facts are all known, or None."""
    known = done.record.get("external")
    if not known:
        return None
    try:
        dataset = external.load(os.environ.get("SKINLIB_TEST") or folder)
    except DataError:
        return None
    if dataset.fingerprint != known["fingerprint"]:
        return None
    recipe = classifier.recipe
    images = pixels.cached(
        dataset, classifier.record["input_size"], interpolation=recipe.interpolation,
        crop=recipe.crop, progress=progress,
    )  # fmt: skip
    place = pd.Index(dataset.table["image_id"])
    rows = place.get_indexer(done.predictions(external.PART)["image_id"])
    table = dataset.table.iloc[rows]
    _, features = _asked(classifier, images, rows, table, external.PART, progress, views="one")
    return classifier.likeness.distance(*features), cases.complete(table)


def _without_facts(rule, done, given, none, distances):
    """Return accuracy, mean recall, coverage and risk with and without the facts.

    `given` and `none`: probabilities (n, 7), and where all facts are known. The differences are
    of the same draws of lesions.
    """
    labels, _, lesions = done.arrays("test")
    weights = bootstrap.cluster_weights(lesions)
    found, columns = {}, {}
    for key, (probabilities, complete) in {"given": given, "none": none}.items():
        columns[key] = dict(
            zip(scores.SCORES, scores.scores(weights, labels, probabilities).T, strict=True)
        )
        ruled = abstention.measure(rule, labels, probabilities, lesions, distances, complete)
        found[key] = {
            **{_key(name): bootstrap.estimate(columns[key][name]).to_json() for name in COMPARED},
            **{name: ruled[name] for name in ("coverage", "risk")},
        }
    change = {
        _key(name): bootstrap.estimate(columns["none"][name] - columns["given"][name]).to_json()
        for name in COMPARED
    }
    return {**found, "difference": change}


def _key(score):
    return score.replace(" ", "_")


def _foreign(rule, classifier, part, progress):
    """Return what the rule says of pictures that are no photographs of lesions."""
    size = classifier.record["input_size"]
    found = []
    words = {
        "unlike": abstention.UNLIKE,
        "unsure": abstention.UNSURE,
        "answered": abstention.ANSWERED,
    }
    for kind, pictures in foreign.kinds(size, part.pixels[part.rows[: foreign.COUNT]]).items():
        table, rows = pd.DataFrame([UNKNOWN] * len(pictures)), np.arange(len(pictures))
        probabilities, features = _asked(classifier, pictures, rows, table, kind, progress)
        scaled = calibration.calibrated(probabilities, rule.temperature)
        complete = not classifier.recipe.metadata
        status = rule.decide(scaled, classifier.likeness.distance(*features), complete)
        counts = {key: int((status == word).sum()) for key, word in words.items()}
        found.append({"kind": kind, "images": len(pictures), **counts})
    return found
