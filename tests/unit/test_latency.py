"""The timing harness, on a clock and a network that cost nothing."""

import types

import numpy as np
import pytest

from skinlib import latency


@pytest.mark.parametrize("seconds", [[0.1, 0.3, 0.2, 0.4, 10.0]])
def test_spread_is_that_of_numpy(seconds):
    found = latency._spread(seconds)
    assert found == {"median": 0.3, "p90": round(float(np.percentile(seconds, 90)), 5),
                     "minimum": 0.1}  # fmt: skip


def test_networks_take_turns_after_a_warm_up(monkeypatch):
    from skinlib import device
    from skinlib.models import classifier
    from skinlib.recipes import get_recipe

    calls = []

    def build(name, recipe):
        def predict(inputs):
            calls.append(name)
            assert set(inputs) == {"image", "metadata"}
            assert inputs["image"].dtype == np.uint8

        return types.SimpleNamespace(
            compile=lambda **_: None, predict_on_batch=predict, count_params=lambda: 7
        )

    monkeypatch.setattr(classifier, "build_classifier", build)
    monkeypatch.setattr(device, "device_name", lambda: "a box")
    monkeypatch.setattr(device, "jit_compile", lambda: False)
    monkeypatch.setattr(device, "versions", dict)
    names = ("MobileNetV2", "ResNet50")
    found = latency.measure(names, recipe=get_recipe("clean"), repeats=3, progress=False)
    assert calls[:6] == ["MobileNetV2"] * 3 + ["ResNet50"] * 3
    assert calls[6:] == list(names) * 3
    assert found["backbones"]["ResNet50"]["input_size"] == 224
    assert found["backbones"]["ResNet50"]["parameters"] == 7
    assert found["device"] == "a box"
