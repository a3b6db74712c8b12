"""Writing leaves the old file or the new one, and hashes are the known ones."""

import errno
import hashlib
import json
import math
import os
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skinlib.common import files
from skinlib.common.errors import DataError


def test_atomic_path_moves_the_file_when_the_block_ends(tmp_path):
    target = tmp_path / "new" / "folder" / "a.weights.h5"
    before = os.umask(0o027)
    try:
        with files.atomic_path(target) as temporary:
            assert temporary.parent == target.parent  # the same disk, so that the move is atomic
            assert temporary.name.endswith(".weights.h5")  # Keras looks at the suffix
            temporary.write_bytes(b"whole")
            assert not target.exists()
    finally:
        assert os.umask(before) == 0o027
    assert target.read_bytes() == b"whole"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_block_that_raises_keeps_what_was_there(tmp_path, error):
    file, folder = tmp_path / "run.json", tmp_path / "set"
    file.write_text("old")
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(error), files.atomic_path(file) as temporary:
        temporary.write_text("half of the n")
        raise error
    with pytest.raises(error), files.atomic_folder(folder) as temporary:
        (temporary / "new").touch()
        raise error
    assert file.read_text() == "old"
    assert sorted(tmp_path.rglob("*")) == [file, folder, folder / "old"]


def test_atomic_folder_replaces_the_whole_folder(tmp_path):
    folder = tmp_path / "new" / "set"
    for name in ("one", "two"):
        (folder.parent / ".set.partial").mkdir(parents=True)  # left by a killed process
        (folder.parent / ".set.partial" / "left").touch()
        with files.atomic_folder(folder) as temporary:
            (temporary / name).touch()
        assert [path.name for path in folder.iterdir()] == [name]
    assert list(folder.parent.iterdir()) == [folder]


def test_an_error_names_the_target_and_not_the_temporary_file(tmp_path, monkeypatch):
    folder = tmp_path / "answers.csv"
    folder.mkdir()
    with pytest.raises(OSError, match="answers") as error:
        files.write_text(folder, "text")
    assert (error.value.filename, error.value.errno) == (str(folder), errno.EISDIR)
    assert list(tmp_path.iterdir()) == [folder]

    def refused(*_, dir, prefix, suffix):
        name = str(dir / f"{prefix}x{suffix}")
        raise PermissionError(errno.EACCES, "Permission denied", name)

    monkeypatch.setattr(files.tempfile, "mkstemp", refused)
    with pytest.raises(PermissionError) as error:
        files.write_text(tmp_path / "a.csv", "text")
    assert error.value.filename == str(tmp_path / "a.csv")


def test_what_is_there_instead_of_a_file(tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "dangling.jpg").symlink_to("gone.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "good").touch()
    (tmp_path / "link.jpg").symlink_to("good")
    files.require_file(tmp_path / "link.jpg", "photograph")
    for name, words in {
        "folder.jpg": "is a folder, expected a photograph",
        "dangling.jpg": "is a link that leads to no file",
        "loop.jpg": "is a link that leads to no file",
        "pipe.jpg": "is no plain file",
        "nothing.jpg": "does not exist",
    }.items():
        with pytest.raises(DataError, match=words) as error:
            files.require_file(tmp_path / name, "photograph")
        assert f"'{tmp_path / name}'" in str(error.value)


def test_a_place_that_can_not_be_written_is_found_beforehand(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    files.require_place(tmp_path / "new" / "folder" / "a.csv")
    for path in (tmp_path, tmp_path / "file" / "a.csv"):
        with pytest.raises(DataError, match=f"^'{path}' "):
            files.require_place(path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]

    def refused(*_, dir, **__):
        raise OSError(errno.EROFS, "Read-only file system", str(dir))

    monkeypatch.setattr(files.tempfile, "TemporaryFile", refused)
    with pytest.raises(DataError, match=r"a\.csv' cannot be written: .*Read-only file system"):
        files.require_place(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "value", [math.nan, np.float32("nan"), [1, {"a": -math.inf}], np.zeros(2)], ids=str
)
def test_write_json_refuses_what_json_does_not_know(tmp_path, value):
    with pytest.raises((ValueError, TypeError), match="not JSON compliant|ndarray"):
        files.write_json(tmp_path / "a.json", {"value": value})
    assert list(tmp_path.iterdir()) == []


def test_write_json_turns_numpy_scalars_and_paths_into_plain_values(tmp_path):
    values = [np.float32(0.5), np.int64(3), np.bool_(True), Path("x") / "y"]
    files.write_json(tmp_path / "a.json", values)
    assert json.loads((tmp_path / "a.json").read_text()) == [0.5, 3, True, "x/y"]


def test_text_is_utf_8_with_unix_line_ends(tmp_path):
    files.write_text(tmp_path / "a.txt", "Zoë\nγ\n")
    assert (tmp_path / "a.txt").read_bytes() == b"Zo\xc3\xab\n\xce\xb3\n"
    # The name of a file that is Latin-1.
    files.write_text(tmp_path / "b.txt", os.fsdecode(b"caf\xe9.jpg"))
    assert (tmp_path / "b.txt").read_bytes() == b"caf\\udce9.jpg"
    files.write_csv(
        tmp_path / "a.csv", pd.DataFrame({"x": [1.23456], "y": "é"}), float_format="%.3g"
    )
    assert (tmp_path / "a.csv").read_bytes() == b"x,y\n1.23,\xc3\xa9\n"


def test_hashes(tmp_path):
    content = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(content)
    assert files.sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()
    expected = hashlib.sha256(b'{"a": [1, null], "b": 0.5}').hexdigest()[:12]
    assert files.hash_of({"b": np.float64(0.5), "a": [np.int64(1), None]}) == expected
