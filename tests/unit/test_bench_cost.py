"""Arithmetic counted from layer shapes, against hand-worked layers and published totals."""

import keras
import pytest
from keras import layers

from skinlib.bench import cost
from skinlib.models.attention import SoftAttention


@pytest.mark.parametrize(
    ("layer", "macs", "activations"),
    [
        # An output of 8 x 6 x 5; each number sums 3 x 3 x 4 products.
        (lambda: layers.Conv2D(5, 3, padding="same"), 8 * 6 * 5 * 9 * 4, 8 * 6 * 5),
        # Stride 2: 4 x 3; two groups see half of the channels each.
        (lambda: layers.Conv2D(6, 3, strides=2, padding="same", groups=2),
         4 * 3 * 6 * 9 * 2, 4 * 3 * 6),
        # One 3 x 3 kernel a channel, twice.
        (lambda: layers.DepthwiseConv2D(3, depth_multiplier=2), 6 * 4 * 8 * 9, 6 * 4 * 8),
        (lambda: layers.SeparableConv2D(7, 5, padding="same"),
         8 * 6 * (4 * 25 + 4 * 7), 8 * 6 * 7),
        # On each of the 8 x 6 positions.
        (lambda: layers.Dense(3), 8 * 6 * 4 * 3, 8 * 6 * 3),
        (lambda: layers.BatchNormalization(), 0, 8 * 6 * 4),
        # 2 maps from 3 x 3 x 4 products each, and each of 8 x 6 x 4 numbers weighted.
        (lambda: SoftAttention("as_described", 2), 8 * 6 * (2 * 36 + 4), 8 * 6 * 4),
        # The kernel is 4 high over 3 x 3: as many taps as there are channels, all meet data.
        (lambda: SoftAttention("as_coded", 2), 8 * 6 * (2 * 36 + 4), 8 * 6 * 4),
    ],
)  # fmt: skip
def test_cost_of_layers_by_hand(layer, macs, activations):
    inputs = keras.Input((8, 6, 4))
    found = cost.count(keras.Model(inputs, layer()(inputs)))
    assert found["macs"] == macs
    assert found["activations"] == 8 * 6 * 4 + activations


@pytest.mark.parametrize(
    ("name", "gmac", "activations"),
    [("MobileNetV2", 0.30, 21.8), ("ResNet50", 3.86, 37.1), ("VGG16", 15.47, 15.2)],
)
def test_cost_of_published_networks(name, gmac, activations):
    """Multiply-accumulates that the literature gives for the full networks."""
    found = cost.count(getattr(keras.applications, name)(weights=None))
    assert found["macs"] / 1e9 == pytest.approx(gmac, abs=0.005)
    assert found["activations"] / 1e6 == pytest.approx(activations, abs=0.07)
    keras.utils.clear_session()
