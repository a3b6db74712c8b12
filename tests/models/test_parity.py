"""The same weights give the same numbers on every Keras backend; importing loads none of them."""

import subprocess
import sys

import numpy as np
import pytest
import tiny
from keras import ops

from skinlib.experiments.recipes import get_recipe
from skinlib.models.classifier import build_classifier

BACKBONE, SIZE = "MobileNetV3Small", 64
RECIPES = ("md-as-described", "md-as-logged")

# Runs on the other backend: loads what the test wrote, and writes what it computes.
OTHER_SIDE = """
import sys
from pathlib import Path
import keras
import numpy as np
from skinlib.models.classifier import build_classifier
from skinlib.models.weights import load_classifier
from skinlib.experiments.recipes import get_recipe

backend, folder, backbone, size, *recipes = sys.argv[1:]
assert keras.backend.backend() == backend
assert backend == "tensorflow" or "tensorflow" not in sys.modules
folder = Path(folder)
inputs = dict(np.load(folder / "inputs.npz"))
for recipe in recipes:
    model = build_classifier(backbone, get_recipe(recipe), size=int(size), maps=True, seed=1)
    load_classifier(model, folder / f"{recipe}.weights.h5")
    found = model.predict_on_batch(inputs)
    np.savez(folder / f"{recipe}.{backend}.npz", **found)
"""


@pytest.fixture(scope="module")
def reference(inputs, liven, tmp_path_factory):
    """Weights and inputs on disk, and the outputs of this process' backend."""
    folder = tmp_path_factory.mktemp("parity")
    np.savez(folder / "inputs.npz", **inputs)
    outputs = {}
    for recipe in RECIPES:
        model = build_classifier(BACKBONE, get_recipe(recipe), size=SIZE, maps=True)
        liven(model).save_weights(folder / f"{recipe}.weights.h5")
        outputs[recipe] = {key: ops.convert_to_numpy(v) for key, v in model(inputs).items()}
    return folder, outputs


@pytest.mark.backend
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_forward_parity(backend, reference):
    folder, outputs = reference
    tiny.on_backend(backend, OTHER_SIDE, folder, BACKBONE, SIZE, *RECIPES)
    for recipe in RECIPES:
        with np.load(folder / f"{recipe}.{backend}.npz") as found:
            assert set(found) == {"probabilities", "attention"}
            for name in found:
                expected = outputs[recipe][name]
                # A softmax without a ReLU before it is sharp, and so are its differences.
                close = {"rtol": 1e-4, "atol": 1e-5, "err_msg": recipe}
                np.testing.assert_allclose(found[name], expected, **close)
        # Numbers this far apart leave nothing to chance.
        assert np.ptp(outputs[recipe]["probabilities"], axis=0).max() > 0.05
        assert np.ptp(outputs[recipe]["attention"]) > 0.05


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
import importlib, importlib.util, sys
for name in sys.argv[1:]:
    if importlib.util.find_spec(name) is None:
        continue
    importlib.import_module(name)
    heavy = {"keras", "tensorflow", "jax", "torch"} & set(sys.modules)
    if heavy:
        sys.exit(f"importing {name} imports {heavy}")
print("imported", "skinlib.training.loop" in sys.modules)
"""


def test_importing_brings_no_backend():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, *LIGHT.split()], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "imported True\n"
