"""Schedule, early stopping and best epoch decide as the Keras callbacks of the authors did."""

import dataclasses

import keras
import numpy as np
import pytest

from skinlib.experiments.recipes import get_recipe
from skinlib.training.schedule import Controls

SHORT = {"plateau_patience": 2, "stopping_patience": 6, "minimum_learning_rate": 1e-4}
RECIPES = {
    "md-as-logged": get_recipe("md-as-logged"),
    "md-as-described": get_recipe("md-as-described"),
    "ad-as-logged": get_recipe("ad-as-logged"),  # no schedule
    "short": get_recipe("md-as-logged").replace(**SHORT),
    "short, accuracy": get_recipe("clean").replace(**SHORT),
    "short, loss": get_recipe("clean").replace(
        **SHORT, stopping_metric="loss", stopping_delta=0.02, checkpoint_metric="loss"
    ),
}


def scores(seed, epochs=80):
    """Return the loss and accuracy of each epoch: falling, noisy, with exact repetitions."""
    rng = np.random.default_rng(seed)
    trend = np.exp(-np.arange(epochs) / rng.uniform(3, 15))
    loss = 0.5 + trend + rng.normal(0, 0.03, epochs)
    accuracy = 0.8 - 0.5 * trend + rng.normal(0, 0.02, epochs)
    for row in np.flatnonzero(rng.random(epochs) < 0.2)[1:]:
        loss[row], accuracy[row] = loss[:row].min(), accuracy[:row].max()
    return loss.tolist(), accuracy.tolist()


def ours(recipe, losses, accuracies, control=None, start=0):
    """Return, for each epoch run, its learning rate afterwards and the best epoch so far."""
    control = control or Controls(recipe.learning_rate)
    found = []
    for epoch in range(start, len(losses)):
        before = control.best_epoch
        best = control.update(recipe, epoch, losses[epoch], accuracies[epoch])
        assert best == (control.best_epoch != before)
        found.append((control.learning_rate, control.best_epoch))
        if control.stopped:
            break
    return found


def theirs(recipe, losses, accuracies, path):
    """Return the same of Keras, its callbacks driven by hand."""
    mode = {"loss": "min", "accuracy": "max"}
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(recipe.learning_rate), loss="mse")
    model.stop_training = False
    checkpoint = keras.callbacks.ModelCheckpoint(
        path,
        monitor=f"val_{recipe.checkpoint_metric}",
        mode=mode[recipe.checkpoint_metric],
        save_best_only=True,
        save_weights_only=True,
    )
    stopping = keras.callbacks.EarlyStopping(
        monitor=f"val_{recipe.stopping_metric}",
        mode=mode[recipe.stopping_metric],
        patience=recipe.stopping_patience,
        min_delta=recipe.stopping_delta,
    )
    callbacks = [stopping, checkpoint]
    if recipe.plateau_factor is not None:
        plateau = keras.callbacks.ReduceLROnPlateau(
            monitor="val_loss",
            mode="min",
            factor=recipe.plateau_factor,
            patience=recipe.plateau_patience,
            min_lr=recipe.minimum_learning_rate,
        )
        callbacks.insert(0, plateau)
    for callback in callbacks:
        callback.set_model(model)
        callback.on_train_begin()
    found, best_epoch = [], -1
    for epoch, (loss, accuracy) in enumerate(zip(losses, accuracies, strict=True)):
        path.unlink(missing_ok=True)
        for callback in callbacks:
            callback.on_epoch_end(epoch, {"val_loss": loss, "val_accuracy": accuracy})
        best_epoch = epoch if path.exists() else best_epoch
        found.append((float(model.optimizer.learning_rate), best_epoch))
        if model.stop_training:
            break
    return found


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("seed", range(4))
def test_keras_decides_the_same(name, seed, tmp_path):
    recipe = RECIPES[name]
    expected = theirs(recipe, *scores(seed), tmp_path / "best.weights.h5")
    found = ours(recipe, *scores(seed))
    assert len(found) == len(expected)  # stopped after the same epoch
    assert [best for _, best in found] == [best for _, best in expected]
    # Keras keeps the learning rate as float32.
    assert [rate for rate, _ in found] == pytest.approx([rate for rate, _ in expected], rel=1e-5)


