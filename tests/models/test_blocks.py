"""DropBlock's kept share and blocks, and the cosine transform of SciPy."""

import keras
import numpy as np
import pytest
from scipy import ndimage
from scipy.fft import dctn

from skinlib.models.blocks import CosineTransform, DropBlock


@pytest.mark.parametrize("rate", [0.05, 0.1])
def test_dropblock_drops_its_share_in_whole_blocks(rate):
    layer = DropBlock(rate, seed=1)
    layer.build((None, 12, 12, 50))
    kept = np.asarray(layer.kept(100, 12, 12, 50))
    # Each position is kept if no block that covers it begins: with few blocks nearly 1 - rate.
    assert 1 - rate < kept.mean() < 1 - 0.8 * rate
    assert layer.block == 6
    # What is dropped is covered by whole blocks: morphological opening changes nothing.
    dropped = kept == 0
    np.testing.assert_array_equal(ndimage.binary_opening(dropped, np.ones((1, 6, 6, 1))), dropped)


def test_dropblock_keeps_the_sum_in_training_and_does_nothing_otherwise():
    layer, ones = DropBlock(0.3, seed=0), np.ones((8, 6, 6, 20), np.float32)
    found = np.asarray(layer(ones, training=True))
    assert found.mean() == pytest.approx(1, rel=1e-5)
    assert 0.5 < (found > 0).mean() < 0.9
    np.testing.assert_array_equal(layer(ones), ones)


def test_the_transform_begins_as_that_of_scipy_and_is_trained():
    tensor = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype(np.float32)
    layer = CosineTransform()
    expected = dctn(tensor, type=2, norm="ortho", axes=(1, 2))
    np.testing.assert_allclose(layer(tensor), expected, atol=1e-5)
    model = keras.Sequential([keras.Input((5, 7, 3)), layer])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    model.fit(tensor, np.zeros_like(tensor), epochs=1, verbose=0)
    after = np.asarray(layer(tensor))
    assert np.abs(after).sum() < np.abs(expected).sum()
