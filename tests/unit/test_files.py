"""Writing leaves the old file or the new one, and hashes are the known ones."""

import hashlib
import json
import math
import os
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skinlib import files


def test_atomic_path_moves_the_file_when_the_block_ends(tmp_path):
    target = tmp_path / "new" / "folder" / "a.weights.h5"
    with files.atomic_path(target) as temporary:
        assert temporary.parent == target.parent  # the same disk, so that the move is atomic
        assert temporary.name.endswith(".weights.h5")  # Keras looks at the suffix
        temporary.write_bytes(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_atomic_path_keeps_the_old_file_when_the_block_raises(tmp_path, error):
    target = tmp_path / "run.json"
    target.write_text("old")

    def write():
        with files.atomic_path(target) as temporary:
            temporary.write_text("half of the n")
            raise error

    with pytest.raises(error):
        write()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_atomic_path_follows_the_umask(tmp_path):
    """A result is readable by the group although the temporary file was private."""
    before = os.umask(0o027)
    try:
        files.write_text(tmp_path / "a.txt", "text")
    finally:
        assert os.umask(before) == 0o027
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float32("nan"), [1, {"a": -math.inf}]])
def test_write_json_refuses_what_json_does_not_know(tmp_path, value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "a.json", {"value": value})
    assert list(tmp_path.iterdir()) == []


def test_write_json_turns_numpy_scalars_and_paths_into_plain_values(tmp_path):
    value = {"a": np.float32(0.5), "b": np.int64(3), "c": np.bool_(True), "d": Path("x") / "y"}
    files.write_json(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"a": 0.5, "b": 3, "c": True, "d": "x/y"}
    with pytest.raises(TypeError, match="ndarray"):
        files.write_json(tmp_path / "a.json", {"a": np.zeros(2)})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == text


def test_text_is_utf_8_with_unix_line_ends(tmp_path):
    files.write_text(tmp_path / "a.txt", "Zoë\nγ\n")
    assert (tmp_path / "a.txt").read_bytes() == b"Zo\xc3\xab\n\xce\xb3\n"
    files.write_csv(
        tmp_path / "a.csv", pd.DataFrame({"x": [1.23456], "y": "é"}), float_format="%.3g"
    )
    assert (tmp_path / "a.csv").read_bytes() == b"x,y\n1.23,\xc3\xa9\n"


@pytest.mark.parametrize("content", [b"", b"abc", bytes(range(256)) * 5000])
def test_sha256(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    assert files.sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()


def test_hash_of_is_the_hash_of_canonical_json():
    expected = hashlib.sha256(b'{"a": [1, null], "b": 0.5}').hexdigest()[:12]
    assert files.hash_of({"b": 0.5, "a": [1, None]}) == expected
    assert files.hash_of({"a": [np.int64(1), None], "b": np.float64(0.5)}) == expected
    assert files.hash_of({"a": [1, None], "b": 0.25}) != expected
