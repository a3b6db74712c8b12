"""Fetching gives the layout that the reader takes, from bad networks and bad servers too."""

import shutil

import pandas as pd
import pytest
from local_server import IDS, LAYOUT, PARTS, TABLE, images, jpeg, leftovers, make_zip, run, serve

from skinlib.cli import main
from skinlib.common.errors import DataError, IntegrityError, TemporaryError
from skinlib.data import archive, fetch, ham10000
from skinlib.data.registry import DATASETS

ZIP = f"{PARTS[0]}.zip"


def place(folder, name, body):
    """Put a file where a person would."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(body)
    return folder / name


def test_good_files_give_the_layout_and_are_requested_once(server, tmp_path):
    folder = run(tmp_path / "with space é")
    assert images(folder) == LAYOUT
    assert (folder / LAYOUT[0]).read_bytes() == jpeg(IDS[0])
    assert (folder / TABLE).read_bytes() == server.files[TABLE]
    assert leftovers(folder) == []
    assert sorted(server.log) == sorted((name, None) for name in server.files)
    assert all(agent.startswith("skinlib/") for agent in server.agents)
    # A lost table and image come back from what lies in `downloads`, as if placed by hand.
    (folder / LAYOUT[4]).unlink()
    (folder / TABLE).unlink()
    server.log.clear()
    run(folder)
    assert images(folder) == LAYOUT
    assert (folder / TABLE).is_file()
    # What is finished needs no download.
    for name in server.files:
        (folder / "downloads" / name).unlink()
    run(folder)
    assert server.log == []


def test_the_reader_takes_the_result(server, dataset, monkeypatch, tmp_path):
    rows = dataset.table[:3]
    photos = {path.name: path.read_bytes() for path in rows["path"]}
    text = rows[list(ham10000.COLUMNS)].to_csv(index=False)
    serve(server, monkeypatch, {TABLE: text.encode(), ZIP: make_zip(photos)})
    # Cut short while another process unpacks.
    shutil.copytree(run(tmp_path) / PARTS[0], tmp_path / f".{PARTS[0]}.partial")
    found = ham10000.load(tmp_path).table.drop(columns="path")
    pd.testing.assert_frame_equal(found, rows.drop(columns="path"))


@pytest.mark.parametrize("name", [TABLE, f"downloads/{ZIP}"])
def test_a_file_placed_by_hand_with_wrong_bytes_is_left_to_its_owner(server, tmp_path, name):
    placed = place(tmp_path, name, b"others")
    with pytest.raises(IntegrityError, match="expected md5:.*found md5:.*delete it"):
        run(tmp_path)
    assert placed.read_bytes() == b"others"


# The network (F01, F31)


@pytest.mark.parametrize("kept", ["half, and a server without ranges", "all", "more"])
def test_a_partial_file_that_does_not_fit_starts_anew(server, tmp_path, kept):
    body = server.files[ZIP]
    server.ranges = not kept.startswith("half")
    part = {"all": body, "more": body + b"x"}.get(kept, body[:500])
    place(tmp_path, f"downloads/{ZIP}.part", part)
    run(tmp_path)
    assert images(tmp_path) == LAYOUT
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("status", "error", "waits"),
    [(403, DataError, []), (404, DataError, []), (429, TemporaryError, [2, 4, 8]),
     (503, TemporaryError, [2, 4, 8])],
)  # fmt: skip
def test_a_server_that_never_delivers(server, tmp_path, status, error, waits):
    """What it lacks or forbids is not asked for again."""
    server.fault = lambda handler, name, body: name != TABLE and not handler.send_error(status)
    with pytest.raises(error, match=f"{ZIP}.*{status}.*10.7910/DVN/DBW86T"):
        run(tmp_path)
    assert server.waits == waits
    assert images(tmp_path) == []


# Zip files; hostile ones are the fault F05


def unpack(folder, body, count):
    """Unpack a zip of these bytes; return the contents of the images."""
    path = place(folder, "a.zip", body)
    archive.unpack(path, folder / "a", count, progress=False)
    return {image.read_bytes() for image in (folder / "a").iterdir()}


def test_damage_anywhere_in_a_zip_is_an_integrity_error(tmp_path):
    """`ZIP_ERRORS` is complete: no single damaged byte gives any other exception."""
    small = {f"{name}.jpg": name.encode() * 9 for name in IDS[:2]}
    body = make_zip(small)
    for at in range(len(body)):
        for value in (0, 0xFF, body[at] ^ 1):
            try:
                found = unpack(tmp_path, body[:at] + bytes([value]) + body[at + 1 :], 2)
            except IntegrityError:
                continue
            # Harmless bytes: dates, versions, attributes.
            assert found == set(small.values())


@pytest.mark.parametrize("second", [f"{IDS[1]}.jpg", f"inner/{IDS[0]}.jpg"])
def test_other_numbers_of_images(tmp_path, second):
    """An image that is there twice is one too few."""
    body = make_zip({f"{IDS[0]}.jpg": jpeg(IDS[0]), second: jpeg(IDS[1])})
    with pytest.raises(IntegrityError, match="a.zip' holds . images, expected"):
        unpack(tmp_path, body, 1 if second.startswith(IDS[1]) else 2)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


# Requests and folders (F24, F25)


def test_impossible_requests_are_refused_before_downloading(server, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        run(tmp_path / "file" / "data")
    usage = shutil.disk_usage(tmp_path)._replace(free=10_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(TemporaryError, match="free space"):
        run(tmp_path)
    assert server.log == []


def test_a_disk_that_fills_up_leaves_no_image(server, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.write_bytes", full)
        with pytest.raises(TemporaryError, match="No space left"):
            run(tmp_path)
    assert images(tmp_path) == []
    run(tmp_path)
    assert images(tmp_path) == LAYOUT


def test_the_command_line(server, tmp_path, capsys, monkeypatch):
    assert main(["fetch", "--to", str(tmp_path), "--no-progress"]) == 0
    assert images(tmp_path) == LAYOUT
    assert f"check-data --data {tmp_path}" in capsys.readouterr().out
    fetched = []
    monkeypatch.setattr(fetch, "fetch", lambda name, to, **_: fetched.append(name) or tmp_path)
    assert main(["fetch", "--dataset", "all"]) == 0
    assert fetched == list(DATASETS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", "data/ham10000"), ("synthetic:100", "data/ham10000"), ("else/where", "else/where")],
)
def test_the_default_folder(server, tmp_path, monkeypatch, value, expected):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SKINLIB_DATA", value)
    run(None)
    assert images(tmp_path) == [f"{expected}/{name}" for name in LAYOUT]
