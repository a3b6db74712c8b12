"""Grad-CAM under random weights, and isolation forests, where the answers are known."""

import json

import numpy as np
import pytest
import tiny

from skinlib.common.files import write_json
from skinlib.models.classifier import build_classifier
from skinlib.predict import checks


def test_agreement_is_one_for_the_same_order_and_minus_one_for_the_opposite():
    maps = np.random.default_rng(0).random((5, 4, 4))
    assert checks.agreement(maps, maps**3) == pytest.approx(1)
    assert checks.agreement(maps, -maps) == pytest.approx(-1)
    # A map that is the same everywhere has no order, and is left out.
    assert checks.agreement(maps[:2], np.stack([maps[0], np.zeros((4, 4))])) == pytest.approx(1)


def test_more_and_more_layers_are_random():
    recipe = tiny.recipe("clean-frozen")
    model = build_classifier("Tiny", recipe, size=32, seed=0)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    record = {"backbone": "Tiny", "input_size": 32, "seed": 0}
    moved = []
    for _, changed in checks.randomised(model, recipe, record):
        moved.append({
            layer.name for layer in changed.layers
            if any(np.any(a != b) for a, b in zip(before[layer.name], layer.get_weights(), strict=True))
        })  # fmt: skip
    last, trained, everything = moved
    assert last == {"probabilities"}
    assert last < trained < everything
    kernels = {layer.name for layer in model.layers if hasattr(layer, "kernel")}
    assert kernels <= everything
    below = next(layer.name for layer in model.layers if layer.name.startswith("conv2d"))
    assert below in everything - trained


def test_detectors_find_what_is_far_and_nothing_in_the_same():
    rng = np.random.default_rng(1)
    train, validation, test, same = (
        (rng.normal(size=(200, 12)), rng.normal(size=(200, 30))) for _ in range(4)
    )
    far = tuple(each + 4 for each in same)
    for found in checks.detectors(train, validation, test, far).values():
        assert found == {
            "auroc": pytest.approx(1, abs=0.01),
            "false_alarms": pytest.approx(0, abs=0.02),
        }
    for found in checks.detectors(train, validation, test, same).values():
        assert 0.4 < found["auroc"] < 0.6
        assert 0.85 < found["false_alarms"] < 1


def test_runs_are_checked(train, dataset):
    runs = [train("checked", "clean-frozen", options={"seed": seed}) for seed in (0, 1)]
    path = checks.measure(runs, dataset)
    (found,) = json.loads(path.read_text()).values()
    assert found["seeds"] == [0, 1]
    maps = found["maps"]
    assert set(maps) == {"Grad-CAM", "Kernel SHAP"}
    for rows in maps.values():
        assert set(rows) == {"last layer", "trained part", "all layers", "another seed"}
        assert all(-1 <= each <= 1 for each in rows.values() if each is not None)
    assert len(found["unlike"]) == 8
    assert {tuple(each) for each in found["unlike"].values()} == {
        ("ours", "forest", "forest, with colours")
    }
    # Of other runs, what is known stays.
    write_json(path, {"another": 1})
    assert len(json.loads(checks.measure(runs[:1], dataset).read_text())) == 2
