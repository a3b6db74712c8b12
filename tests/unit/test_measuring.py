"""What is measured on the data themselves, on drawn data and invented runs."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import records

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.data import ham10000
from skinlib.experiments import external, groups, leakage, measuring
from skinlib.experiments.run import folder_of, write_predictions, write_record
from skinlib.experiments.study import load_study


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


@pytest.fixture
def folder(synthetic_folder, tmp_path):
    """Data with an official test beside them, its images renamed copies."""
    target = tmp_path / "data"
    shutil.copytree(synthetic_folder, target)
    (target / "test").mkdir()
    table = pd.read_csv(target / ham10000.METADATA, dtype=str, keep_default_na=False)
    for name in table["image_id"]:
        (target / "test" / f"{name.replace('ISIC_9', 'ISIC_8')}.jpg").symlink_to(
            next(synthetic_folder.rglob(f"{name}.jpg"))
        )
    table["image_id"] = table["image_id"].str.replace("ISIC_9", "ISIC_8")
    sources = np.where(np.arange(len(table)) % 2, "rosendahl", "vidir")
    table.assign(dataset=sources).to_csv(target / external.TABLES[0], index=False)
    return target


def test_without_runs_only_the_split_is_recounted(synthetic_folder, results):
    written = measuring.measure(synthetic_folder, test_share=0.3)
    assert [path.name for path in written] == ["both-sides.json", "subgroups.json"]
    assert json.loads(written[1].read_text()) == {}
    counted = json.loads((results / leakage.BOTH_SIDES).read_text())
    assert (counted["images"], len(counted["rows"])) == (70, measuring.SEEDS)


def test_groups_of_the_own_and_of_the_official_test(folder, results):
    spec = next(s for s in load_study(groups.SMALL).specs if s.recipe == "clean")
    own = ham10000.load(folder, decode=False).table
    official = external.load(folder).table
    both = pd.concat([own, official], ignore_index=True)
    labels = both["dx"].map(CLASSES.index).to_numpy()
    where = folder_of(groups.SMALL, spec.name)
    write_predictions(
        where, both, ["test"] * len(own) + [external.PART] * len(official), np.eye(7)[labels]
    )
    record = records.blank() | {
        "status": "finished", "run": spec.name, "study": groups.SMALL, "input_size": 96,
        "recipe": spec.resolve().to_json(), "external": {"fingerprint": "1"},
    }  # fmt: skip
    write_record(where, record)
    _, path = measuring.measure(folder, test_share=0.3)
    found = json.loads(path.read_text())
    assert list(found) == ["clean, 96 px, seed 0", "clean, 96 px, seed 0, official test"]
    mine, theirs = found.values()
    assert "source" not in mine["groups"]
    counts = {row["group"]: row["images"] for row in theirs["groups"]["source"]}
    assert counts == {"rosendahl": 35, "vidir": 35}
    women = own[own["sex"] == "female"]
    row = next(row for row in mine["groups"]["sex"] if row["group"] == "female")
    assert (row["images"], row["lesions"]) == (len(women), women["lesion_id"].nunique())
    assert row["accuracy"][0] == 1.0


def test_lesions_that_the_official_tests_share_with_the_training_data():
    table = pd.DataFrame({"image_id": ["a", "b", "c"], "lesion_id": ["H1", "H1", "H2"]})
    archive = pd.DataFrame(
        [("a", "train", "L9"), ("b", "train", "L9"), ("c", "train", "L7"), ("d", "test", "L7"),
         ("e", "test", "L5"), ("f", "test", "L5"), ("g", "validation", "L3")],
        columns=["image_id", "set", "archive_lesion_id"],
    )  # fmt: skip
    found = measuring.official_lesions(archive, table)
    assert found["train"] == {"photographs": 3, "lesions": 2, "shared": 2}
    assert found["test"] == {"photographs": 3, "lesions": 2, "shared": 1}
    assert found["validation"]["shared"] == 0
    archive.loc[1, "archive_lesion_id"] = "L8"  # another lesion than HAM10000 says
    with pytest.raises(DataError, match="disagree"):
        measuring.official_lesions(archive, table)
