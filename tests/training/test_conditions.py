"""Test photographs under other conditions: against whole predictions of the same weights."""

import json

import numpy as np
import pytest

from skinlib.common.errors import DataError, IntegrityError
from skinlib.data.prepare import prepare
from skinlib.experiments import folds
from skinlib.predict import conditions, ood
from skinlib.predict.requests import table
from skinlib.predict.runs import load_run


def test_turns_are_what_the_run_predicted_and_one_view_the_first_of_them(
    fold_runs, measured, dataset
):
    _, given, _ = fold_runs[0].arrays("test")
    np.testing.assert_allclose(measured[0].probabilities[conditions.TURNS], given, atol=1e-3)
    classifier = load_run(fold_runs[0].folder)
    prepared = prepare(classifier.recipe, dataset, 32, 0, progress=False)
    part, facts = prepared.parts["test"], prepared.tables["test"]
    once = classifier.classify(part.pixels[part.rows], facts, views="one").probabilities
    found = measured[0].probabilities
    np.testing.assert_allclose(found[conditions.ONE_VIEW], once, atol=1e-3)
    assert np.abs(found[conditions.ONE_VIEW] - found[conditions.TURNS]).max() > 1e-3


@pytest.mark.parametrize("condition", conditions.WITHHELD)
def test_a_withheld_fact_is_one_that_nobody_gave(condition, fold_runs, measured, dataset):
    classifier = load_run(fold_runs[0].folder)
    prepared = prepare(classifier.recipe, dataset, 32, 0, progress=False)
    part, rows = prepared.parts["test"], prepared.tables["test"]
    none = condition == "without facts"
    ages = rows["age"].where(rows["age"].notna(), None)
    facts = table([
        (None if none or condition == "without age" else age,
         "unknown" if none or condition == "without sex" else sex,
         "unknown" if none or condition == "without site" else site)
        for age, sex, site in zip(ages, rows["sex"], rows["localization"], strict=True)
    ])  # fmt: skip
    expected = classifier.classify(part.pixels[part.rows], facts, views="d4").probabilities
    np.testing.assert_allclose(measured[0].probabilities[condition], expected, atol=1e-3)


def test_the_limits_are_percentiles_of_the_test_set(fold_runs, measured, dataset):
    classifier = load_run(fold_runs[1].folder)
    prepared = prepare(classifier.recipe, dataset, 32, 0, progress=False)
    part, rows = prepared.parts["train"], prepared.tables["train"]
    train = classifier.classify(part.pixels[part.rows], rows, views="one")
    part, rows = prepared.parts["test"], prepared.tables["test"]
    test = classifier.classify(part.pixels[part.rows], rows, views="one")
    for name, seen, new in (("colours", train.colours, test.colours),
                            ("network", train.features, test.features)):  # fmt: skip
        distances = ood.Gaussian.fit(seen).distance(new)
        expected = np.percentile(distances, ood.PERCENTILE)
        assert measured[1].limits[name] == pytest.approx(expected, rel=1e-4)


def test_the_folds_together_are_in_the_order_of_their_photographs(fold_runs, measured):
    joined, found = conditions.together(fold_runs[::-1])
    expected = folds.together(fold_runs)
    np.testing.assert_array_equal(joined.image_ids, expected.image_ids)
    for fold, run in enumerate(fold_runs):
        here = joined.folds == fold
        names = list(run.predictions("test")["image_id"])
        rows = [names.index(name) for name in joined.image_ids[here]]
        for condition in conditions.CONDITIONS:
            np.testing.assert_array_equal(
                found.probabilities[condition][here], measured[fold].probabilities[condition][rows]
            )
    assert found.limits["network"] == pytest.approx(
        np.mean([each.limits["network"] for each in measured])
    )


def test_what_cannot_be_measured_or_read_is_named(fold_runs, measured, trained, train, dataset):
    run = fold_runs[0]
    plain = train("factless", metadata=False, epochs=1)
    with pytest.raises(DataError, match="takes no facts to withhold; expected a recipe"):
        conditions.measure(plain, dataset, progress=False)
    with pytest.raises(DataError, match=r"lacks 'conditions.json' .*python -m skinlib conditions"):
        conditions.read(trained)
    path = run.folder / conditions.SOURCE
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(json.dumps(json.loads(text) | {"weights_sha256": "0"}), encoding="utf-8")
        with pytest.raises(IntegrityError, match="of another training; measure it anew"):
            conditions.read(run)
    finally:
        path.write_text(text, encoding="utf-8")
