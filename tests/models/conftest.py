"""Fixtures of the model tests: one small network, built once for all of them."""

import keras
import numpy as np
import pytest
from networks import BACKBONE, SIZE, liven

from skinlib.experiments.recipes import get_recipe
from skinlib.models.classifier import build_classifier


@pytest.fixture(scope="session")
def inputs():
    """Five random pictures with metadata."""
    rng = np.random.default_rng(7)
    return {
        "image": rng.integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8),
        "metadata": rng.normal(size=(5, 21)).astype("float32"),
    }


@pytest.fixture(scope="session")
def described():
    """The md-as-described classifier; weights far from the initial ones."""
    return liven(build_classifier(BACKBONE, get_recipe("md-as-described"), size=SIZE))


@pytest.fixture
def session():
    """Begin with the layer names of a fresh session, and free the networks of the test."""
    keras.utils.clear_session()
    yield
    keras.utils.clear_session()
