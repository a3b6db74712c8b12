"""Grad-CAM against a case with a closed form and finite differences; `test_parity` has backends."""

import keras
import numpy as np
import pytest
import tiny
from keras import layers, ops
from networks import liven

from skinlib.data.batches import Part
from skinlib.models import gradcam
from skinlib.models.classifier import build_classifier


def part_of(inputs):
    count = len(inputs["image"])
    labels = np.zeros(count, int)
    return Part(inputs["image"], np.arange(count), inputs.get("metadata"), labels)


def test_with_a_linear_head_it_is_the_class_activation_map():
    """Behind pooling and averaging the weights of the last layer weigh the channels.

    The maximum of each window of `pool` passes on its share of the average, so a channel's
    gradient sums to the weight of the class, wherever the maxima are.
    """
    image = layers.Input((4, 6, 3), name="image")
    tap = layers.Rescaling(1 / 255, name="tap")(image)
    pooled = layers.MaxPooling2D(2, name="pool")(tap)
    features = layers.GlobalAveragePooling2D()(pooled)
    out = layers.Dense(7, activation="softmax", name="probabilities")(features)
    model = keras.Model(image, out)
    rng = np.random.default_rng(0)
    kernel = 9 * rng.normal(size=(3, 7))
    model.get_layer("probabilities").set_weights([kernel, np.zeros(7)])
    # One channel at a time is dark, so that not every image gets the same class.
    count = gradcam.BATCH + 6
    pixels = rng.integers(0, 256, (count, 4, 6, 3), dtype=np.uint8)
    pixels[np.arange(count), ..., np.arange(count) % 3] //= 8
    maps, probabilities = gradcam.gradcam(model, part_of({"image": pixels}))
    chosen = probabilities.argmax(axis=1)
    assert len(set(chosen)) > 1
    expected = np.einsum("nhwc,cn->nhw", pixels / 255, kernel[:, chosen]) / (4 * 6)
    assert (expected < 0).any()
    assert (expected > 0).any()
    np.testing.assert_allclose(maps["gradcam"], np.maximum(expected, 0), atol=1e-5)
    # Without the average a window's maximum alone counts, with a sixth of its weight.
    windows = (pixels / 255).reshape(-1, 2, 2, 3, 2, 3).transpose(0, 1, 3, 2, 4, 5)
    windows = windows.reshape(-1, 2, 3, 4, 3)
    passed = np.where(np.arange(4)[:, None] == windows.argmax(axis=3)[..., None, :], windows, 0)
    expected = np.einsum("nhwkc,cn->nhwk", passed, kernel[:, chosen]) / 6
    expected = expected.reshape(-1, 2, 3, 2, 2).transpose(0, 1, 3, 2, 4).reshape(-1, 4, 6)
    np.testing.assert_allclose(maps["hirescam"], np.maximum(expected, 0), atol=1e-5)


@pytest.mark.parametrize("name", ["md-as-described", "md-as-logged", "ad-as-logged"])
def test_gradient_against_finite_differences(name, inputs, monkeypatch):
    """Lower one channel everywhere by a little: the logit moves by the sum of its gradient.

    Downwards, since a ReLU has let the tensor end at 0, where its slope counts as 0.
    """
    tiny.install(monkeypatch)
    inputs = {**inputs, "image": inputs["image"][:, :32, :32]}
    model = liven(build_classifier("Tiny", tiny.recipe(name)))
    names = [tensor.name for tensor in model.inputs]
    asked = {name: inputs[name] for name in names}
    maps, _ = gradcam.gradcam(model, part_of(asked))
    below, above = gradcam.split(model)
    tensor, probabilities = below.predict_on_batch([asked[name] for name in names])
    count, height, width, channels = tensor.shape
    kernel = ops.convert_to_numpy(model.get_layer("probabilities").kernel).astype(float)
    kernel = kernel[:, probabilities.argmax(axis=1)].T

    def moves(moved, each):
        """Return what the logit of each image's class gains from the first to the second."""
        rows = np.repeat(np.arange(count), 2 * each)
        facts = [asked[name][rows] for name in names if name != "image"]
        features = above([moved.astype("float32"), *facts], training=False)
        features = ops.convert_to_numpy(features).reshape(count, each, 2, -1).astype(float)
        return np.diff(np.einsum("ncsf,nf->ncs", features, kernel), axis=-1)[..., 0]

    step = 1e-3
    shifts = step * np.stack([-np.eye(channels), np.zeros([channels] * 2)], axis=1)
    moved = tensor[:, None, None] + shifts[:, :, None, None]
    rise = moves(moved.reshape(-1, *tensor.shape[1:]), channels)
    weights = rise / (step * height * width)

    expected = np.maximum(np.einsum("nhwc,nc->nhw", tensor, weights), 0)
    assert (expected > 0).mean() > 0.1
    np.testing.assert_allclose(maps["gradcam"], expected, atol=0.02 * expected.max())

    # Dim one place by a little: the logit moves by what the place adds to it.
    places, step = height * width, 2e-4
    dimmed = 1 - step * np.stack([np.eye(places), np.zeros((places, places))], axis=1)
    moved = tensor[:, None, None] * dimmed.reshape(places, 2, height, width, 1)
    rise = moves(moved.reshape(-1, *tensor.shape[1:]), places)
    expected = np.maximum(rise / step, 0).reshape(count, height, width)
    assert (expected > 0).mean() > 0.1
    close = np.isclose(maps["hirescam"], expected, atol=0.02 * expected.max())
    # A place may be all but the maximum of its pooling window, and stop being it.
    assert close.mean() > 0.98
