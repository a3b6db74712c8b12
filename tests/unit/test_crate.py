"""A study as an RO-Crate with Croissant metadata: what is said of a run is what its files say.

The crate of the study `best` was also checked by the validator of the profile (roc-validator 0.13),
which needs a network and older packages than those of the lock: all of the required checks pass.
"""

import importlib.util
import json

import pandas as pd
import pytest

from skinlib.cli import main
from skinlib.common import paths
from skinlib.common.files import sha256
from skinlib.experiments import crate
from skinlib.experiments.run import read_run
from skinlib.experiments.study import load_study

pytest.importorskip("rocrate", reason="comes with the extra publish")
mlcroissant = pytest.importorskip("mlcroissant", reason="comes with the extra publish")
STUDY = "ham10000-256px-96px"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crate") / STUDY
    assert main(["crate", STUDY, "-o", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def graph(folder):
    found = json.loads((folder / crate.METADATA).read_text(encoding="utf-8"))["@graph"]
    return {each["@id"]: each for each in found}


@pytest.fixture(scope="module")
def runs():
    return [read_run(path.parent) for path in (paths.RESULTS / "runs" / STUDY).glob("*/run.json")]


def identifiers(value):
    """Yield what a JSON value refers to."""
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            yield value["@id"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from identifiers(each)


def test_every_run_is_an_action_that_made_its_files_of_its_split(graph, folder, runs):
    assert runs
    for run in runs:
        action = graph[f"#{run.name}"]
        assert action["description"] == run.command()
        assert action["identifier"] == run.record["identity"]
        assert pd.Timestamp(action["endTime"]) == pd.Timestamp(run.record["finished"])
        given, made = (set(identifiers(action[key])) for key in ("object", "result"))
        assert made == {f"results/runs/{STUDY}/{run.name}/{name}"
                        for name in ("run.json", "history.csv", "predictions.csv")}  # fmt: skip
        assert f"results/splits/{run.record['split']['file']}" in given
        (data,) = (graph[each] for each in given if graph[each]["@type"] == "Dataset")
        assert data["identifier"] == run.record["data"]["fingerprint"]
        for place in made:
            assert sha256(folder / place) == sha256(paths.ROOT / place)
    whole, names = graph[f"#study-{STUDY}"], {f"#{run.name}" for run in runs}
    assert set(identifiers(graph["./"]["mentions"])) == {whole["@id"], *names}
    assert graph[whole["instrument"]["@id"]]["programmingLanguage"]
    assert graph["./"]["mainEntity"] == whole["instrument"]


def test_nothing_is_named_that_is_not_there(graph, folder):
    named = {each for entity in graph.values() for each in identifiers(entity)}
    assert {each for each in named if "://" not in each} <= set(graph)
    files = {key for key, each in graph.items() if "File" in each["@type"]}
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert files == there - {crate.METADATA}
    assert graph["./"]["license"]["@id"] == crate.LICENCE


def test_croissant_loads_the_predictions_and_the_splits(folder, runs):
    dataset = mlcroissant.Dataset(jsonld=folder / crate.CROISSANT)
    assert not dataset.metadata.issues.errors
    run = runs[0]
    split = pd.read_csv(paths.RESULTS / "splits" / run.record["split"]["file"])
    tables = {run.name: run.predictions(), run.record["split"]["file"][:-4]: split}
    for name, expected in tables.items():
        found = pd.DataFrame(list(dataset.records(name)))
        found.columns = [column.rpartition("/")[2] for column in found]
        found = found.map(lambda cell: cell.decode() if isinstance(cell, bytes) else cell)
        pd.testing.assert_frame_equal(found[list(expected)], expected, check_dtype=False)


def test_what_is_refused(folder, tmp_path, monkeypatch, capsys):
    (tmp_path / "mine").mkdir()
    assert main(["crate", STUDY, "-o", str(tmp_path / "mine")]) == 2
    assert "is no crate" in capsys.readouterr().err
    # Made again, a crate takes the place of the first.
    before = (folder / crate.METADATA).read_bytes()
    crate.write(load_study(STUDY), folder)
    assert (folder / crate.METADATA).read_bytes() == before
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    assert main(["crate", STUDY, "-o", str(tmp_path / "crate")]) == 2
    assert f"make runs STUDY={STUDY}" in capsys.readouterr().err
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["crate", STUDY, "-o", str(tmp_path / "crate")]) == 2
    assert 'pip install "skinlib[publish]"' in capsys.readouterr().err
    assert not (tmp_path / "crate").exists()
