"""Benches: turns on made clocks, shares by hand, where results go."""

import json
import os
import sys
import time
import types

import numpy as np
import pytest
import tiny

from skinlib import bench, cli
from skinlib.bench import exports, input, latency, step, tables, timing
from skinlib.common import paths
from skinlib.experiments.recipes import AUGMENTATION
from skinlib.models import classifier, runtime
from skinlib.models.backbones import BACKBONES


def test_a_spread_is_that_of_numpy():
    found = timing.spread([0.1, 0.3, 0.2, 0.4, 10.0])
    assert found == {"median": 0.3, "p90": 6.16, "min": 0.1, "max": 10.0, "count": 5}
    # The slow tenth of a rate is the low one.
    found = timing.rates([1.0, 2.0, 4.0], 8)
    assert (found["min"], found["median"], found["max"]) == (2.0, 4.0, 8.0)
    assert found["p90"] == pytest.approx(np.percentile([8, 4, 2], 10))


def test_cases_take_turns(monkeypatch):
    clock, calls = [0.0], []
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])

    def work(name, seconds):
        calls.append(name)
        clock[0] += seconds

    cases = {"a": lambda: work("a", 1.0), "b": lambda: work("b", 2.0)}
    assert timing.interleave(cases, 3) == {"a": [1.0] * 3, "b": [2.0] * 3}
    assert calls == ["a", "b"] * 3


def test_peak_memory_is_that_of_the_process_not_of_its_parent():
    ballast = np.ones(100_000_000, np.uint8)
    here = runtime.peak_memory_mb()
    assert here > ballast.nbytes / 2**20
    if sys.platform == "linux":
        assert 5 < timing.apart(runtime.peak_memory_mb) < here


def test_what_a_process_returns_and_how_it_fails():
    assert timing.apart(pow, 2, 5) == 32
    with pytest.raises(timing.ProcessError, match="ValueError: invalid literal"):
        timing.apart(int, "x")
    with pytest.raises(timing.ProcessError, match="ended by the system"):
        timing.apart(os._exit, 9)


def test_the_graph_averages_and_augments_although_it_predicts(rng):
    batch = rng.integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
    batch[:, :8] = 0
    scaled = (batch / 127.5 - 1).astype(np.float32)
    for pixels in (batch, scaled):
        found = input.consumer(16, dtype=pixels.dtype.name).predict_on_batch(pixels)
        np.testing.assert_allclose(found, scaled.mean((1, 2)), atol=1e-5)
    moved = input.consumer(16, augmentation=AUGMENTATION)
    first, second = (moved.predict_on_batch(batch) for _ in range(2))
    assert np.abs(first - second).max() > 0.01


def test_input_is_compared_with_the_authors_way_round_by_round(monkeypatch, cache):
    """Every case delivers 64 pictures once, then the clock says that theirs is four times slower."""
    seconds = {name: [1.0, 2.0] for name in input.LABELS} | {input.THEIRS: [4.0, 8.0]}
    monkeypatch.setattr(input, "interleave", lambda cases, rounds: {n: seconds[n] for n in cases})
    cases = input.measure(quick=True)["cases"]
    assert set(cases) == set(input.LABELS)
    assert cases[input.THEIRS]["images_per_second"]["max"] == 16.0
    # The machine was twice as slow in the second round, which the ratio does not show.
    assert cases["ours"]["times_theirs"]["min"] == cases["ours"]["times_theirs"]["max"] == 4.0
    assert cases["ours plain"]["times_theirs"]["max"] == 1.0
    # The caches of the bench leave no trace.
    assert paths.cache() == cache
    assert not (cache / "pixels").exists()


def test_networks_take_turns_after_a_warm_up(monkeypatch):
    calls = []

    def build(name, recipe):
        def predict(inputs):
            calls.append((name, len(inputs["image"])))
            assert set(inputs) == {"image", "metadata"}
            assert inputs["image"].dtype == np.uint8

        return types.SimpleNamespace(
            compile=lambda **_: None, predict_on_batch=predict, count_params=lambda: 7
        )

    names = ("MobileNetV2", "ResNet50")
    monkeypatch.setattr(classifier, "build_classifier", build)
    monkeypatch.setattr(latency, "BACKBONES", names)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    found = latency.measure()
    assert calls[:4] == [("MobileNetV2", 32)] + [("MobileNetV2", 1)] * 3
    assert calls[8:48] == [(name, 1) for name in names] * 20
    assert calls[48:] == [(name, 32) for name in names] * 2
    # What the ledger and the audit read.
    row = found["backbones"]["ResNet50"]
    assert (row["input_size"], row["parameters"]) == (224, 7)
    assert 0 < row["min"] <= row["median"] <= row["p90"] <= row["max"]
    assert (found["threads"], found["repeats"]) == (1, 20)


