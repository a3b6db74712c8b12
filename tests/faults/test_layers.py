"""Keras' own test of a layer, on each of ours: shapes, dtypes, saving, training, mixed precision."""

import inspect
import pkgutil
from importlib import import_module

import keras
import numpy as np
import pytest
from hardware import HALF
from keras import ops
from keras.src.testing import TestCase

from skinlib import models
from skinlib.models.attention import SoftAttention
from skinlib.models.augment import RandomAffine
from skinlib.models.blocks import CosineTransform, DropBlock
from skinlib.models.scaling import CaffeScaling

CASES = {
    "described": (SoftAttention, {"variant": "as_described", "heads": 4}, (2, 4, 4, 8)),
    "written": (SoftAttention, {"variant": "as_written", "heads": 4}, (2, 4, 4, 8)),
    "coded": (SoftAttention, {"variant": "as_coded", "heads": 4}, (2, 4, 4, 8)),
    "scaling": (CaffeScaling, {}, (2, 8, 8, 3)),
    "affine": (RandomAffine, {"seed": 1}, (2, 8, 6, 3)),
    "blocks": (DropBlock, {"rate": 0.2, "seed": 1}, (2, 8, 6, 3)),
    "cosines": (CosineTransform, {}, (2, 8, 6, 3)),
}
TRAINABLE = {SoftAttention: None, CosineTransform: 2}


@pytest.mark.parametrize("case", CASES)
def test_f49_a_layer_passes_the_test_of_keras(case):
    layer, options, shape = CASES[case]
    TestCase().run_layer_test(
        layer, options, input_shape=shape, expected_output_shape=shape,
        expected_num_trainable_weights=TRAINABLE.get(layer, 0),
        expected_num_seed_generators=int(layer in (RandomAffine, DropBlock)),
        run_mixed_precision_check=HALF,
    )  # fmt: skip


def test_f49_no_layer_is_left_out():
    found = set()
    for module in pkgutil.walk_packages(models.__path__, "skinlib.models."):
        for _, value in inspect.getmembers(import_module(module.name), inspect.isclass):
            if issubclass(value, keras.Layer) and value.__module__.startswith("skinlib."):
                found.add(value)
    assert found == {layer for layer, *_ in CASES.values()}


@pytest.mark.parametrize("dtype", ["float16", "mixed_float16", "mixed_bfloat16", "float64"])
@pytest.mark.parametrize("training", [True, False])
def test_f49_affine_computes_in_float32_and_answers_in_its_own_dtype(dtype, training, rng):
    pixels = rng.integers(0, 256, (2, 9, 9, 3), dtype=np.uint8)
    layer = RandomAffine(seed=3, dtype=dtype)
    found = layer(pixels, training=training)
    assert keras.backend.standardize_dtype(found.dtype) == layer.compute_dtype
    exact = RandomAffine(seed=3, dtype="float32")(pixels, training=training)
    np.testing.assert_array_equal(found, ops.cast(exact, layer.compute_dtype))
