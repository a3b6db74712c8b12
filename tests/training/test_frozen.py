"""Training above a frozen lower part: the same network, only fewer of its weights move."""

import keras
import numpy as np
import pytest
import tiny
from records import as_in_history

from skinlib.common.errors import DataError
from skinlib.data import store
from skinlib.data.prepare import prepare
from skinlib.experiments.recipes import AUGMENTATION
from skinlib.models import frozen
from skinlib.models.backbones import BACKBONES
from skinlib.models.classifier import build_classifier
from skinlib.models.prediction import predict
from skinlib.models.weights import load_classifier

FROZEN = tiny.recipe("clean-frozen", learning_rate=0.05, epsilon=1e-7)
AUGMENTED = FROZEN.replace(augmentation=dict(AUGMENTATION), augmented_copies=2)


def build(recipe, seed=0):
    model = build_classifier("Tiny", recipe, size=32, seed=seed)
    return model, *frozen.halves(model, tiny.ROW)


@pytest.mark.parametrize("recipe", [FROZEN, FROZEN.replace(metadata=False, attention="none")])
def test_both_halves_together_are_the_whole(recipe, dataset):
    model, lower, upper = build(recipe)
    prepared = prepare(recipe, dataset, 32, 0, progress=False)
    parts = frozen.feature_parts(lower, prepared, recipe, progress=False)
    for name, part in parts.items():
        expected = predict(model, prepared.parts[name])
        np.testing.assert_allclose(predict(upper, part), expected, atol=1e-6)
        assert np.array_equal(part.labels, prepared.parts[name].labels)
    assert np.ptp(expected) > 0.01


def test_only_the_upper_half_learns(dataset):
    run = tiny.train(dataset, "frozen", FROZEN)
    before, lower, _ = build(FROZEN)
    after = build_classifier("Tiny", FROZEN, size=32, seed=3)
    load_classifier(after, run.weights_path, run.record["weights_sha256"])
    moved = {
        layer.name
        for layer, twin in zip(before.layers, after.layers, strict=True)
        if not isinstance(layer, keras.layers.Dropout)  # its weights are a random state
        and any(map(np.any, map(np.not_equal, layer.get_weights(), twin.get_weights())))
    }
    assert not moved & {layer.name for layer in lower.layers}
    assert "probabilities" in moved
    assert len(moved) >= 4
    prepared = prepare(FROZEN, dataset, 32, 0, progress=False)
    _, probabilities, _ = run.arrays("test")
    np.testing.assert_allclose(predict(after, prepared.parts["test"]), probabilities, atol=1e-5)


def test_epochs_take_the_augmented_copies_in_turn(dataset):
    _, lower, _ = build(AUGMENTED)
    prepared = prepare(AUGMENTED, dataset, 32, 0, progress=False)
    parts = frozen.feature_parts(lower, prepared, AUGMENTED, progress=False)
    index = np.arange(5)
    seen = [parts["train"].of_epoch(epoch).inputs(index)["image"] for epoch in range(4)]
    assert np.array_equal(seen[0], seen[2])
    assert np.array_equal(seen[1], seen[3])
    assert not np.allclose(seen[0], seen[1])
    held_out = [parts["test"].of_epoch(epoch).inputs(index)["image"] for epoch in range(2)]
    assert np.array_equal(*held_out)
    plain = build(FROZEN)[1].predict(
        prepared.parts["test"].inputs(index)["image"].astype("float32"), verbose=0
    )
    np.testing.assert_allclose(held_out[0], plain, atol=1e-5)


def test_features_are_kept_under_the_weights_that_made_them(dataset, monkeypatch):
    prepared = prepare(FROZEN, dataset, 32, 0, progress=False)
    _, lower, _ = build(FROZEN)

    def features():
        parts = frozen.feature_parts(lower, prepared, FROZEN, progress=False)
        return parts["test"].inputs(np.arange(3))["image"]

    before, weights = features(), lower.get_weights()
    lower.set_weights([2 * array for array in weights])
    assert not np.allclose(features(), before)
    lower.set_weights(weights)
    monkeypatch.setattr(store, "_write", lambda *_: pytest.fail("computed again for nothing"))
    np.testing.assert_array_equal(features(), before)


def test_scores_of_the_test_part_decide_nothing(dataset):
    plain = tiny.train(dataset, "frozen-whole", AUGMENTED)
    scored = tiny.train(dataset, "frozen-scored", AUGMENTED.replace(score_test=True))
    both, plain = (run.history().drop(columns="seconds") for run in (scored, plain))
    assert both[plain.columns].equals(plain)
    assert set(both) - set(plain) == {"test_loss", "test_accuracy", "test_mean_recall"}
    labels, probabilities, _ = scored.arrays("test")
    accuracy = np.mean(probabilities.argmax(1) == labels)
    assert as_in_history(accuracy) == both["test_accuracy"][scored.record["best_epoch"] - 1]


def test_averaging_over_views_is_done_on_pictures(dataset):
    run = tiny.train(dataset, "frozen-d4", FROZEN.replace(views="d4"))
    model = build_classifier("Tiny", FROZEN, size=32)
    load_classifier(model, run.weights_path)
    prepared = prepare(FROZEN, dataset, 32, 0, progress=False)
    inputs = prepared.parts["test"].inputs(np.arange(len(prepared.parts["test"])))
    turned = [
        np.rot90(image, k, (1, 2)) for image in (inputs["image"], inputs["image"][:, ::-1])
        for k in range(4)
    ]  # fmt: skip
    assert len({view.tobytes() for view in turned}) == 8
    expected = np.mean(
        [model.predict_on_batch({**inputs, "image": view.copy()}) for view in turned], axis=0
    )
    np.testing.assert_allclose(run.arrays("test")[1], expected, atol=1e-5)


def test_a_network_without_a_place_to_freeze_is_named():
    row = BACKBONES["NASNetMobile"]
    model = build_classifier("Tiny", FROZEN, size=32)
    with pytest.raises(DataError, match="has no layer 'None' to freeze up to"):
        frozen.halves(model, row)
