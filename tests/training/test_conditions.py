"""Test photographs under other conditions: against whole predictions of the same weights."""

import json

import keras
import numpy as np
import pytest

from skinlib.common.errors import DataError, IntegrityError
from skinlib.data.metadata import BLOCKS
from skinlib.data.prepare import prepare
from skinlib.experiments import folds
from skinlib.models.prediction import d4
from skinlib.predict import conditions, ood
from skinlib.predict.runs import load_run

# Which blocks of the encoded facts are those of nobody known, and how many views there are.
WITHHELD = {
    "turns": ((), 8), "one view": ((), 1), "without age": ((0,), 8), "without sex": ((1,), 8),
    "without site": ((2,), 8), "without facts": ((0, 1, 2), 8),
}  # fmt: skip


def test_turns_are_what_the_run_predicted(fold_runs, measured):
    _, given, _ = fold_runs[0].arrays("test")
    np.testing.assert_allclose(measured[0].probabilities[conditions.TURNS], given, atol=1e-3)


@pytest.fixture(scope="module")
def network(fold_runs, dataset):
    """The network of a run, and its prepared data."""
    classifier = load_run(fold_runs[0].folder)
    prepared = prepare(classifier.recipe, dataset, 32, 0, progress=False)
    return classifier.model, prepared


@pytest.mark.parametrize("condition", conditions.CONDITIONS)
def test_a_withheld_fact_is_one_that_nobody_gave(condition, network, measured):
    """As the network itself says of turned pictures, and of facts encoded by hand."""
    model, prepared = network
    inputs = prepared.parts["test"].inputs(np.arange(len(prepared.parts["test"])))
    places, views = WITHHELD[condition]
    for place in places:
        inputs["metadata"][:, BLOCKS[place]] = prepared.encoder.nothing()[BLOCKS[place]]
    seen = [{**inputs, "image": view} for view in [*d4(inputs["image"])][:views]]
    expected = np.mean([model.predict_on_batch(each) for each in seen], axis=0)
    np.testing.assert_allclose(measured[0].probabilities[condition], expected, atol=1e-3)


def test_the_limits_are_percentiles_of_the_test_set(network, measured):
    model, prepared = network
    body = keras.Model(model.inputs, keras.ops.mean(model.get_layer("pool").input, axis=(1, 2)))
    seen = {"colours": [], "network": []}
    for part in (prepared.parts["train"], prepared.parts["test"]):
        inputs = part.inputs(np.arange(len(part)))
        seen["colours"].append(ood.colours(inputs["image"]))
        seen["network"].append(body.predict(inputs, verbose=0))
    for name, (train, test) in seen.items():
        expected = np.percentile(ood.Gaussian.fit(train).distance(test), 99.5)
        assert measured[0].limits[name] == pytest.approx(expected, rel=1e-4)


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
    expected = np.mean([each.limits["network"] for each in measured])
    assert found.limits["network"] == pytest.approx(expected)


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