def test_one_backbone_is_measured(monkeypatch):
    tiny.install(monkeypatch)
    monkeypatch.setattr(step, "COPIED", 2**20)
    found = step.one("Tiny", quick=True)
    assert (found["input_size"], found["batch"]) == (32, 8)
    assert found["train"]["count"] == step.ROUNDS[0]
    assert found["memory_mb"]["process"] > 50
    assert found["of_roofline"]["min"] > 0
    # Two convolutions with stride 2, the attention on 8 x 8 x 16, and the dense layers.
    convolutions = 16 * 16 * 8 * 27 + 8 * 8 * 16 * 72
    assert found["macs"] > convolutions + 8 * 8 * (16 * 9 * 16 + 16)
    json.dumps(found)


def test_shares_of_the_peaks_by_hand():
    about = {"batch": 4, "macs": 50, "activations": 10}
    seconds = {"train": [2.0] * 2, "forward": [0.5] * 2, "feed": [0.1] * 2}
    found = step.analyse(about, seconds, [{"flops": 1000.0, "bytes_per_second": 880.0}] * 2)
    # Images a second. Half a second an image: 6 x 50 operations, 44 x 10 bytes.
    assert {name: each["median"] for name, each in found.items()} == pytest.approx({
        "train": 2.0, "forward": 8.0, "input_share": 0.05,
        "of_compute": 0.6, "of_bandwidth": 1.0, "of_roofline": 1.0,
    })  # fmt: skip


def test_a_backbone_that_fails_does_not_end_the_bench(monkeypatch):
    def refuse(*_):
        raise timing.ProcessError("no memory")

    monkeypatch.setattr(timing, "apart", refuse)
    found = step.measure(backbones=["MobileNet"])
    assert found["backbones"]["MobileNet"] == {"error": "no memory"}


def test_parity_is_that_of_arrays():
    exact = {"probabilities": np.eye(7)[:4] * 0.4 + 0.1, "distance": np.array([1.0, 2, 4, 8])}
    other = {"probabilities": exact["probabilities"].copy(), "distance": exact["distance"] * 1.1}
    other["probabilities"][0] = other["probabilities"][1]
    assert exports.parity(exact, other) == pytest.approx(
        {"probabilities": 0.4, "distance": 0.1, "mean": 2 * 0.4 / 28, "same": 3, "images": 4}
    )


def test_results_go_to_their_place_and_single_backbones_among_the_others(
    monkeypatch, tmp_path, capsys
):
    def measure(device="cpu: a box", quick=False, backbones=("MobileNetV2",)):
        return {"device": device, "recipe": "clean", "backbones": {name: {} for name in backbones}}

    monkeypatch.setattr(step, "measure", measure)
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    path = bench.run_one("step")
    assert path == tmp_path / "results" / "bench" / "step.json"
    assert str(path) in capsys.readouterr().out
    assert bench.run_one("step", quick=True) == tmp_path / "_build" / "bench" / "step.json"
    bench.run_one("step", backbones=["VGG16"])
    stored = json.loads(path.read_text())
    assert set(stored["backbones"]) == {"MobileNetV2", "VGG16"}
    assert "bench_seconds" in stored
    monkeypatch.setattr(step, "measure", lambda **_: measure("cpu: a phone"))
    with pytest.raises(bench.DataError, match="a box.*a phone.*without --backbone"):
        bench.run_one("step", backbones=["VGG16"])
    assert json.loads(path.read_text()) == stored
    monkeypatch.setattr(step, "measure", lambda **_: measure("gpu: a card x1"))
    assert bench.run_one("step").name == "step-gpu.json"


def test_several_benches_run_in_processes_of_their_own(monkeypatch, capsys):
    commands = []

    def run(command, check):
        commands.append(" ".join(command[2:]))
        return types.SimpleNamespace(returncode=int("step" in command))

    monkeypatch.setattr(bench.subprocess, "run", run)
    assert cli.main(["bench", "runtimes", "step", "--quick", "--backbone", "VGG16"]) == 1
    ends = " --quick --backbone VGG16"
    assert commands == [f"skinlib bench {name}{ends}" for name in ("runtimes", "step")]
    assert "failed: step" in capsys.readouterr().err


def test_an_unknown_bench_is_refused(capsys):
    assert cli.main(["bench", "stpe"]) == 2
    assert "benches are input, latency" in capsys.readouterr().err
    assert cli.main(["bench", "step", "input", "--backbone", "VGG16"]) == 2
    assert "input measures no single backbones" in capsys.readouterr().err


@pytest.mark.parametrize("name", bench.NAMES)
def test_committed_results_are_whole(name):
    (record,) = tables.stored(name)
    assert not record["quick"]
    if "backbones" in record:
        # Those of the paper; a row that is added needs no measurement.
        logged = {name for name, row in BACKBONES.items() if row.logged_parameters}
        assert set(record["backbones"]) == logged | {"MobileNet", "VGG16"}
