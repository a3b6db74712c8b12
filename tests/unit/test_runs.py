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
    PREDICTION_COLUMNS,
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

TABLE = pd.DataFrame(
    {
        "image_id": [f"ISIC_{number:07d}" for number in range(8)],
        "lesion_id": [f"HAM_{number // 2:07d}" for number in range(8)],
        "dx": [*CLASSES, "nv"],
    }
)
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
    assert run.record == record(run="a")
    assert run.name == "a"
    assert run.finished


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


def test_an_unknown_status_is_refused(folder):
    assert '"done", expected one of running' in refused(write_record, folder, record(status="done"))


def test_no_run_is_something_else_than_a_torn_one(results):
    with pytest.raises(DataError, match=r"run\.json") as error:
        read_run(results / "nothing")
    assert error.value.exit_code == 2


def test_runs_of_a_study_by_name_whatever_their_status(results):
    for name, status in (("b", "failed"), ("a", "finished"), ("c", "running")):
        write_record(folder_of("demo", name), record(run=name, status=status))
    folder_of("demo", "empty").mkdir()
    write_record(folder_of("other", "d"), record(run="d"))
    found = list_runs("demo")
    assert [run.name for run in found] == ["a", "b", "c"]
    assert [run.record["status"] for run in found] == ["finished", "failed", "running"]
    assert list_runs("nothing") == []


def test_a_history_comes_back(folder):
    rows = [{"epoch": 1, "loss": 1 / 3, "seconds": 2.0}, {"epoch": 2, "loss": 1e-9, "seconds": 2.5}]
    write_history(folder, rows)
    pd.testing.assert_frame_equal(read_run(folder).history(), pd.DataFrame(rows), rtol=1e-5)


# predictions.csv


def test_predictions_come_back_to_the_last_bit(folder):
    frame = read_run(folder).predictions()
    assert tuple(frame.columns) == PREDICTION_COLUMNS
    assert frame["image_id"].tolist() == TABLE["image_id"].tolist()
    assert frame["lesion_id"].tolist() == TABLE["lesion_id"].tolist()
    assert frame["label"].tolist() == TABLE["dx"].tolist()
    assert frame["part"].tolist() == PARTS
    np.testing.assert_array_equal(frame[list(CLASSES)].to_numpy(np.float32), softmax())


def test_arrays_of_a_part(folder):
    labels, probabilities, lesions = read_run(folder).arrays("test")
    assert labels.tolist() == [3, 4, 5, 6, 5]
    np.testing.assert_allclose(probabilities, softmax()[3:], rtol=1e-6)
    assert lesions.tolist() == TABLE["lesion_id"][3:].tolist()
    assert len(read_run(folder).arrays("validation")[0]) == 3
    with pytest.raises(DataError, match="'train'"):
        read_run(folder).arrays("train")


def line(number, change):
    """Return a doctoring of one line of the file, numbered as an editor does."""

    def doctor(text):
        lines = text.splitlines()
        lines[number - 1] = change(lines[number - 1])
        return "\n".join(lines) + "\n"

    return doctor


def _row(*numbers):
    return ",".join(["ISIC_0000001", "HAM_0000000", "validation", "bcc", *numbers])


ZEROS = ("0",) * 6


@pytest.mark.parametrize(
    ("doctor", "named"),
    [
        (line(3, lambda row: row.replace(",bcc,", ",scc,")), "row 3 has a label"),
        (line(3, lambda row: row.replace(",bcc,", ",,")), "row 3 has a label"),
        (
            line(4, lambda row: row.replace("ISIC_0000002", "ISIC_0000000")),
            "row 4 has an image twice",
        ),
        (line(3, lambda row: _row("0.9", *ZEROS)), "row 3 has probabilities that do not sum to 1"),
        (line(3, lambda row: _row("nan", *ZEROS)), "row 3"),
        (line(3, lambda row: _row("high", *ZEROS)), "row 3"),
        (line(3, lambda row: _row("1.5", "-0.5", *ZEROS[:5])), "row 3 has a negative probability"),
        # Torn: the last number is missing, yet those left sum to 1.
        (line(3, lambda row: _row("1", *ZEROS[:5])), "row 3"),
        (line(1, lambda row: row.replace("mel,nv", "nv,mel")), "columns"),
        (line(1, lambda row: row.replace("label", "dx")), "columns"),
        (lambda text: text.replace(",part", "", 1), "a.csv"),
        (lambda text: "", "a.csv"),
        (lambda text: text + "1,2,3,4,5,6,7,8,9,10,11,12,13\n", "a.csv"),
    ],
)
def test_doctored_predictions_are_refused(folder, tmp_path, doctor, named):
    text = (folder / PREDICTIONS).read_text()
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert len(read_predictions(path)) == 8
    path.write_text(doctor(text))
    assert doctor(text) != text
    message = refused(read_predictions, path)
    assert named in message
    assert str(path) in message
