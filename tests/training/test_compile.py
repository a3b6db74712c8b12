"""The loss and the optimiser of a recipe are ready before the first step."""

import types

import keras
import numpy as np
import tiny

from skinlib.training import losses


def test_a_step_is_traced_once(monkeypatch, rng):
    """A trace of NASNetLarge takes a minute; TensorFlow took two when the optimiser was not built."""
    traces = []
    weighted = losses.weighted_cross_entropy

    def counted(*args, **options):
        loss = weighted(*args, **options)
        return lambda *batch: traces.append(1) or loss(*batch)

    monkeypatch.setattr(losses, "weighted_cross_entropy", counted)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(7, activation="softmax")])
    part = types.SimpleNamespace(labels=np.repeat(np.arange(7), 2))
    network = types.SimpleNamespace(trained=model, parts={"train": part}, jit_compile=False)
    losses.compile_network(network, tiny.recipe())
    one_hot = np.eye(7, dtype="float32")[part.labels]
    for _ in range(3):
        model.train_on_batch(rng.normal(size=(14, 4)).astype("float32"), one_hot)
    assert len(traces) == (1 if keras.backend.backend() != "torch" else 3)
