"""Averages of weights against NumPy, and trainings in which nothing is selected."""

import functools

import keras
import numpy as np
import pytest
import tiny
from comparing import assert_same_numbers
from PIL import Image

from skinlib.common.errors import DataError, Interrupted
from skinlib.data.prepare import prepare
from skinlib.experiments.recipes import CROPS
from skinlib.models.classifier import build_classifier
from skinlib.models.prediction import d4, predict
from skinlib.models.weights import load_classifier
from skinlib.training import averaging, evaluation

# Two folds: the rarest class has three pictures.
RECIPE = tiny.recipe(
    "folds",
    test_share=0.5,
    metadata_units=4,
    crops=dict(CROPS),
    epochs=3,
    ema=0.8,
    attention="none",
    dropout=0.2,
)


def train(dataset, study, **fields):
    return tiny.train(dataset, study, RECIPE.replace(**fields))


def test_the_average_is_that_of_numpy_and_fit_leaves_the_weights(rng):
    """A parabola, stepped along by hand; `fit` is called twice, as after an interruption."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    optimizer = averaging.AveragingAdam(0.1, use_ema=True, ema_momentum=0.7)
    model.compile(optimizer=optimizer, loss="mse")
    (kernel,) = model.trainable_variables
    value, seen = (lambda: keras.ops.convert_to_numpy(kernel).item()), []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda *_, **__: seen.append(value()))
    inputs = rng.normal(size=(12, 1)).astype(np.float32)
    for _ in range(2):
        model.fit(inputs, 3 * inputs, batch_size=4, verbose=0, shuffle=False, callbacks=[note])
        assert value() == seen[-1]
    average = functools.reduce(lambda mean, new: 0.7 * mean + 0.3 * new, seen)
    optimizer.take_average(model.trainable_variables)
    assert value() == pytest.approx(average, rel=1e-4)
    assert abs(average - seen[-1]) > 1e-3


def test_the_statistics_are_means_over_batches(rng):
    """Of two layers: what the second normalises was normalised by the batch in the first."""
    first, second = (keras.layers.BatchNormalization(epsilon=1e-3) for _ in range(2))
    frozen = keras.layers.BatchNormalization(trainable=False)
    model = keras.Sequential([keras.Input((3,)), first, keras.layers.Dense(2), second, frozen])
    given = [rng.normal(2, 3, (16, 3)).astype(np.float32) for _ in range(5)]
    model(given[0], training=True)
    momentum = first.momentum
    averaging.estimate_statistics(model, given)
    kernel, bias = model.layers[1].get_weights()
    hidden = [
        (each - each.mean(axis=0)) / np.sqrt(each.var(axis=0) + 1e-3) @ kernel + bias
        for each in given
    ]
    for layer, batches in ((first, given), (second, hidden)):
        for variable, statistic in ((layer.moving_mean, np.mean), (layer.moving_variance, np.var)):
            expected = np.mean([statistic(each, axis=0) for each in batches], axis=0)
            found = keras.ops.convert_to_numpy(variable)
            np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert np.all(keras.ops.convert_to_numpy(frozen.moving_mean) == 0)
    assert first.momentum == momentum


@pytest.fixture(scope="module")
def run(dataset):
    return train(dataset, "folds")


def test_the_kept_weights_are_not_those_of_the_last_step(run, dataset):
    """Without averages the same training ends elsewhere; with them it is scored as kept."""
    last = train(dataset, "last", ema=0.0)
    model = build_classifier("Tiny", RECIPE, size=32)
    found = []
    for each in (run, last):
        load_classifier(model, each.weights_path, each.record["weights_sha256"])
        part = prepare(RECIPE, dataset, 32, 0, progress=False).parts["test"]
        probabilities = predict(model, part, views="d4")
        np.testing.assert_allclose(each.arrays("test")[1], probabilities, atol=1e-6)
        found.append(probabilities)
    assert np.abs(found[0] - found[1]).max() > 0.01


def test_an_interrupted_training_ends_with_the_same_numbers(run, dataset, monkeypatch):
    """Between two epochs, and while the statistics are estimated."""
    estimate = averaging.estimate_statistics
    calls = []

    def stopped(model, inputs):
        calls.append(len(calls))
        if len(calls) == 1:
            next(iter(inputs))
            model.trainable_variables[0].assign(model.trainable_variables[0] * 2)
            raise Interrupted("now")
        return estimate(model, inputs)

    monkeypatch.setattr(averaging, "estimate_statistics", stopped)
    with pytest.raises(Interrupted):
        train(dataset, "interrupted")
    again = train(dataset, "interrupted")
    assert_same_numbers(again, run)


def test_nothing_is_scored_on_the_way_and_the_last_epoch_is_kept(run, dataset, monkeypatch):
    assert list(run.history()) == ["epoch", "loss", "accuracy", "learning_rate", "seconds"]
    assert run.record["best_epoch"] == run.record["epochs"] == 3
    assert run.record["split"]["counts"].keys() == {"train", "test"}
    assert set(run.predictions()["part"]) == {"test"}
    counted = []
    monkeypatch.setattr(
        evaluation, "predict", lambda *given, **o: counted.append(1) or predict(*given, **o)
    )
    train(dataset, "counted", epochs=2, ema=0.0)
    assert len(counted) == 1


def test_the_folds_predict_every_image_once(run, dataset):
    other = train(dataset, "other", fold=1, epochs=2, ema=0.0)
    tested = [name for each in (run, other) for name in each.predictions("test")["image_id"]]
    assert sorted(tested) == sorted(dataset.table["image_id"])
    assert run.record["split"]["file"] != other.record["split"]["file"]


def test_a_network_trained_on_everything_has_no_predictions(dataset):
    fields = {"split_unit": "lesion", "test_share": 0.0, "epochs": 2}
    run = train(dataset, "everything", attention="as_described", **fields)
    assert run.finished
    assert run.record["split"]["counts"] == {"train": 70}
    assert run.predictions().empty
    assert run.attention() == {}


def test_a_part_that_is_kept_still_does_not_move(dataset):
    """Its weights and batch statistics are the first ones; those above are not."""
    after, before = (build_classifier("Tiny", RECIPE, size=32) for _ in range(2))
    load_classifier(after, train(dataset, "still", still_layer="below", epochs=2).weights_path)
    names = [layer.name for layer in before.layers]
    for place, (one, other) in enumerate(zip(before.layers, after.layers, strict=True)):
        pairs = list(zip(one.get_weights(), other.get_weights(), strict=True))
        if pairs and not isinstance(one, keras.layers.Dropout):  # its weights are a random state
            same = all(np.array_equal(*pair) for pair in pairs)
            assert same == (place < names.index("below")), one.name
    with pytest.raises(DataError, match="no layer 'beyond' to freeze up to"):
        train(dataset, "beyond", still_layer="beyond")


def test_views_of_three_squares_are_those_of_the_picture(run, dataset):
    """Cut out of the files again: at the left, in the centre and at the right."""
    recipe = RECIPE.replace(views="crops")
    part = prepare(recipe, dataset, 32, 0, progress=False).parts["test"]
    model = build_classifier("Tiny", recipe, size=32)
    load_classifier(model, run.weights_path)
    found, places = [], dataset.table.set_index("image_id")["path"]
    pictures = [Image.open(places[name]) for name in run.predictions("test")["image_id"]]
    for left in (0, 8, 16):  # of 64 x 48 pixels
        box = (left, 0, left + 48, 48)
        squares = [each.resize((32, 32), Image.Resampling.BILINEAR, box) for each in pictures]
        inputs = part.facts(np.arange(len(part)))
        found += [
            model.predict_on_batch({**inputs, "image": view})
            for view in d4(np.stack([np.asarray(square) for square in squares]))
        ]
    expected = np.mean(found, axis=0)
    np.testing.assert_allclose(predict(model, part, views="crops"), expected, atol=1e-5)
    assert np.abs(predict(model, part, views="d4") - expected).max() > 1e-4
