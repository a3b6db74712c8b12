"""Copies in a data set are found on disk, kept once, and said as they are."""

import json
import shutil

import pytest

from skinlib.common import paths
from skinlib.data import copies, ham10000, synthetic


@pytest.fixture
def folder(tmp_path):
    """Seventy drawn pictures, all different."""
    return synthetic.generate(tmp_path / "set", images=70, seed=3, width=32, height=24)


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


def load(folder):
    return ham10000.load(folder, decode=False)


def copy(folder, rows):
    """Overwrite the file of each row but the first with the first one's; return their ids."""
    table = load(folder).table.loc[rows]
    for path in table["path"][1:]:
        shutil.copy(table["path"].iloc[0], path)
    return table["image_id"].tolist(), sorted(set(table["lesion_id"]))


def test_a_set_without_copies(folder):
    found = copies.find(load(folder))
    assert (found["images"], found["copies"]) == (70, [])


def test_each_file_that_is_there_more_than_once(folder):
    expected = [copy(folder, rows) for rows in ([2, 5, 11], [3, 19])]
    found = copies.find(load(folder))["copies"]
    assert [(one["image_ids"], one["lesion_ids"]) for one in found] == expected


def test_kept_until_the_data_change(folder, monkeypatch):
    path, find = copies.keep(load(folder)), copies.find
    assert json.loads(path.read_text())["copies"] == []
    monkeypatch.setattr(copies, "find", lambda dataset: pytest.fail("looked again"))
    assert copies.keep(load(folder)) == path
    monkeypatch.setattr(copies, "find", find)
    ids, _ = copy(folder, [0, 1])
    copies.keep(load(folder))
    assert json.loads(path.read_text())["copies"][0]["image_ids"] == ids


def test_the_committed_record_is_of_the_committed_data():
    stored = paths.ROOT / "results" / "copies" / "ham10000-256px.json"
    found = json.loads(stored.read_text())
    assert found["images"] == 10015
    run = paths.ROOT / "results/runs/ham10000-256px/MobileNetV2-clean-160px-s0/run.json"
    assert json.loads(run.read_text())["data"]["fingerprint"] == found["fingerprint"]
