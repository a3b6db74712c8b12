"""What a released model is worth, for ``model.json``: its rule, and what the rule does.

The rule is fitted, and measured, on photographs not seen in training. A run with a validation set
is fitted on it and measured on its test set (`of_run`). A network that is trained on all
photographs has neither. In their place are the out-of-fold predictions of runs with the same
settings (`of_folds`).
"""

import dataclasses
import os

import numpy as np
import pandas as pd

from skinlib.common.errors import DataError, IntegrityError
from skinlib.experiments import external
from skinlib.predict import abstention, conditions, ood, ood_images
from skinlib.predict.fitted import CrossFitted
from skinlib.predict.requests import NOTHING, complete, table
from skinlib.stats import points, scores, subgroups

# Rounding to float16 does not change a probability by more.
LARGEST_CHANGE = 0.2
# How `model.json` calls what the rule says.
STATUS = {
    "unlike": abstention.UNLIKE,
    "unsure": abstention.UNSURE,
    "answered": abstention.ANSWERED,
}


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """A rule, and what it says of photographs that it was not fitted on.

    Attributes
    ----------
    rule : skinlib.predict.abstention.Rule
    labels, lesions, table
        Of the photographs it is measured on, shape (n,), and their rows in the metadata.
    answers : dict of str to skinlib.predict.abstention.Answers
        To these photographs, by condition: ``given``, and for a model that takes facts those of
        `skinlib.predict.conditions.WITHHELD` that were measured.
    chosen_on : dict
        Of `skinlib.predict.abstention.measure`, on the photographs that the rule was fitted on.
    rounded : dict of str to numpy.ndarray
        By part, the probabilities of the weights that are released.
    """

    rule: abstention.Rule
    labels: np.ndarray
    lesions: np.ndarray
    table: pd.DataFrame
    answers: dict
    chosen_on: dict
    rounded: dict


def measure(run, classifier, prepared, folds=(), *, risk=abstention.RISK, progress=True):
    """Fit the rule of a release, and measure what it does, as ``model.json`` says it.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    classifier : skinlib.predict.model.Classifier
        With the weights to be released; its ``detector`` and its ``rule`` are set.
    prepared : skinlib.data.prepare.Prepared
    folds : sequence of skinlib.experiments.run.Run
        Finished; empty for a run with a validation and a test set.
    risk : float
        See `skinlib.predict.abstention.fit`.

    Raises
    ------
    IntegrityError
        The weights do not give the predictions of the run, or the folds are of other photographs.
    """
    if folds:
        held = of_folds(folds, classifier, prepared, risk)
    else:
        held = of_run(run, classifier, prepared, risk, progress)
    rule, rounded = held.rule, dict(held.rounded)
    sets = {"test": (held.answers["given"], held.labels, held.lesions, held.table)}
    spoilt = prepared.parts["train" if folds else "test"]
    spoilt = spoilt.pixels[spoilt.rows[: ood_images.COUNT]]
    if official := _official(run, classifier, prepared.dataset.folder, progress):
        pictures, facts = official
        # Without a rule the probabilities are those of the network.
        found = classifier.classify(pictures, facts, progress=progress and external.PART)
        labels, exact, lesions = run.arrays(external.PART)
        answers = rule.answers(exact, found.distances, classifier.known(facts))
        sets[external.PART] = answers, labels, lesions, facts
        rounded[external.PART] = found.probabilities
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
            "measured": {part: abstention.measure(*each[:3]) for part, each in sets.items()},
        },
        "groups": {part: _groups(*each) for part, each in sets.items()},
        "float16": {part: _rounding(run, part, each) for part, each in rounded.items()},
        "without_facts": conditions.compare(held.answers, held.labels, held.lesions)
        if classifier.recipe.metadata
        else None,
        "foreign": _ood_images(classifier, spoilt, progress),
    }


