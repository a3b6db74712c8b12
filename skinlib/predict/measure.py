"""What a released model is worth, for ``model.json``: its rule, and what the rule does."""

import os

import numpy as np
import pandas as pd

from skinlib.common.errors import DataError, IntegrityError
from skinlib.experiments import external
from skinlib.predict import abstention, held_out, ood, ood_images
from skinlib.predict.requests import NOTHING, complete, table
from skinlib.stats import bootstrap, operating, points, scores, subgroups

# Rounding to float16 does not change a probability by more.
LARGEST_CHANGE = 0.2
# How `model.json` calls what the rule says.
STATUS = {
    "unlike": abstention.UNLIKE,
    "unsure": abstention.UNSURE,
    "answered": abstention.ANSWERED,
}


def measure(run, classifier, prepared, folds=(), *, risk=abstention.RISK, progress=True):
    """Fit the rule of a release, and measure what it does, as ``model.json`` says it.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    classifier : skinlib.predict.model.Classifier
        With the weights to be released; its ``detector`` and its ``rule`` are set.
    prepared : skinlib.data.prepare.Prepared
    folds : sequence of skinlib.experiments.run.Run
        See `skinlib.predict.held_out`; empty for a run with a validation and a test set.
    risk : float
        See `skinlib.predict.abstention.fit`.
    """
    if folds:
        held = held_out.of_folds(folds, classifier, prepared, risk, progress)
    else:
        held = held_out.of_run(run, classifier, prepared, risk, progress)
    # Without the rule the probabilities are those of the network.
    classifier.detector, rule = held.detector, held.rule
    given = held.answers["given"]
    measured = {"test": abstention.measure(given, held.labels, held.lesions)}
    grouped = {"test": _groups(given, held.labels, held.lesions, held.table)}
    rounded = dict(held.rounded)
    spoilt = prepared.parts["train" if folds else "test"]
    spoilt = spoilt.pixels[spoilt.rows[: ood_images.COUNT]]
    if official := _official(run, classifier, prepared.dataset.folder, progress):
        pictures, facts = official
        found = classifier.classify(pictures, facts, progress=progress and external.PART)
        labels, exact, lesions = run.arrays(external.PART)
        known = complete(facts) if classifier.recipe.metadata else True
        answers = rule.answers(exact, found.distances, known)
        measured[external.PART] = abstention.measure(answers, labels, lesions)
        grouped[external.PART] = _groups(answers, labels, lesions, facts)
        rounded[external.PART] = facts["image_id"], found.probabilities
        spoilt = pictures[: ood_images.COUNT] if folds else spoilt
    classifier.rule = rule
    return {
        "decision": rule.decision.to_json(),
        "abstention": {
            "confidence_without": rule.confidence_without,
            "distance": rule.distance,
            "risk": risk,
            "percentile": ood.PERCENTILE,
            "limits": dict(zip(ood.PARTS, classifier.detector.limits.tolist(), strict=True)),
            "chosen_on": held.chosen_on,
            "measured": measured,
        },
        "groups": grouped,
        "float16": {part: _rounding(run, part, *each) for part, each in rounded.items()},
        "without_facts": without_facts(held) if classifier.recipe.metadata else None,
        "foreign": _ood_images(classifier, spoilt, progress),
    }


def _official(run, classifier, folder, progress):
    """Return the official images as the network takes them, and their facts, or None."""
    known = run.record.get("external")
    try:
        dataset = known and external.load(os.environ.get("SKINLIB_TEST") or folder)
    except DataError:
        return None
    if not known or dataset.fingerprint != known["fingerprint"]:
        return None
    places = pd.Index(dataset.table["image_id"])
    rows = places.get_indexer(run.predictions(external.PART)["image_id"])
    return classifier.cached(dataset, progress)[rows], dataset.table.iloc[rows]


def _groups(answers, labels, lesions, table):
    """Measure the operating point *as the data* by groups of patients, for JSON."""
    facts = subgroups.facts(table)[["sex", "age", "site"]]
    return subgroups.measure(labels, answers.named[points.AS_DATA], lesions, facts)


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


def without_facts(held):
    """Return scores, coverage, risk and what is flagged with and without facts, by condition.

    `held` is a `skinlib.predict.held_out.HeldOut`. All are at the operating point *as the data*.
    Differences to ``given`` are of the same resamples of lesions.
    """
    weights = bootstrap.cluster_weights(held.lesions)
    found, columns = {}, {}
    for condition, answers in held.answers.items():
        named = answers.named[points.AS_DATA]
        recalls = bootstrap.recalls(weights, held.labels, named)
        columns[condition] = {
            "accuracy": bootstrap.share(weights, named == held.labels),
            "mean_recall": bootstrap.mean_present(recalls),
        }
        answered = answers.status == abstention.ANSWERED
        positive = held.labels == operating.MELANOMA
        shares = {
            **columns[condition],
            "coverage": bootstrap.share(weights, answered),
            "risk": bootstrap.share(weights, named != held.labels, answered),
            "sensitivity": bootstrap.share(weights, answers.flagged, positive),
            "specificity": bootstrap.share(weights, ~answers.flagged, ~positive),
        }
        found[condition] = {
            name: bootstrap.estimate(each).to_json() for name, each in shares.items()
        }
        if condition != "given":
            found[condition]["difference"] = {
                name: bootstrap.estimate(each - columns["given"][name]).to_json()
                for name, each in columns[condition].items()
            }
    return found


def _ood_images(classifier, some, progress):
    """Return what the rule does with pictures that are not photographs of lesions."""
    size, found = classifier.record["input_size"], []
    for kind, pictures in ood_images.kinds(size, some).items():
        facts = table([NOTHING] * len(pictures))
        status = classifier.classify(pictures, facts, progress=progress and kind).status
        counts = {key: int((status == word).sum()) for key, word in STATUS.items()}
        found.append({"kind": kind, "images": len(pictures), **counts})
    return found
