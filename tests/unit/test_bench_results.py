"""Predicted hours, tables and the stored results; the command line."""

import json

import pytest

from skinlib import bench, cli
from skinlib.bench import cells, found, reproduce, running, tables
from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.experiments.recipes import get_recipe
from skinlib.experiments.study import load_study

MACHINE = {
    "device": "cpu: a box", "cores": 2, "load": [3.0, 2.0, 1.0], "measured": "2026-11-23T00:00:00Z",
    "versions": {"python": "3", "keras": "3", "backend": "tensorflow", "tensorflow": "2"},
    "quick": False,
}  # fmt: skip


def spread(value):
    return {"median": value, "p90": value, "min": value / 2, "max": 2 * value, "count": 3}


def step(train=10.0, forward=40.0):
    row = {
        "input_size": 224, "macs": 3e9, "activations": 20e6, "first_step_seconds": 5.0,
        "memory_mb": {"process": 1000, "gpu": None}, "train": spread(train),
        "forward": spread(forward), "input_share": spread(0.01),
        "peak": {"flops": spread(1e11), "bytes_per_second": spread(1e10)},
        "achieved": {"flops": 5e10, "bytes_per_second": 5e9, "flop_per_byte": 20.0},
        "of_compute": spread(0.5), "of_bandwidth": spread(0.4), "of_roofline": spread(0.5),
    }  # fmt: skip
    broken = {"error": "the worker of NASNetLarge was killed by signal 9"}
    return {**MACHINE, "batch": 8, "recipe": "clean", "precision": "float32",
            "bytes_per_element": 44, "backbones": {"MobileNetV2": row, "NASNetLarge": broken}}  # fmt: skip


def write(folder, **results):
    for name, result in results.items():
        (folder / f"{name.replace('_', '-')}.json").write_text(json.dumps(result))


def test_images_of_a_run_are_those_of_the_logs():
    """9,958 images have an age; the notebooks trained on 8,962 of them and kept 996."""
    logged = get_recipe("md-as-logged")
    assert reproduce.images(load_study("paper"), logged) == (8962, 996)
    assert reproduce.images(load_study("demo"), get_recipe("clean")) == (147, 32)


def test_hours_are_epochs_times_images_by_rates(tmp_path):
    write(tmp_path, step=step())
    measured = reproduce.measure(folder=tmp_path)
    rows = {(row["study"], row["run"]): row for row in measured["runs"]}
    row = rows["paper", "MobileNetV2-md-as-logged-224px-s0"]
    seconds = 8962 / 10 + 996 / 40
    assert row["epoch_seconds"]["predicted"] == pytest.approx(seconds, rel=1e-3)
    assert row["hours"]["cpu"] == pytest.approx(
        measured["logged_epochs"] * seconds / 3600, rel=1e-3
    )
    assert row["hours_at_most"] == pytest.approx(500 * seconds / 3600, rel=1e-3)
    assert row["hours"]["gpu"] is None
    # 44 bytes a number at 653 GB/s is more than 6 x 3 GFLOP at 14.9 TFLOP/s.
    floor = max(44 * 20e6 / 0.653e12, 6 * 3e9 / 14.9e12) * (8962 + 996 / 3)
    titan = row["hours"]["floors"]["NVIDIA Titan V"]
    assert titan == pytest.approx(measured["logged_epochs"] * floor / 3600, rel=1e-3)
    # Fewer pixels, fewer operations.
    small = rows["ham10000-256px-96px", "MobileNetV2-md-as-logged-96px-s0"]
    assert small["epoch_seconds"]["predicted"] == pytest.approx(
        row["epoch_seconds"]["predicted"] * (96 / 224) ** 2, rel=1e-3
    )
    assert small["expected_epochs"] == 15
    failed = rows["paper", "NASNetLarge-md-as-logged-331px-s0"]
    assert failed["hours"]["cpu"] is None


def test_rates_of_a_gpu_join_those_of_the_cpu(tmp_path):
    write(tmp_path, step=step(), step_gpu=step(train=1000.0, forward=4000.0))
    measured = reproduce.measure(folder=tmp_path)
    row = next(row for row in measured["runs"] if row["backbone"] == "MobileNetV2")
    assert row["hours"]["gpu"] == pytest.approx(row["hours"]["cpu"] / 100, rel=1e-3)


