"""The timing of inference, on networks that cost nothing."""

import types

import numpy as np

from skinlib.bench import latency


def test_networks_take_turns_after_a_warm_up(monkeypatch):
    from skinlib.models import classifier

    calls = []

    def build(name, recipe):
        def predict(inputs):
            calls.append((name, len(inputs["image"])))
            assert set(inputs) == {"image", "metadata"}
            assert inputs["image"].dtype == np.uint8

        return types.SimpleNamespace(
            compile=lambda **_: None, predict_on_batch=predict, count_params=lambda: 7
        )

    monkeypatch.setattr(classifier, "build_classifier", build)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    names = ("MobileNetV2", "ResNet50")
    found = latency.measure(names=names, recipe="clean", repeats=20, progress=False)
    assert calls[:4] == [("MobileNetV2", 32)] + [("MobileNetV2", 1)] * 3
    assert calls[8:48] == [(name, 1) for name in names] * 20
    assert calls[48:] == [(name, 32) for name in names] * 2
    # What the ledger and the audit read.
    row = found["backbones"]["ResNet50"]
    assert row["input_size"] == 224
    assert row["parameters"] == 7
    assert 0 < row["min"] <= row["median"] <= row["p90"] <= row["max"]
    assert (found["threads"], found["repeats"]) == (1, 20)
    assert found["device"]
