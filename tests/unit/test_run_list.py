"""The list of runs counts what is there: against hand-made studies, and the committed runs."""

import json

import pandas as pd
import pytest
import yaml

from skinlib.common import paths
from skinlib.experiments import run_list
from skinlib.experiments.study import load_study

CPU, GPU = "cpu: Some CPU, 4 cores", "gpu: Some GPU x1"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A study of four runs on real data, one on drawn pictures, and nowhere any run."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(paths, "STUDIES", tmp_path / "studies")
    paths.STUDIES.mkdir()
    common = {"backbone": "MobileNetV2", "recipe": "clean", "size": 96}
    for name, more in {
        "mine": {"require": "photos", "runs": [{**common, "seed": [0, 1, 2, 3]}]},
        "toy": {"data": "synthetic:20", "runs": [common]},
    }.items():
        text = yaml.safe_dump({"title": f"Title of {name}", **more})
        (paths.STUDIES / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def run(study="mine", seed=0, seconds=(1800, 1800), predicted=True, **changes):
    name = f"MobileNetV2-clean-96px-s{seed}"
    folder = paths.RESULTS / "runs" / study / name
    folder.mkdir(parents=True)
    if seconds:
        rows = {"epoch": range(1, len(seconds) + 1), "seconds": seconds}
        pd.DataFrame(rows).to_csv(folder / "history.csv", index=False)
    if predicted:
        (folder / "predictions.csv").touch()
    record = {
        "identity": "0", "study": study, "run": name, "status": "finished",
        "recipe": {"name": "clean"}, "changes": {}, "backbone": "MobileNetV2", "input_size": 96,
        "data": {"name": "photos", "fingerprint": "0"}, "split": {"unit": "lesion", "hash": "abc"},
        "weights": {"source": "none"}, "seed": seed, "parameters": 1, "device": CPU,
        "versions": {"keras": "3.1", "backend": "jax"}, "metadata": {}, "resumed": 0,
        "best_epoch": 2, "seconds_per_epoch": 1800.0, "peak_memory_mb": 1000, "finished": "2026-01-02T03:04:05Z",
        **changes,
    }  # fmt: skip
    record = {key: value for key, value in record.items() if value is not None}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def mixed():
    """A finished run, a failed, one that is under way and one that was not started."""
    run(seed=0, resumed=2)
    run(seed=1, seconds=(3600,), predicted=False, status="failed", reason="<b>loss nan</b>",
        peak_memory_mb=None, finished=None)  # fmt: skip
    run(seed=2, seconds=(), predicted=False, status="running", peak_memory_mb=None, finished=None,
        seconds_per_epoch=None)  # fmt: skip


def mine():
    """Return the plan of the hand-made study on real data."""
    return next(each for each in run_list.gather() if each.study.name == "mine")


def test_each_status_is_counted_once(place):
    mixed()
    plan = mine()
    statuses = [row.status for row in plan.planned]
    assert statuses == ["finished", "failed", "unfinished", "not started"]
    assert plan.count("finished") == 1
    assert plan.count("unfinished", "not started") == 2
    # Half an hour twice and an hour once, on four cores.
    assert run_list.hours(plan.there) == 2
    assert run_list.core_hours(plan.there) == 8


def test_the_frame_has_the_finished_runs(place):
    mixed()
    run("toy")
    plans = [each for each in run_list.gather() if not each.synthetic]
    (row,) = run_list.frame(run_list.done(plans)).to_dict("records")
    assert row == {
        "study": "mine", "run": "MobileNetV2-clean-96px-s0", "backbone": "MobileNetV2",
        "recipe": "clean", "size": 96, "seed": 0, "epochs": 2, "kept": 2, "hours": 1.0,
        "peak_mb": 1000, "finished": "2026-01-02T03:04:05Z", "unit": "lesion", "split": "abc",
        "resumed": 2, "device": CPU, "software": "Keras 3.1 on jax",
    }  # fmt: skip


def test_without_a_run_the_frame_is_empty(place):
    assert run_list.frame(run_list.done(run_list.gather())).empty


def test_a_run_without_its_predictions_is_not_finished(place):
    run(predicted=False)
    assert mine().rows[0].status == "unfinished"


def test_an_accelerator_is_not_counted_in_cores(place):
    run(seed=0)
    run(seed=1, device=GPU)
    assert run_list.hours(mine().there) == 2
    assert run_list.core_hours(mine().there) == 4


def test_runs_of_no_plan(place):
    run(seed=9)
    run("trial", device="cpu: arm64")
    run("scribble", data={"name": "synthetic", "fingerprint": "0"})
    plans = {each.study.name: each for each in run_list.gather()}
    assert list(plans) == ["mine", "toy", "trial"]
    assert [len(each.rows) - len(each.planned) for each in plans.values()] == [1, 0, 1]
    assert [each.count("finished") for each in plans.values()] == [0, 0, 0]
    # Of a machine that does not say how many cores it has, only the hours are known.
    assert run_list.hours(plans["trial"].there) == 1
    assert run_list.core_hours(plans["trial"].there) == 0


def test_memory_that_a_process_has_gathered_is_not_what_a_run_needs(place):
    for seed, peak in enumerate((5000, 900, 21190)):
        run(seed=seed, peak_memory_mb=peak)
    peaks = run_list.peaks_mb(mine().there)
    assert peaks == {("MobileNetV2", "clean", 96): [900, 5000, 21190]}


def test_the_committed_runs_are_all_there():
    """Counted from the files, without the contract that reads them."""
    plans = {each.study.name: each for each in run_list.gather()}
    for name, found in plans.items():
        there = {path.parent.name for path in (paths.RESULTS / "runs" / name).glob("*/run.json")}
        assert {row.name for row in found.there} == there
    spec = load_study("ham10000-256px").specs[0]
    rows = pd.read_csv(paths.RESULTS / "runs" / "ham10000-256px" / spec.name / "history.csv")
    row = plans["ham10000-256px"].rows[0]
    assert row.name == spec.name
    assert row.seconds == pytest.approx(rows["seconds"].sum())
    assert run_list.hours([row]) == pytest.approx(rows["seconds"].sum() / 3600)
    kind, *_, cores, _ = row.run.record["device"].split()
    assert kind == "cpu:"
    assert run_list.core_hours([row]) == pytest.approx(int(cores) * run_list.hours([row]))