def of_run(run, classifier, prepared, risk, progress):
    """Return the `HeldOut` of a run with a validation and a test set; set the detector."""
    pictures = {name: part.pixels[part.rows] for name, part in prepared.parts.items()}
    seen = (classifier.features(pictures[part]) for part in ("train", "validation"))
    classifier.detector = ood.Detector.fit(*seen)
    found, blind, known = {}, {}, {}
    for part in ("validation", "test"):
        facts, options = prepared.tables[part], {"progress": progress and part}
        found[part] = classifier.classify(pictures[part], facts, **options)
        known[part] = classifier.known(facts)
        if classifier.recipe.metadata:
            nothing = table([NOTHING] * len(facts))
            blind[part] = classifier.classify(pictures[part], nothing, **options).probabilities
    labels, given, lesions = run.arrays("validation")
    options = {"blind": blind.get("validation"), "risk": risk, "distance": abstention.FARTHEST}
    rule = abstention.fit(labels, given, lesions, **options)
    chosen = rule.answers(given, found["validation"].distances, known["validation"])
    chosen_on = {"part": "validation", **abstention.measure(chosen, labels, lesions)}
    labels, given, lesions = run.arrays("test")
    distances = found["test"].distances
    answers = {"given": rule.answers(given, distances, known["test"])}
    if blind:
        answers["without facts"] = rule.answers(blind["test"], distances, False)
    rounded = {part: each.probabilities for part, each in found.items()}
    return HeldOut(rule, labels, lesions, prepared.tables["test"], answers, chosen_on, rounded)


def of_folds(runs, classifier, prepared, risk):
    """Return the `HeldOut` of a network trained on all photographs, by finished runs of the folds.

    Distances of out-of-fold photographs are not measured: the limits of the detector, which is
    set, are the means of those that one photograph in two hundred exceeds in each network of a
    fold.

    Raises
    ------
    IntegrityError
        The runs are not of the photographs that the network was trained on.
    """
    joined, found = conditions.together(runs)
    facts = prepared.tables["train"].set_index("image_id").sort_index()
    if list(facts.index) != list(joined.image_ids):
        msg = (
            f"the folds have {len(joined.image_ids)} photographs, the network was trained on "
            f"{len(facts)}, not the same; name runs of the folds of all its photographs"
        )
        raise IntegrityError(msg)
    given, known = found.probabilities[conditions.TURNS], complete(facts)
    options = {"blind": found.probabilities["without facts"], "risk": risk}
    rule = abstention.fit(
        joined.labels, given, joined.lesions, **options, distance=abstention.FARTHEST
    )
    folded = CrossFitted(joined, given, **options)
    answers = {"given": folded.answers(given, known)}
    for name in conditions.WITHHELD:
        answers[name] = folded.answers(found.probabilities[name], False)
    answers[conditions.ONE_VIEW] = folded.answers(found.probabilities[conditions.ONE_VIEW], known)
    chosen = abstention.measure(rule.answers(given, None, known), joined.labels, joined.lesions)
    part = prepared.parts["train"]
    fitted = map(ood.Gaussian.fit, classifier.features(part.pixels[part.rows]))
    limits = np.array([found.limits[name] for name in ood.PARTS])
    classifier.detector = ood.Detector(*fitted, limits)
    chosen_on = {"part": "folds", **chosen}
    return HeldOut(rule, joined.labels, joined.lesions, facts.reset_index(), answers, chosen_on, {})


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


def _groups(answers, labels, lesions, rows):
    """Measure the operating point *as the data* by groups of patients, for JSON."""
    facts = subgroups.facts(rows)[["sex", "age", "site"]]
    return subgroups.measure(labels, answers.named[points.AS_DATA], lesions, facts)


def _rounding(run, part, rounded):
    """Return what float16 changes against the predictions of the run."""
    labels, exact, _ = run.arrays(part)
    change = np.abs(rounded - exact).max(axis=1)
    if change.max() > LARGEST_CHANGE:
        image = run.predictions(part)["image_id"].iloc[change.argmax()]
        msg = (
            f"the weights of '{run.folder}' do not give its predictions: {image} differs by "
            f"{change.max():.3f}; train the run again"
        )
        raise IntegrityError(msg)
    weights = np.ones((1, len(labels)))
    before, after = (
        scores.scores(weights, labels, each, conditions.SCORES)[0] for each in (exact, rounded)
    )
    changes = zip(conditions.SCORES.values(), (after - before).tolist(), strict=True)
    return {
        "images": len(labels),
        "largest_change": float(change.max()),
        "answers_changed": int((exact.argmax(axis=1) != rounded.argmax(axis=1)).sum()),
        **{f"{name}_change": value for name, value in changes},
    }


def _ood_images(classifier, some, progress):
    """Return what the rule does with pictures that are not photographs of lesions."""
    size, found = classifier.record["input_size"], []
    for kind, pictures in ood_images.kinds(size, some).items():
        facts = table([NOTHING] * len(pictures))
        status = classifier.classify(pictures, facts, progress=progress and kind).status
        counts = {key: int((status == word).sum()) for key, word in STATUS.items()}
        found.append({"kind": kind, "images": len(pictures), **counts})
    return found
