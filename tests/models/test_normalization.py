"""Batch normalisation in one kernel: outputs, moving statistics and gradients, from NumPy."""

import keras
import numpy as np
import pytest

from skinlib.models import normalization

tf = pytest.importorskip("tensorflow")
SHAPE, EPSILON, MOMENTUM = (3, 4, 5, 6), 1e-3, 0.9


def _model(dtype=None, **options):
    layer = keras.layers.BatchNormalization(
        epsilon=EPSILON, momentum=MOMENTUM, name="norm", dtype=dtype, **options
    )
    image = keras.Input(SHAPE[1:])
    model = keras.Model(image, layer(image))
    normalization.fuse(model)
    return model, layer


@pytest.fixture
def tensor():
    return np.random.default_rng(3).normal(2.0, 3.0, SHAPE).astype("float32")


@pytest.mark.parametrize("affine", [True, False])
def test_a_training_step_is_that_of_the_formulas(tensor, affine):
    model, layer = _model(scale=affine, center=affine)
    rng = np.random.default_rng(5)
    gamma, beta = rng.uniform(0.5, 2, SHAPE[-1]), rng.normal(size=SHAPE[-1])
    if affine:
        layer.gamma.assign(gamma)
        layer.beta.assign(beta)
    else:
        gamma, beta = np.ones(SHAPE[-1]), np.zeros(SHAPE[-1])
    upper = rng.normal(size=SHAPE)

    inputs = tf.constant(tensor)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = model(inputs, training=True)
        loss = tf.reduce_sum(outputs * upper)
    found = tape.gradient(loss, [inputs, *(v.value for v in layer.trainable_variables)])

    x, axes = tensor.astype(float), (0, 1, 2)
    mean, variance = x.mean(axes), x.var(axes)
    normal = (x - mean) / np.sqrt(variance + EPSILON)
    np.testing.assert_allclose(outputs, gamma * normal + beta, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean, (1 - MOMENTUM) * mean, rtol=1e-5)
    moved = MOMENTUM + (1 - MOMENTUM) * variance
    np.testing.assert_allclose(layer.moving_variance, moved, rtol=1e-5)
    centred = upper - upper.mean(axes) - normal * (upper * normal).mean(axes)
    expected = [gamma / np.sqrt(variance + EPSILON) * centred]
    if affine:
        expected += [(upper * normal).sum(axes), upper.sum(axes)]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("frozen", [True, False])
def test_a_frozen_layer_and_a_prediction_use_the_moving_statistics(tensor, frozen):
    model, layer = _model()
    layer.moving_mean.assign(np.arange(6))
    layer.moving_variance.assign(np.arange(1, 7))
    layer.trainable = not frozen
    found = model(tensor, training=frozen)
    expected = (tensor - np.arange(6)) / np.sqrt(np.arange(1, 7) + EPSILON)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer.moving_mean, np.arange(6))


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_under_mixed_precision_statistics_stay_in_float32(tensor, name):
    model, layer = _model(dtype=f"mixed_{name}")
    outputs = model(tensor, training=True)
    assert outputs.dtype == name
    assert layer.moving_mean.dtype == "float32"
    mean = tensor.mean((0, 1, 2))
    np.testing.assert_allclose(layer.moving_mean, (1 - MOMENTUM) * mean, rtol=1e-2)


def test_one_value_has_no_variance_and_xla_agrees(tensor):
    _, layer = _model()
    layer(tensor[:1, :1, :1], training=True)
    np.testing.assert_allclose(layer.moving_variance, MOMENTUM, rtol=1e-5)
    compiled, other = _model()
    tf.function(compiled, jit_compile=True)(tensor, training=True)
    expected = MOMENTUM + (1 - MOMENTUM) * tensor.astype(float).var((0, 1, 2))
    np.testing.assert_allclose(other.moving_variance, expected, rtol=1e-4)


def test_names_weights_and_configuration_stay():
    model, layer = _model()
    plain = keras.layers.BatchNormalization.from_config(layer.get_config())
    plain.build((None, *SHAPE[1:]))
    assert [w.path for w in plain.weights] == [w.path for w in layer.weights]
    assert keras.Model.from_config(model.get_config()).get_layer("norm").get_config() == (
        layer.get_config()
    )
