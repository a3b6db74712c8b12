"""The same weights give the same numbers on every Keras backend; importing loads none of them."""

import subprocess
import sys

import numpy as np
import pytest
import tiny
from networks import BACKBONE, SIZE, liven, outcome, with_maps

from skinlib.data.batches import Part
from skinlib.experiments.recipes import get_recipe
from skinlib.models.classifier import build_classifier
from skinlib.models.gradcam import gradcam

RECIPES = ("md-as-described", "md-as-logged")


def everything(model, inputs):
    """Return all that a classifier gives: probabilities, attention, Grad-CAM."""
    part = Part(inputs["image"], np.arange(5), inputs["metadata"], np.zeros(5, int))
    return outcome(with_maps(model), inputs) | gradcam(model, part)[0]


# Runs on the other backend: loads what the test wrote, and writes what it computes.
OTHER_SIDE = """
import sys
from pathlib import Path
import keras
import numpy as np
from models.test_parity import BACKBONE, RECIPES, SIZE, everything
from skinlib.experiments.recipes import get_recipe
from skinlib.models.classifier import build_classifier
from skinlib.models.weights import load_classifier

backend, folder = sys.argv[1], Path(sys.argv[2])
assert keras.backend.backend() == backend
assert backend == "tensorflow" or "tensorflow" not in sys.modules
inputs = dict(np.load(folder / "inputs.npz"))
for recipe in RECIPES:
    model = build_classifier(BACKBONE, get_recipe(recipe), size=SIZE, seed=1)
    load_classifier(model, folder / f"{recipe}.weights.h5")
    np.savez(folder / f"{recipe}.{backend}.npz", **everything(model, inputs))
"""


@pytest.fixture(scope="module")
def reference(inputs, tmp_path_factory):
    """Weights and inputs on disk, and the outputs of this process' backend."""
    folder, outputs = tmp_path_factory.mktemp("parity"), {}
    np.savez(folder / "inputs.npz", **inputs)
    for recipe in RECIPES:
        model = liven(build_classifier(BACKBONE, get_recipe(recipe), size=SIZE))
        model.save_weights(folder / f"{recipe}.weights.h5")
        outputs[recipe] = everything(model, inputs)
    return folder, outputs


@pytest.mark.backend
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_another_backend_gives_the_same_numbers(backend, reference):
    folder, outputs = reference
    tiny.on_backend(backend, OTHER_SIDE, folder)
    for recipe in RECIPES:
        with np.load(folder / f"{recipe}.{backend}.npz") as found:
            assert set(found) == {"probabilities", "attention", "gradcam", "hirescam"}
            for name, expected in outputs[recipe].items():
                # A softmax without a ReLU before it is sharp, and so are its differences.
                close = {"rtol": 1e-4, "atol": 1e-5 * max(1, expected.max()), "err_msg": name}
                np.testing.assert_allclose(found[name], expected, **close)
                # Numbers this far apart leave nothing to chance.
                assert np.ptp(expected, axis=0).max() > 0.05, name


# Modules that a laptop without TensorFlow uses to rebuild the book, and those that the
# command line imports before it knows the command.
LIGHT = """
skinlib.cli skinlib.experiments.run skinlib.experiments.evaluated skinlib.experiments.study
skinlib.experiments.recipes skinlib.plots.curves skinlib.paper skinlib.paper.ledger skinlib.book
skinlib.stats.scores skinlib.stats.bootstrap skinlib.data.fetch skinlib.data.prepare
skinlib.models.runtime skinlib.models.backbones skinlib.models.weights skinlib.models.classifier
skinlib.models.prediction skinlib.training.losses skinlib.training.schedule skinlib.training.state
skinlib.training.evaluation skinlib.training.loop
"""

IMPORT = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    heavy = {"keras", "tensorflow", "jax", "torch"} & set(sys.modules)
    if heavy:
        sys.exit(f"importing {name} imports {heavy}")
"""


def test_importing_brings_no_backend():
    subprocess.run([sys.executable, "-c", IMPORT, *LIGHT.split()], check=True)
