"""The attention layer against a 3-D convolution, plain loops and the logged counts."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from skinlib.models import conv3d
from skinlib.models.attention import VARIANTS, SoftAttention

# H, W, C: odd and even depth, C above and below the 2H-1 height taps that can meet data,
# squares and rectangles, a single pixel, and the taps of four real backbones.
SHAPES = [
    (7, 7, 128),
    (8, 8, 192),
    (11, 11, 672),
    (1, 1, 96),
    (2, 2, 16),
    (3, 6, 4),
    (4, 5, 6),
    (5, 4, 7),
    (6, 3, 3),
    (1, 4, 5),
]
HEADS = 4


def tensor(rng, *shape):
    return rng.normal(size=shape).astype("float32")


def built(variant, shape, rng, heads=HEADS):
    """Return a layer that returns its maps, with a random kernel and bias."""
    layer = SoftAttention(variant, heads, return_maps=True)
    layer.build((None, *shape))
    scale = 1 / np.sqrt(9 * shape[-1])
    layer.kernel.assign(scale * tensor(rng, *layer.kernel.shape))
    if layer.bias is not None:
        layer.bias.assign(0.1 * tensor(rng, heads))
    return layer


def outcome(layer, inputs):
    output, maps = layer(inputs)
    return ops.convert_to_numpy(output), ops.convert_to_numpy(maps)


def spatial_softmax(scores):
    """ReLU, then softmax over H and W; scores have the shape (batch, H, W, K)."""
    exponentials = np.exp(np.maximum(scores, 0.0))
    return exponentials / exponentials.sum(axis=(1, 2), keepdims=True)


def padding(size, taps, stride):
    """Zeros before the data in a "same" convolution, as TensorFlow defines it."""
    outputs = -(-size // stride)
    return max((outputs - 1) * stride + taps - size, 0) // 2


def loops_as_coded(inputs, kernel):
    """Scores of a 3-D convolution over (H, W, C) with strides (1, 1, C), one product at a time."""
    inputs, kernel = inputs.astype(float), kernel.astype(float)
    batch, height, width, channels = inputs.shape
    sizes, strides = (height, width, channels), (1, 1, channels)
    before = [padding(*each) for each in zip(sizes, kernel.shape[:3], strides, strict=True)]
    scores = np.zeros((batch, height, width, kernel.shape[-1]))
    for b, i, j, k in itertools.product(*map(range, scores.shape)):
        for di, dj, dc in itertools.product(*map(range, kernel.shape[:3])):
            y, x, c = i + di - before[0], j + dj - before[1], dc - before[2]
            if 0 <= y < height and 0 <= x < width and 0 <= c < channels:
                scores[b, i, j, k] += inputs[b, y, x, c] * kernel[di, dj, dc, 0, k]
    return scores


def loops_as_described(inputs, kernel):
    """Scores of a 3 x 3 convolution over all channels, one product at a time."""
    batch, height, width, channels = inputs.shape
    scores = np.zeros((batch, height, width, kernel.shape[-1]))
    for b, i, j, k in itertools.product(*map(range, scores.shape)):
        for di, dj, c in itertools.product(range(3), range(3), range(channels)):
            y, x = i + di - 1, j + dj - 1
            if 0 <= y < height and 0 <= x < width:
                scores[b, i, j, k] += inputs[b, y, x, c] * kernel[di, dj, c, k]
    return scores


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_as_coded_equals_the_3d_convolution(shape, rng):
    layer = built("as_coded", shape, rng)
    inputs = tensor(rng, 2, *shape)
    output, maps = outcome(layer, inputs)
    kernel, bias = (ops.convert_to_numpy(weight) for weight in (layer.kernel, layer.bias))
    # `test_conv3d` compares this reference with the loops.
    expected = spatial_softmax(conv3d.reference(inputs, kernel, 0) + bias)
    np.testing.assert_allclose(maps, expected, rtol=2e-5)
    product = expected.sum(axis=-1, keepdims=True) * inputs
    np.testing.assert_allclose(output, product, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 4, 3), (2, 3, 5), (4, 2, 6)], ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_each_variant_equals_plain_loops(variant, shape, rng):
    layer = built(variant, shape, rng, heads=2)
    inputs = tensor(rng, 1, *shape)
    output, maps = outcome(layer, inputs)
    loops = loops_as_coded if variant == "as_coded" else loops_as_described
    kernel = ops.convert_to_numpy(layer.kernel)
    if variant == "as_written":
        scores = loops(inputs, kernel)
        expected = np.exp(scores) / np.exp(scores).sum(axis=(1, 2), keepdims=True)
    else:
        expected = spatial_softmax(loops(inputs, kernel) + ops.convert_to_numpy(layer.bias))
    np.testing.assert_allclose(maps, expected, rtol=2e-5)
    gamma = 1.0 if variant == "as_coded" else 0.01
    product = gamma * expected.sum(axis=-1, keepdims=True) * inputs
    np.testing.assert_allclose(output, product, rtol=2e-5, atol=1e-6)


def test_two_pixels_by_hand():
    # One row of two pixels, three channels, one head that copies channel 0: scores 0 and
    # ln 3, so the softmax is 1/4 and 3/4.
    layer = SoftAttention("as_coded", heads=1, return_maps=True)
    layer.build((None, 1, 2, 3))
    kernel = np.zeros((3, 3, 3, 1, 1), "float32")
    kernel[1, 1, 0, 0, 0] = 1.0
    layer.kernel.assign(kernel)
    inputs = np.array([[[[0.0, 8.0, -4.0], [np.log(3), 4.0, 12.0]]]], "float32")
    output, maps = outcome(layer, inputs)
    np.testing.assert_allclose(maps[0, 0, :, 0], [0.25, 0.75], rtol=1e-6)
    np.testing.assert_allclose(
        output[0, 0], [[0.0, 2.0, -1.0], [0.75 * np.log(3), 3.0, 9.0]], rtol=1e-6
    )


def test_as_coded_sees_channels_0_to_2_alone(rng):
    layer = built("as_coded", (5, 4, 12), rng)
    inputs = tensor(rng, 1, 5, 4, 12)
    _, maps = outcome(layer, inputs)
    moved = [
        np.abs(outcome(layer, inputs + np.eye(12, dtype="float32")[channel])[1] - maps).max()
        for channel in range(12)
    ]
    assert min(moved[:3]) > 1e-4
    assert max(moved[3:]) == 0


@pytest.mark.parametrize("variant", ["as_described", "as_written"])
def test_gamma_starts_at_a_hundredth_and_is_trained(variant):
    layer = SoftAttention(variant)
    layer.build((None, 3, 3, 8))
    assert float(ops.convert_to_numpy(layer.gamma)) == pytest.approx(0.01)
    assert layer.gamma.path in [weight.path for weight in layer.trainable_weights]
    inputs = np.ones((1, 3, 3, 8), "float32")
    before = ops.convert_to_numpy(layer(inputs))
    layer.gamma.assign(0.02)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(inputs)), 2 * before, rtol=1e-6)


@pytest.mark.parametrize(("height", "channels", "met"), [(8, 192, 15), (7, 128, 13), (4, 6, 6)])
def test_as_coded_has_2h_minus_1_height_taps_that_meet_data(height, channels, met, rng):
    layer = built("as_coded", (height, 2, channels), rng)
    inputs = tensor(rng, 1, height, 2, channels)
    _, maps = outcome(layer, inputs)
    first, last = layer.taps
    assert last - first == met
    kernel = ops.convert_to_numpy(layer.kernel).copy()
    kernel[:first] = kernel[last:] = 1e3
    layer.kernel.assign(kernel)
    np.testing.assert_array_equal(outcome(layer, inputs)[1], maps)
    # The outermost of the others do count.
    for tap in (first, last - 1):
        other = kernel.copy()
        other[tap] += 1.0
        layer.kernel.assign(other)
        assert np.abs(outcome(layer, inputs)[1] - maps).max() > 1e-4


# Channels of the taps, and the parameters of the layer in the summaries.
LOGGED = {128: 18_448, 192: 27_664, 176: 25_360, 576: 82_960, 672: 96_784, 960: 138_256}
LOGGED |= {2048: 294_928}


@pytest.mark.parametrize("channels", LOGGED)
def test_parameters_agree_with_the_logged_summaries(channels):
    for variant, extra in (("as_coded", 0), ("as_described", 1), ("as_written", 1 - 16)):
        layer = SoftAttention(variant)
        layer.build((None, 7, 7, channels))
        # γ, and no bias as written.
        assert layer.count_params() == LOGGED[channels] + extra, variant


def test_initial_weights_are_he_uniform_with_a_zero_bias():
    keras.utils.set_random_seed(3)
    for variant in VARIANTS:
        layer = SoftAttention(variant)
        layer.build((None, 4, 4, 50))
        kernel = ops.convert_to_numpy(layer.kernel)
        limit = np.sqrt(6 / (9 * 50))
        assert np.abs(kernel).max() <= limit
        assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.05), variant
        assert layer.bias is None or not ops.convert_to_numpy(layer.bias).any()


@pytest.mark.parametrize("variant", VARIANTS)
def test_shapes_of_output_and_maps_are_announced(variant, rng):
    inputs = tensor(rng, 2, 4, 3, 5)
    both = SoftAttention(variant, heads=6, return_maps=True)
    shapes = tuple(tuple(part.shape) for part in both(inputs))
    assert shapes == both.compute_output_shape(inputs.shape) == ((2, 4, 3, 5), (2, 4, 3, 6))


def test_what_cannot_be_built_is_refused():
    with pytest.raises(ValueError, match=r"as_coded.*'as_code'"):
        SoftAttention("as_code")
    with pytest.raises(ValueError, match="at least 3 channels"):
        SoftAttention("as_coded").build((None, 4, 4, 2))
    with pytest.raises(ValueError, match="fixed height"):
        SoftAttention().build((None, None, 7, 16))
