"""The list of runs counts what is there: against hand-made studies, and the committed runs."""

import pandas as pd
import pytest
import records
import yaml

from skinlib.common import paths
from skinlib.experiments import run_list
from skinlib.experiments.run import write_record

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
        rows = {"epoch": range(1, len(seconds) + 1), "seconds": seconds, "loss": 1.0}
        pd.DataFrame(rows).to_csv(folder / "history.csv", index=False)
    if predicted:
        (folder / "predictions.csv").touch()
    record = records.blank() | {
        "study": study, "run": name, "status": "finished", "recipe": {"name": "clean"},
        "backbone": "MobileNetV2", "input_size": 96, "data": {"name": "photos", "fingerprint": "0"},
        "split": {"unit": "lesion", "hash": "abc"}, "seed": seed, "device": CPU,
        "versions": {"keras": "3.1", "backend": "jax"}, "best_epoch": 2, "peak_memory_mb": 1000,
        "finished": "2026-01-02T03:04:05Z", **changes,
    }  # fmt: skip
    write_record(folder, {key: value for key, value in record.items() if value is not None})


def test_each_status_is_counted_once_and_a_finished_run_is_what_its_record_says(place):
    """A finished run, a failed, one that is under way and one that was not started."""
    run(seed=0, resumed=2)
    run(seed=1, seconds=(3600,), predicted=False, status="failed", reason="<b>loss nan</b>",
        peak_memory_mb=None, finished=None)  # fmt: skip
    run(seed=2, seconds=(), predicted=False, status="running", peak_memory_mb=None, finished=None)
    run("toy")
    found = run_list.gather()
    assert found["status"].tolist() == ["finished", "failed", "unfinished", "not started"]
    assert found["planned"].all()
    # Half an hour twice and an hour once.
    assert found["hours"].sum() == 2
    (row,) = run_list.done(found).to_dict("records")
    expected = {
        "study": "mine", "title": "Title of mine", "run": "MobileNetV2-clean-96px-s0",
        "planned": True, "status": "finished", "data": "photos", "backbone": "MobileNetV2",
        "recipe": "clean", "size": 96, "seed": 0, "epochs": 2, "kept": 2, "hours": 1.0, "cores": 4,
        "peak_mb": 1000, "finished": "2026-01-02T03:04:05Z", "unit": "lesion", "split": "abc",
        "resumed": 2, "device": CPU, "software": "Keras 3.1 on jax",
    }  # fmt: skip
    assert {key: row[key] for key in expected} == expected
    assert pd.isna(row["diverged"])


def test_runs_of_no_plan(place):
    """Drawn pictures are left out, and of some machines the cores are not known."""
    run(seed=9, predicted=False)
    run("trial", device="cpu: arm64")
    run("trial", seed=1, device=GPU)
    run("scribble", data={"name": "synthetic", "fingerprint": "0"})
    found = run_list.gather().query("not planned")
    assert found["study"].tolist() == ["mine", "trial", "trial"]
    assert found["title"].tolist() == ["Title of mine", "Of no study", "Of no study"]
    assert found["status"].tolist() == ["unfinished", "finished", "finished"]
    assert found["cores"].isna().tolist() == [False, True, True]


def test_the_committed_runs_are_all_there():
    """Counted from the files, without the contract that reads them."""
    found = run_list.gather()
    there = found[found["status"] != "not started"]
    for study, some in there.groupby("study"):
        folders = (paths.RESULTS / "runs" / study).glob("*/run.json")
        assert set(some["run"]) == {path.parent.name for path in folders}
    row = run_list.done(found).iloc[-1]
    rows = pd.read_csv(paths.RESULTS / "runs" / row["study"] / row["run"] / "history.csv")
    assert row["hours"] == pytest.approx(rows["seconds"].sum() / 3600)
    assert row["epochs"] == len(rows)