def test_the_sequences_above_meet_every_case():
    short = [ours(RECIPES["short"], *scores(seed)) for seed in range(4)]
    assert all(len(found) < 80 for found in short)  # stops
    assert any(len({rate for rate, _ in found}) > 2 for found in short)  # lowers more than once
    assert any(found[-1][0] == SHORT["minimum_learning_rate"] for found in short)  # and no further
    assert any(found[-1][1] < len(found) - 1 for found in short)  # the best is not the last
    logged = ours(RECIPES["ad-as-logged"], *scores(0))
    assert {rate for rate, _ in logged} == {0.01}


def test_a_small_case_worked_by_hand():
    """Patience 2 for the schedule and 3 for stopping; the loss is best in the second epoch."""
    recipe = get_recipe("clean").replace(
        plateau_patience=2, stopping_metric="loss", stopping_patience=3
    )
    found = ours(recipe, [1.0, 0.9, 0.9, 0.95, 0.91, 0.1], [0.5, 0.6, 0.6, 0.7, 0.5, 0.9])
    assert found == [
        (0.001, 0),
        (0.001, 1),
        (0.001, 1),  # an equal accuracy is no improvement
        (pytest.approx(0.0002), 3),  # second epoch without a lower loss
        (pytest.approx(0.0002), 3),  # third: stop, before the good last epoch
    ]


@pytest.mark.parametrize("killed", [1, 5, 9])
def test_counters_that_were_saved_go_on_as_if_nothing_had_happened(killed):
    """F23: Keras forgets them, and a resumed run would stop elsewhere."""
    recipe, (losses, accuracies) = RECIPES["short"], scores(1)
    whole = ours(recipe, losses, accuracies)
    control = Controls(recipe.learning_rate)
    first = ours(recipe, losses[:killed], accuracies[:killed], control)
    control = Controls(**dataclasses.asdict(control))
    assert first + ours(recipe, losses, accuracies, control, start=killed) == whole


@pytest.mark.parametrize("warmup", [0, 3])
def test_the_rate_rises_evenly_and_then_falls_along_the_cosine_of_keras(warmup):
    recipe = get_recipe("folds").replace(
        epochs=7 + warmup, warmup=warmup, learning_rate=0.01, minimum_learning_rate=0.001
    )
    control, found = Controls.first(recipe), []
    for epoch in range(recipe.epochs):
        found.append(control.learning_rate)
        control.update(recipe, epoch)
    schedule = keras.optimizers.schedules.CosineDecay(0.01, 7, alpha=0.1)
    rising = [0.0025, 0.005, 0.0075][:warmup]
    expected = rising + [float(schedule(epoch)) for epoch in range(7)]
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_best_mean_recall_can_choose():
    recipe = get_recipe("clean").replace(checkpoint_metric="mean_recall")
    control = Controls(recipe.learning_rate)
    scores = [(0.9, 0.3), (0.5, 0.6), (0.8, 0.6)]
    kept = [
        control.update(recipe, epoch, 1.0, accuracy, mean_recall)
        for epoch, (accuracy, mean_recall) in enumerate(scores)
    ]
    assert kept == [True, True, False]
    assert control.best_epoch == 1


@pytest.mark.parametrize("name", ["clean", "folds"])
def test_the_last_epoch_is_kept_whatever_its_scores(name):
    """And nothing stops a training in which nothing is selected."""
    recipe = get_recipe(name).replace(checkpoint_metric="last", epochs=90)
    control = Controls.first(recipe)
    for epoch in range(20 if name == "clean" else 90):
        scores = (1.0 + epoch, 0.5 - epoch) if name == "clean" else ()
        assert control.update(recipe, epoch, *scores)
        assert (control.stopped, control.best_epoch) == (False, epoch)
