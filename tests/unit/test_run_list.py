"""The page on runs counts what is there: against hand-made studies, and the committed runs."""

import json
import re

import pandas as pd
import pytest
import yaml

from skinlib import paths
from skinlib.evidence import run_list, run_pages
from skinlib.studies import load_study

FILES = re.compile(r"\.\./results/(?:tables|figures)/([\w-]+)\.(csv|md|svg)")
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
        "seconds_per_epoch": 1800.0, "peak_memory_mb": 1000, "finished": "2026-01-02T03:04:05Z",
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


def test_each_status_is_counted_once(place):
    mixed()
    frames, texts, drawn = run_pages.pages()
    row = frames["runs-studies"].set_index("Study").loc["mine"]
    assert row[["Planned", "Finished", "Failed", "Unfinished"]].tolist() == [4, 1, 1, 2]
    assert row["Title"] == "Title of mine"
    # Half an hour twice and an hour once, on four cores.
    assert (row["Training, h"], row["CPU core-hours"], row["Peak memory, MB"]) == (
        "2", "8", "1,000",
    )  # fmt: skip
    assert (
        "**3 runs** were started and 1 finished: 3 on cpu: Some CPU, 4 cores"
        in (texts["runs-totals"])
    )
    assert "**2 h**, 3 epochs in all" in texts["runs-totals"]
    assert "**8 core-hours**" in texts["runs-totals"]
    assert "One run was interrupted and resumed, 2 times." in texts["runs-totals"]
    assert "Of 4 planned runs on the real data 3 are not finished." in texts["runs-missing"]
    assert (
        "3 of 4 (1 not started, 1 unfinished, 1 failed): MobileNetV2; 96 px; seeds 1, 2, 3"
        in (texts["runs-missing"])
    )
    assert drawn == {}


def test_the_list_has_the_runs_that_were_started_on_real_data(place):
    mixed()
    run("toy")
    frames, _, _ = run_pages.pages()
    rows = frames["runs-list"].set_index("Run")
    assert list(rows["Status"]) == ["finished", "failed", "unfinished"]
    assert set(rows["Study"]) == {"mine"}
    assert list(rows["Epochs"]) == [2, 1, 0]
    assert list(rows["Peak memory, MB"]) == ["1,000", "–", "–"]
    assert rows.iloc[0]["Split"] == "lesion (abc)"
    assert rows.iloc[0]["Keras / backend"] == "3.1 / jax"
    assert list(rows["Resumed"]) == [2, 0, 0]


def test_no_page_quotes_the_reason_of_a_failure(place):
    mixed()
    frames, texts, _ = run_pages.pages()
    assert "<b>" not in "".join([*texts.values(), *(each.to_csv() for each in frames.values())])


def test_a_run_without_its_predictions_is_not_finished(place):
    run(predicted=False)
    (found,) = (each for each in run_list.gather() if each.study.name == "mine")
    assert found.rows[0].status == "unfinished"


def test_an_accelerator_is_not_counted_in_cores_nor_denied(place):
    run(seed=0)
    run(seed=1, device=GPU)
    frames, texts, _ = run_pages.pages()
    row = frames["runs-studies"].set_index("Study").loc["mine"]
    assert (row["Training, h"], row["CPU core-hours"]) == ("2", "4")
    assert "On accelerators it is 1 h" in texts["runs-totals"]
    assert "Of the finished ones (2) 1 ran on an accelerator" in texts["runs-missing"]


def test_without_one_it_says_what_the_finished_ran_on(place):
    assert "None is, so far." in run_pages.pages()[1]["runs-missing"]
    run()
    text = run_pages.pages()[1]["runs-missing"]
    assert f"None of the finished ones (1) had an accelerator; they ran on {CPU}." in text


def test_all_planned_runs_finished(place):
    for seed in range(4):
        run(seed=seed)
    texts = run_pages.pages()[1]
    assert texts["runs-missing"] == "All 4 planned runs on the real data are finished.\n"
    assert "No run had to be resumed" in texts["runs-totals"]


def test_runs_of_no_plan(place):
    run(seed=9)
    run("trial", device="cpu: arm64")
    run("scribble", data={"name": "synthetic", "fingerprint": "0"})
    frames, _, _ = run_pages.pages()
    rows = frames["runs-studies"].set_index("Study")
    assert list(rows.index) == ["mine", "toy", "trial"]
    assert list(rows["Beside the plan"]) == [1, 0, 1]
    assert list(rows["Finished"]) == [0, 0, 0]
    # Of a machine that does not say how many cores it has, only the hours are known.
    assert rows.loc["trial", ["Training, h", "CPU core-hours"]].tolist() == ["1", "–"]


def test_the_pages_files_are_made_with_and_without_runs(place):
    text = (paths.ROOT / "book" / "runs.md").read_text(encoding="utf-8")
    wanted = {kind: {name for name, end in FILES.findall(text) if end == kind}
              for kind in ("csv", "md", "svg")}  # fmt: skip
    for fill in (lambda: None, mixed):
        fill()
        frames, texts, drawn = run_pages.pages()
        assert {"csv": set(frames), "md": set(texts), "svg": set(drawn)} == wanted
        assert not any(frame.empty for frame in frames.values())


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


def test_memory_that_a_process_has_gathered_is_not_what_a_run_needs(place):
    for seed, peak in enumerate((900, 5000, 21190)):
        run(seed=seed, peak_memory_mb=peak)
    frames, texts, _ = run_pages.pages()
    assert "nearest to what one run needs, is 900 MB." in texts["runs-totals"]
    assert "with *clean* at 96 pixels the peaks go from 900 to 21,190 MB" in texts["runs-totals"]
    row = frames["runs-studies"].set_index("Study").loc["mine"]
    assert row["Peak memory, MB"] == "900–21,190"
