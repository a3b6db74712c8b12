"""Fixtures of the model tests: one small network, built once for all of them."""

import numpy as np
import pytest

from skinlib.experiments.recipes import get_recipe
from skinlib.models.classifier import build_classifier

# Smallest network of the table, at a size that leaves 2 x 2 positions at its tap.
BACKBONE, SIZE = "MobileNetV3Small", 64


@pytest.fixture(scope="session")
def inputs():
    """Five random pictures with metadata."""
    rng = np.random.default_rng(7)
    return {
        "image": rng.integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8),
        "metadata": rng.normal(size=(5, 21)).astype("float32"),
    }


@pytest.fixture(scope="session")
def liven():
    """Return a function that moves every weight of a model off its initial value.

    Untrained networks answer 1/7 to everything, which would agree with anything.
    """
    return _liven


def _liven(model, seed=11):
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        name, shape = weight.path.rpartition("/")[2], tuple(weight.shape)
        value = rng.normal(scale=0.2, size=shape)
        if name in ("gamma", "moving_variance"):
            value = rng.uniform(0.7, 1.5, shape)
        elif name == "kernel" and "soft_attention" in weight.path:
            # Scores of order one; of the coded kernel few taps meet data.
            value *= 8 if len(shape) == 5 else 0.25
        elif name == "kernel":
            # Wide enough that differences do not die out on the way down, not so wide that
            # one class takes all.
            fan_in = shape[0] * shape[1] if "depthwise" in weight.path else np.prod(shape[:-1])
            value *= 5 * np.sqrt((0.2 if "probabilities" in weight.path else 2.2) / fan_in)
        weight.assign(np.asarray(value, "float32"))
    return model


@pytest.fixture(scope="session")
def with_maps(liven):
    """The md-as-described classifier with its maps; weights far from the initial ones."""
    recipe = get_recipe("md-as-described")
    return liven(build_classifier(BACKBONE, recipe, size=SIZE, maps=True))
