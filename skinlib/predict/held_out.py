"""Fit the rule of a released model, and apply it, on photographs not seen in training.

A run with a validation set is fitted on it and measured on its test set (`of_run`). A network that
is trained on all photographs has neither. In their place are the out-of-fold predictions of runs
with the same settings (`of_folds`).
"""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.common.errors import DataError, IntegrityError
from skinlib.predict import abstention, conditions, ood
from skinlib.predict.requests import NOTHING, complete, table

# Fields of a recipe that a network of a fold and one of all photographs need not share.
ASIDE = {"fold", "split_unit", "test_share", "views"}


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """A rule with its detector, and what it says of photographs that it was not fitted on.

    Attributes
    ----------
    rule : skinlib.predict.abstention.Rule
    detector : skinlib.predict.ood.Detector
    labels, lesions : numpy.ndarray
        Of the photographs it is measured on, shape (n,).
    table : pandas.DataFrame
        Their rows in the metadata.
    answers : dict of str to skinlib.predict.abstention.Answers
        To these photographs, by condition: ``given``, and for a model that takes facts those of
        `skinlib.predict.conditions.WITHHELD` that were measured.
    chosen_on : dict
        Of `skinlib.predict.abstention.measure`, on the photographs that the rule was fitted on.
    rounded : dict of str to tuple
        By part names of images and probabilities of the weights that are released.
    """

    rule: abstention.Rule
    detector: ood.Detector
    labels: np.ndarray
    lesions: np.ndarray
    table: pd.DataFrame
    answers: dict
    chosen_on: dict
    rounded: dict


def of_run(run, classifier, prepared, risk, progress):
    """Return the `HeldOut` of a run with a validation and a test set."""
    takes_facts = classifier.recipe.metadata

    def classify(part, facts=None, views=None):
        chosen, facts = prepared.parts[part], prepared.tables[part] if facts is None else facts
        pictures = chosen.pixels[chosen.rows]
        return classifier.classify(pictures, facts, views=views, progress=progress and part)

    train = classify("train", views="one")
    found = {part: classify(part) for part in ("validation", "test")}
    detector = ood.Detector.fit(
        (train.colours, train.features), (found["validation"].colours, found["validation"].features)
    )
    distances = {
        part: detector.distance(each.colours, each.features) for part, each in found.items()
    }
    known = {part: complete(prepared.tables[part]) if takes_facts else True for part in found}
    blind = {}
    if takes_facts:
        for part in found:
            nothing = table([NOTHING] * len(prepared.tables[part]))
            blind[part] = classify(part, nothing).probabilities
    arrays = {part: run.arrays(part) for part in found}
    labels, given, lesions = arrays["validation"]
    rule = abstention.fit(
        labels, given, lesions,
        blind=blind.get("validation"), risk=risk, distance=abstention.FARTHEST,
    )  # fmt: skip
    chosen = rule.answers(given, distances["validation"], known["validation"])
    chosen_on = {"part": "validation", **abstention.measure(chosen, labels, lesions)}
    labels, given, lesions = arrays["test"]
    answers = {"given": rule.answers(given, distances["test"], known["test"])}
    if takes_facts:
        answers["without facts"] = rule.answers(blind["test"], distances["test"], False)
    rounded = {
        part: (prepared.tables[part]["image_id"], each.probabilities)
        for part, each in found.items()
    }
    return HeldOut(
        rule, detector, labels, lesions, prepared.tables["test"], answers, chosen_on, rounded
    )


def of_folds(runs, classifier, prepared, risk, progress):
    """Return the `HeldOut` of a network trained on all photographs, by finished runs of the folds.

    Distances of out-of-fold photographs are not measured: the limits are the means of those that
    one photograph in two hundred exceeds in each network of a fold.

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
    given = found.probabilities[conditions.TURNS]
    blind = found.probabilities["without facts"]
    options = {"blind": blind, "risk": risk}
    known = complete(facts)
    rule = abstention.fit(
        joined.labels, given, joined.lesions, **options, distance=abstention.FARTHEST
    )
    folded = abstention.CrossFitted(joined.labels, given, joined.lesions, joined.folds, **options)
    answers = {"given": folded.answers(given, known)} | {
        name: folded.answers(found.probabilities[name], False) for name in conditions.WITHHELD
    }
    answers[conditions.ONE_VIEW] = folded.answers(found.probabilities[conditions.ONE_VIEW], known)
    chosen = abstention.measure(rule.answers(given, None, known), joined.labels, joined.lesions)
    part = prepared.parts["train"]
    title = progress and "train"
    seen = classifier.classify(part.pixels[part.rows], prepared.tables["train"], views="one",
                               progress=title)  # fmt: skip
    fitted = map(ood.Gaussian.fit, (seen.colours, seen.features))
    detector = ood.Detector(*fitted, np.array([found.limits[name] for name in ood.PARTS]))
    return HeldOut(
        rule, detector, joined.labels, joined.lesions, facts.reset_index(), answers,
        {"part": "folds", **chosen}, {},
    )  # fmt: skip


def require_same(record, run):
    """Refuse a run of a fold whose settings, but for its split and its views, are not of a record.

    The network of all photographs predicts in eight views, as `skinlib.predict.conditions.TURNS`.

    Raises
    ------
    DataError
        Naming the setting.
    """
    one, other = ({**each["recipe"], **{key: each[key] for key in ("backbone", "input_size")}}
                  for each in (record, run.record))  # fmt: skip
    if one["views"] != "d4":
        msg = (
            f"views is {one['views']} in '{record['study']}/{record['run']}', expected d4, as the "
            "predictions of the folds that its rule is fitted on; train it with --set views=d4"
        )
        raise DataError(msg)
    for name in sorted({*one, *other} - ASIDE):
        if one.get(name) != other.get(name):
            msg = (
                f"{name} is {one.get(name)} in '{record['study']}/{record['run']}' and "
                f"{other.get(name)} in '{run.name}'; name runs of the folds with its settings"
            )
            raise DataError(msg)
