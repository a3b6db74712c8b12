"""What the authors' convolution computes on this machine is told from what it should compute."""

import json

import keras
import numpy as np
import pytest
from test_attention import loops_as_coded

from skinlib.cli import main
from skinlib.models import conv3d


@pytest.fixture
def case(rng):
    inputs = rng.normal(size=(2, 4, 5, 9)).astype("float32")
    return inputs, rng.normal(size=(9, 3, 3, 1, 2)).astype("float32")


def test_the_reference_equals_plain_loops(case):
    inputs, kernel = case
    expected = loops_as_coded(inputs, kernel)
    np.testing.assert_allclose(conv3d.reference(inputs, kernel, 0), expected, atol=1e-12)


def test_the_middle_channels_are_those_behind_a_negative_margin(case):
    """(C - 3) / 2 numbers cut off on the left: channels 3, 4 and 5 of nine."""
    inputs, kernel = case
    rolled = np.roll(inputs, -3, axis=-1)
    expected = loops_as_coded(rolled, kernel)
    np.testing.assert_allclose(conv3d.reference(inputs, kernel, 3), expected, atol=1e-12)
    assert conv3d.classify(expected, inputs, kernel)["reading"] == conv3d.MIDDLE


def test_readings(case):
    inputs, kernel = case
    right = conv3d.reference(inputs, kernel, 0)
    largest = round(np.abs(right).max(), 4)
    for added, reading, error in (
        (0, conv3d.DOCUMENTED, 0),
        (0.5, conv3d.NEITHER, 0.5),
        (np.nan, conv3d.NEITHER, None),
    ):
        wrong = right.copy()
        wrong[0, 1, 2, 1] += added
        assert conv3d.classify(wrong, inputs, kernel) == {
            "reading": reading, "largest_error": error, "largest_value": largest,
        }  # fmt: skip


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's settings")
def test_the_command_names_a_reading_for_each_setting(monkeypatch, capsys):
    monkeypatch.setattr(conv3d, "SETTINGS", ({}, {"TF_ENABLE_ONEDNN_OPTS": "0"}))
    assert main(["describe", "--conv3d", "--json"]) in (0, None)
    found = json.loads(capsys.readouterr().out)
    assert [row["environment"] for row in found["settings"]] == list(conv3d.SETTINGS)
    for row in found["settings"]:
        assert row["reading"] in (conv3d.DOCUMENTED, conv3d.MIDDLE, conv3d.NEITHER)
        if row["reading"] == conv3d.DOCUMENTED:
            assert row["channels"] == [0, 1, 2]
        if row["reading"] == conv3d.MIDDLE:
            assert row["channels"] == [62, 63, 64]


def test_records_of_several_machines_make_one_table():
    row = {"reading": "documented", "channels": [0, 1, 2], "largest_error": 0.0, "largest_value": 1}
    here = {
        "device": "cpu: a box", "versions": {"tensorflow": "2.21.0"},
        "settings": [{"environment": {}, **row}, {"environment": {"A": "1", "B": "2"}, **row}],
    }  # fmt: skip
    other = {**here, "settings": [{**here["settings"][0], "largest_error": None}]}
    frame = conv3d.frame([here, other])
    assert frame["Processor"].tolist() == ["a box"] * 3
    assert frame["Setting"].tolist() == ["default", "A=1 B=2", "default"]
    assert frame["Largest error"].tolist() == ["0.00", "0.00", "–"]
