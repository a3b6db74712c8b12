"""Fields that change where and how a run is computed do not change its numbers."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tiny
from hardware import HALF

from skinlib.common.errors import DataError
from skinlib.experiments.recipes import AUGMENTATION
from skinlib.models.classifier import build_classifier
from skinlib.training import epochs

# What is done to a batch depends on its number in the epoch.
IDEAS = {"mix": "cutmix", "missing_facts": 0.3}


@pytest.fixture(scope="module")
def train(dataset):
    def run(study, **fields):
        fields = {"augmentation": dict(AUGMENTATION), "epochs": 2, **IDEAS, **fields}
        return tiny.train(dataset, study, tiny.recipe(**fields))

    return run


@pytest.fixture(scope="module")
def plain(train):
    return train("plain")


def assert_same(one, other, tolerance):
    numbers = [(run.history().drop(columns="seconds"), run.predictions()) for run in (one, other)]
    for mine, theirs in zip(*numbers, strict=True):
        assert list(mine) == list(theirs)
        words = mine.select_dtypes(exclude="number")
        assert words.equals(theirs[words.columns])
        mine, theirs = mine.select_dtypes("number"), theirs.select_dtypes("number")
        np.testing.assert_allclose(mine, theirs, rtol=tolerance, atol=tolerance)


def test_several_steps_at_one_go(plain, train):
    # Ten batches of an epoch in goes of four: the last go holds fewer.
    run = train("goes", steps_per_execution=4)
    assert run.record["changes"]["steps_per_execution"] == [1, 4]
    assert_same(run, plain, 1e-5)


def test_an_epoch_in_pieces(plain, train, monkeypatch):
    """State written after every step: the epoch is left and taken up again each time."""
    monkeypatch.setattr(epochs, "SAVE_SECONDS", 0.0)
    calls = []
    fit = epochs._fit
    monkeypatch.setattr(epochs, "_fit", lambda *args: calls.append(1) or fit(*args))
    run = train("pieces")
    assert len(calls) == 2 * -(-run.record["split"]["counts"]["train"] // 8)
    assert_same(run, plain, 1e-6)


@pytest.mark.skipif(not HALF, reason="oneDNN is told to compute as an older processor")
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(precision, train):
    # Without dropout, whose masks depend on the precision of the random numbers.
    fields = {"dropout": 0.0, "augmentation": None, "epochs": 1}
    whole = train("whole", **fields).history().iloc[0]
    run = train(precision, precision=precision, **fields)
    np.testing.assert_allclose(run.arrays("test")[1].sum(axis=1), 1, atol=1e-5)
    half = run.history().iloc[0]
    # Near, since it is the same training; not equal, or nothing was rounded.
    assert half["loss"] == pytest.approx(whole["loss"], rel=0.05)
    assert half["loss"] != whole["loss"]
    model = build_classifier("Tiny", tiny.recipe(precision=precision))
    assert {v.dtype for v in model.trainable_variables} == {"float32"}
    assert model.get_layer("tap").compute_dtype == precision.removeprefix("mixed_")
    assert model.get_layer("probabilities").compute_dtype == "float32"
    # The policy is of this model alone.
    assert build_classifier("Tiny", tiny.recipe()).get_layer("tap").compute_dtype == "float32"


def test_more_devices_than_there_are(train):
    with pytest.raises(DataError, match="devices is 64, but 1 are here"):
        train("many", devices=64)


SCRIPT = """
import json, sys
import keras, pytest
import tiny
from pathlib import Path
from skinlib.common import paths
if keras.backend.backend() == "tensorflow":
    import tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
paths.RESULTS = Path(sys.argv[2])
tiny.install(pytest.MonkeyPatch())
found = {}
for devices in (1, 2):
    # 42 pictures to train on: equal shares; nothing random in the network, whose streams of
    # random numbers differ between devices.
    recipe = tiny.recipe(split_unit="image", test_share=0.2, validation_share=0.2, dropout=0.0,
                         batch_size=14, epochs=3, devices=devices)
    run = tiny.train(sys.argv[1], str(devices), recipe)
    found[devices] = {"history": run.history().drop(columns="seconds").to_dict("list"),
                      "images": len(run.predictions()), "counts": run.record["split"]["counts"],
                      "probabilities": run.arrays("test")[1].tolist()}
print(json.dumps(found))
"""


# TensorFlow normalises each half of a batch by itself, which moves the first losses a little.
@pytest.mark.parametrize(("name", "tolerance"), [("tensorflow", 0.08), ("jax", 2e-3)])
def test_two_devices_share_a_run(name, tolerance, synthetic_folder, tmp_path):
    environment = tiny.environment(
        KERAS_BACKEND=name,
        JAX_PLATFORMS="cpu",
        XLA_FLAGS="--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0",
    )
    command = [sys.executable, "-c", SCRIPT, str(synthetic_folder), str(tmp_path)]
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    one, two = found["1"], found["2"]
    assert one["counts"] == two["counts"] == {"train": 42, "validation": 14, "test": 14}
    assert one["images"] == two["images"] == 28
    for loss in ("loss", "val_loss"):
        np.testing.assert_allclose(two["history"][loss], one["history"][loss], rtol=tolerance)
    np.testing.assert_allclose(np.sum(two["probabilities"], axis=1), 1, atol=1e-5)
