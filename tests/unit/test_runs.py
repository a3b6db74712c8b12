"""The results contract: what is written comes back, and a doctored file is refused."""

import json

import jsonschema
import numpy as np
import pandas as pd
import pytest
from records import blank

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.experiments import contract
from skinlib.experiments.run import (
    PREDICTIONS,
    RUN,
    folder_of,
    list_runs,
    read_predictions,
    read_run,
    write_history,
    write_predictions,
    write_record,
)

TABLE = pd.DataFrame({
    "image_id": [f"ISIC_{number:07d}" for number in range(8)],
    "lesion_id": [f"HAM_{number // 2:07d}" for number in range(8)],
    "dx": [*CLASSES, "nv"],
})  # fmt: skip
PARTS = ["validation"] * 3 + ["test"] * 5


def record(**fields):
    return {**blank(), "status": "finished", **fields}


def softmax(seed=0):
    """Return float32 rows, some of them nearly saturated, as a trained network gives them."""
    logits = 8 * np.random.default_rng(seed).normal(size=(8, 7)).astype(np.float32)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    return tmp_path


@pytest.fixture
def folder(results):
    folder = folder_of("demo", "a")
    write_record(folder, record(run="a"))
    write_predictions(folder, TABLE, PARTS, softmax())
    return folder


def refused(function, *arguments):
    """Return the message of the IntegrityError that the call must raise."""
    with pytest.raises(IntegrityError) as error:
        function(*arguments)
    return str(error.value)


# run.json


def test_the_published_schema_is_one():
    schema = contract.validator(contract.SCHEMA).schema
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["classes"]["const"] == list(CLASSES)


def test_a_record_comes_back(folder, results):
    assert folder == results / "runs" / "demo" / "a"
    run = read_run(folder)
    assert (run.record, run.name, run.finished) == (record(run="a"), "a", True)
    with pytest.raises(DataError, match=r"run\.json") as error:
        read_run(results / "nothing")
    assert error.value.exit_code == 2


@pytest.mark.parametrize("status", ["running", "failed"])
def test_a_run_is_finished_by_status_and_predictions(folder, status):
    write_record(folder, record(status=status))
    assert not read_run(folder).finished
    write_record(folder, record())
    (folder / PREDICTIONS).unlink()
    assert not read_run(folder).finished


@pytest.mark.parametrize("key", sorted(blank()))
def test_a_record_without_its_provenance_is_refused(folder, key):
    value = record()
    del value[key]
    assert key in refused(write_record, folder, value)
    assert read_run(folder).record == record(run="a")
    (folder / RUN).write_text(json.dumps(value))
    message = refused(read_run, folder)
    assert key in message
    assert str(folder) in message


def test_runs_of_a_study_by_name_whatever_their_status(results):
    for name, status in (("b", "failed"), ("a", "finished"), ("c", "running")):
        write_record(folder_of("demo", name), record(run=name, status=status))
    folder_of("demo", "empty").mkdir()
    write_record(folder_of("other", "d"), record(run="d"))
    found = [(run.name, run.record["status"]) for run in list_runs("demo")]
    assert found == [("a", "finished"), ("b", "failed"), ("c", "running")]
    assert list_runs("nothing") == []


def test_a_history_comes_back(folder):
    rows = [{"epoch": 1, "loss": 1 / 3, "seconds": 2.0}, {"epoch": 2, "loss": 1e-9, "seconds": 2.5}]
    write_history(folder, rows)
    pd.testing.assert_frame_equal(read_run(folder).history(), pd.DataFrame(rows), rtol=1e-5)


# predictions.csv


def test_predictions_come_back_to_the_last_bit(folder):
    frame = read_run(folder).predictions()
    assert list(frame) == ["image_id", "lesion_id", "part", "label", *CLASSES]
    given = TABLE.rename(columns={"dx": "label"}).assign(part=PARTS)
    pd.testing.assert_frame_equal(frame[list(given)], given, check_dtype=False)
    np.testing.assert_array_equal(frame[list(CLASSES)].to_numpy(np.float32), softmax())


def test_arrays_of_a_part(folder):
    labels, probabilities, lesions = read_run(folder).arrays("test")
    assert labels.tolist() == [3, 4, 5, 6, 5]
    np.testing.assert_allclose(probabilities, softmax()[3:], rtol=1e-6)
    assert lesions.tolist() == TABLE["lesion_id"][3:].tolist()
    assert len(read_run(folder).arrays("validation")[0]) == 3
    with pytest.raises(DataError, match="'train'"):
        read_run(folder).arrays("train")


ROW = "ISIC_0000001,HAM_0000000,validation,bcc,"
ZEROS = ",0" * 6


@pytest.mark.parametrize(
    ("line", "old", "new", "named"),
    [
        (3, ",bcc,", ",scc,", "row 3 has a label"),
        (3, ",bcc,", ",,", "row 3 has a label"),
        (4, "ISIC_0000002", "ISIC_0000000", "row 4 has an image twice"),
        (3, None, f"{ROW}0.9{ZEROS}", "row 3 has probabilities that do not sum to 1"),
        (3, None, f"{ROW}nan{ZEROS}", "row 3"),
        (3, None, f"{ROW}high{ZEROS}", "row 3"),
        (3, None, f"{ROW}1.5,-0.5{ZEROS[2:]}", "row 3 has a negative probability"),
        # Torn: the last number is missing, yet those left sum to 1.
        (3, None, f"{ROW}1{ZEROS[2:]}", "row 3"),
        (1, "mel,nv", "nv,mel", "columns"),
        (1, "label", "dx", "columns"),
        (1, ",part", "", "a.csv"),
        (8, None, "1,2,3,4,5,6,7,8,9,10,11,12,13", "a.csv"),
        (0, None, "", "a.csv"),
    ],
)  # fmt: skip
def test_doctored_predictions_are_refused(line, old, new, named, folder, tmp_path):
    """Lines are numbered as an editor does; old None is all of it, line 0 is the whole file."""
    path, lines = tmp_path / "a.csv", (folder / PREDICTIONS).read_text().splitlines()
    path.write_text("\n".join(lines))
    assert len(read_predictions(path)) == 8
    lines[line - 1] = lines[line - 1].replace(old, new) if old else new
    path.write_text("\n".join(lines) if line else new)
    message = refused(read_predictions, path)
    assert named in message
    assert str(path) in message
