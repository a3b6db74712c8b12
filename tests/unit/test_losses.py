"""Class weights and losses against scikit-learn and Keras."""

import types

import keras
import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_class_weight

from skinlib.common.classes import HAM10000_COUNTS
from skinlib.common.errors import DataError
from skinlib.experiments.recipes import LOGGED_MD_WEIGHTS, get_recipe
from skinlib.training import losses

LABELS = np.array([0, 1, 1, 2, 3, 3, 3, 4, 5, 5, 5, 5, 5, 6])
ONE_HOT = np.eye(7, dtype=np.float32)[LABELS]


@pytest.fixture
def probabilities():
    found = np.random.default_rng(0).dirichlet(np.ones(7), len(LABELS)).astype(np.float32)
    return found / found.sum(axis=1, keepdims=True)


def loss(probabilities, weights=(1,) * 7, one_hot=ONE_HOT, **options):
    """Return the loss of each image."""
    return np.asarray(losses.weighted_cross_entropy(weights, **options)(one_hot, probabilities))


def test_class_weights_are_the_balanced_ones():
    expected = compute_class_weight("balanced", classes=np.arange(7), y=LABELS)
    np.testing.assert_allclose(losses.class_weights(LABELS), expected, rtol=1e-12)
    assert losses.class_weights(LABELS)[5] == pytest.approx(14 / (7 * 5))


def test_the_authors_constants_are_these_weights_of_all_images():
    """They typed them in with two decimals, cut off (protocol §3); 10.07 became 10."""
    labels = np.repeat(np.arange(7), list(HAM10000_COUNTS.values()))
    cut = np.floor(100 * losses.class_weights(labels)) / 100
    assert cut[:6].tolist() == [4.37, 2.78, 1.3, 12.44, 1.28, 0.21]
    assert (*cut[:6].tolist(), 10.0) == LOGGED_MD_WEIGHTS
    assert cut[6] == 10.07


def test_a_class_without_images_is_named():
    with pytest.raises(DataError, match="df, vasc"):
        losses.class_weights(LABELS[(LABELS != 3) & (LABELS != 6)])


def test_the_weighted_loss_of_a_case_worked_by_hand():
    """-w log p, the mean over images and not over weights."""
    probabilities = np.full((2, 7), 0.1, np.float32)
    probabilities[0, 1], probabilities[1, 6] = 0.5, 0.25
    found = loss(probabilities, [1, 2, 3, 4, 5, 6, 7], np.eye(7, dtype=np.float32)[[1, 6]])
    np.testing.assert_allclose(found, [-2 * np.log(0.5), -7 * np.log(0.25)], rtol=1e-6)


def test_plain_cross_entropy_is_that_of_scikit_learn(probabilities):
    exact = probabilities.astype(float)
    exact /= exact.sum(axis=1, keepdims=True)
    expected = log_loss(LABELS, exact, labels=range(7))
    assert losses.cross_entropy(LABELS, exact) == pytest.approx(expected, rel=1e-12)
    assert losses.cross_entropy(LABELS, probabilities) == pytest.approx(expected, rel=1e-6)
    certain = np.eye(7)[LABELS]
    assert losses.cross_entropy(LABELS, certain) == 0
    assert losses.cross_entropy(LABELS, np.roll(certain, 1, axis=1)) == pytest.approx(-np.log(1e-7))


def model(of):
    keras.utils.set_random_seed(0)
    layers = [keras.Input((5,)), keras.layers.Dense(7, activation="softmax")]
    model = keras.Sequential(layers)
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss=of)
    return model


def test_it_equals_the_class_weight_of_keras():
    """One step of gradient descent, and the loss reported, are those of the authors' call."""
    x = np.random.default_rng(1).normal(size=(len(LABELS), 5)).astype(np.float32)
    weights = losses.class_weights(LABELS)
    ours = model(losses.weighted_cross_entropy(weights))
    theirs = model("categorical_crossentropy")
    start = np.array(ours.get_weights()[0])
    np.testing.assert_array_equal(start, theirs.get_weights()[0])

    found = ours.evaluate(x, ONE_HOT, batch_size=len(x), verbose=0)
    weighted = theirs.evaluate(
        x, ONE_HOT, batch_size=len(x), sample_weight=weights[LABELS], verbose=0
    )
    assert found == pytest.approx(weighted, rel=1e-5)

    step = {"batch_size": len(x), "epochs": 1, "shuffle": False, "verbose": 0}
    ours.fit(x, ONE_HOT, **step)
    theirs.fit(x, ONE_HOT, class_weight=dict(enumerate(weights)), **step)
    assert np.abs(ours.get_weights()[0] - start).max() > 1e-3
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)