def test_without_rates_no_hours(tmp_path):
    with pytest.raises(DataError, match="bench step"):
        reproduce.measure(folder=tmp_path)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.012345, "0.0123"), (1234.5, "1,230"), (98765.4, "98,800"), (5.0, "5"), (0, "0"),
     (0.9996, "1"), (None, "–"), (2e-6, "0.000002")],
)  # fmt: skip
def test_numbers_are_short(value, text):
    assert cells.short(value) == text


def test_a_gpu_fills_its_columns_and_a_failure_shows():
    frame = tables.steps({"step": step()}).set_index("Backbone")
    assert frame.loc["MobileNetV2", "CPU, training images/s"] == "10 [5, 20]"
    assert frame.loc["MobileNetV2", "GPU, training images/s"] == "not measured"
    assert frame.loc["NASNetLarge", "CPU, training images/s"] == "failed"
    both = {"step": step(), "step-gpu": step(train=500.0)}
    frame = tables.steps(both).set_index("Backbone")
    assert frame.loc["MobileNetV2", "GPU, training images/s"] == "500 [250, 1,000]"


def test_a_whole_bench_says_how_long_it_took(monkeypatch, tmp_path):
    class Fake:
        @staticmethod
        def measure(backbones=None):
            clock[0] += 40.0 if backbones else 1800.0
            return step()

    clock = [5.0]
    monkeypatch.setattr(running.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(bench, "get_bench", lambda name: Fake)
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    stored = json.loads(running.run_one("step").read_text())
    assert found.machines({"step": stored}).loc[0, "Minutes"] == "30"
    # Some backbones measured anew leave the time of the whole.
    stored = json.loads(running.run_one("step", backbones=["MobileNetV2"]).read_text())
    assert stored["bench_seconds"] == 1800
    assert found.machines({"step": step()}).loc[0, "Minutes"] == "–"


def test_stored_results_make_the_tables():
    """The committed results have what the tables read."""
    stored = found.read()
    if not stored:
        pytest.skip("no bench is committed")
    for name, result in stored.items():
        assert not result.get("quick"), name
        assert {"device", "versions", "load", "measured"} <= set(result), name
        made = tables.of(name.removesuffix("-gpu"), stored)
        assert made
        assert all(len(frame) for _, frame in made)


def test_results_go_to_their_place(monkeypatch, tmp_path, capsys):
    class Fake:
        @staticmethod
        def measure(*, quick, backbones):
            assert backbones == ["MobileNetV2"]
            return {**step(), "quick": quick, "device": device}

    monkeypatch.setattr(bench, "get_bench", lambda name: Fake)
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    device = "cpu: a box"
    path = running.run_one("step", backbones=["MobileNetV2"], progress=False)
    assert path == tmp_path / "results" / "bench" / "step.json"
    assert "MobileNetV2" in capsys.readouterr().out
    quick = running.run_one("step", quick=True, backbones=["MobileNetV2"])
    assert quick == tmp_path / "_build" / "bench" / "step.json"
    device = "gpu: a card x1"
    other = running.run_one("step", backbones=["MobileNetV2"])
    assert other.name == "step-gpu.json"
    assert json.loads(path.read_text())["device"] == "cpu: a box"


def test_several_benches_run_in_processes_of_their_own(monkeypatch, capsys):
    commands = []

    def run(command, check):
        commands.append(command[2:])
        return type("Done", (), {"returncode": int("step" in command)})

    monkeypatch.setattr(running.subprocess, "run", run)
    assert cli.main(["bench", "small", "step", "--quick"]) == 1
    assert commands == [
        ["skinlib", "bench", "small", "--quick"],
        ["skinlib", "bench", "step", "--quick"],
    ]
    assert "failed: step" in capsys.readouterr().err


def test_an_unknown_bench_is_refused(capsys):
    assert cli.main(["bench", "stpe"]) == 2
    assert "benches are small, input" in capsys.readouterr().err