def test_label_smoothing_spreads_a_share_of_the_target_evenly(probabilities):
    expected = -np.sum((0.9 * ONE_HOT + 0.1 / 7) * np.log(probabilities), axis=1)
    np.testing.assert_allclose(loss(probabilities, smoothing=0.1), expected, rtol=1e-5)


def test_logit_adjustment_weighs_a_softmax_by_the_class_shares(probabilities):
    """By hand: softmax(log p + τ log π) is p π^τ, normalised."""
    weighed = probabilities * (np.bincount(LABELS) / len(LABELS)) ** 0.5
    weighed /= weighed.sum(axis=1, keepdims=True)
    found = loss(probabilities, offsets=losses.prior_offsets(LABELS, 0.5))
    np.testing.assert_allclose(found, -np.log(weighed[range(len(LABELS)), LABELS]), rtol=1e-5)
    assert losses.prior_offsets(LABELS, 0.0) is None


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_the_focal_loss_is_that_of_keras(probabilities, gamma):
    weights = losses.class_weights(LABELS)
    expected = keras.losses.categorical_focal_crossentropy(
        ONE_HOT, probabilities, alpha=weights.tolist(), gamma=gamma
    )
    found = loss(probabilities, weights, focal=gamma)
    np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-4)


def test_a_bounded_loss_grows_no_more_below_its_probability():
    certain = np.array([0.9, 0.3, 0.1, 0.05, 0.001], np.float32)
    probabilities = np.tile((1 - certain[:, None]) / 6, 7)
    probabilities[:, 2] = certain
    one_hot = np.eye(7, dtype=np.float32)[[2] * 5]
    found = loss(probabilities, one_hot=one_hot, cap=0.1)
    np.testing.assert_allclose(found, -np.log([0.9, 0.3, 0.1, 0.1, 0.1]), rtol=1e-4)
    both = loss(probabilities, one_hot=one_hot, cap=0.1, focal=2.0)
    np.testing.assert_allclose(both, found * (1 - certain) ** 2, rtol=1e-4)


def test_the_power_of_the_weights_leaves_their_mean():
    recipe = get_recipe("clean").replace(weight_power=0.5)
    found = losses.weights_of(recipe, LABELS)
    roots = np.sqrt(losses.class_weights(LABELS))
    np.testing.assert_allclose(found / found[0], roots / roots[0])
    assert found[LABELS].mean() == pytest.approx(1)


def compiled(**fields):
    """Return a small model as a recipe compiles it."""
    trained, parts = model(None), {"train": types.SimpleNamespace(labels=LABELS)}
    network = types.SimpleNamespace(trained=trained, parts=parts, jit_compile=False)
    losses.compile_network(network, get_recipe("clean").replace(**fields))
    return trained


def test_a_step_is_traced_once(monkeypatch, rng):
    """A trace of NASNetLarge takes a minute; TensorFlow took two when the optimiser was not built."""
    traces = []
    weighted = losses.weighted_cross_entropy

    def counted(*args, **options):
        loss = weighted(*args, **options)
        return lambda *batch: traces.append(1) or loss(*batch)

    monkeypatch.setattr(losses, "weighted_cross_entropy", counted)
    trained = compiled()
    for _ in range(3):
        trained.train_on_batch(rng.normal(size=(len(LABELS), 5)).astype("float32"), ONE_HOT)
    assert len(traces) == (1 if keras.backend.backend() != "torch" else 3)


@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_the_optimiser_is_adam_and_adamw_with_a_weight_decay(decay, rng):
    ours, theirs = compiled(weight_decay=decay, class_weights="none"), model(None)
    kind = keras.optimizers.AdamW if decay else keras.optimizers.Adam
    options = {"weight_decay": decay} if decay else {}
    optimizer = kind(0.001, epsilon=0.1, **options)
    theirs.compile(optimizer=optimizer, loss="categorical_crossentropy")
    for _ in range(3):
        batch = rng.normal(size=(len(LABELS), 5)).astype("float32"), ONE_HOT
        for each in (ours, theirs):
            each.train_on_batch(*batch)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)
