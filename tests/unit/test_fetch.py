"""Fetching gives the layout that the reader takes, from bad networks and bad servers too."""

import io
import shutil
import urllib.parse

import filelock
import numpy as np
import pytest
from local_server import (
    IDS,
    LAYOUT,
    PARTS,
    TABLE,
    images,
    jpeg,
    leftovers,
    make_zip,
    run,
    serve,
    table,
)  # fmt: skip
from PIL import Image

from skinlib.cli import main
from skinlib.common.errors import DataError, IntegrityError, TemporaryError
from skinlib.data import fetch, ham10000
from skinlib.data.registry import DATASETS, HOST

ZIP = f"{PARTS[0]}.zip"


@pytest.mark.parametrize("row", [row for rows in DATASETS.values() for row in rows])
def test_every_row_of_the_registry_is_complete(row):
    place = urllib.parse.urlsplit(row.url)
    assert (place.scheme, place.netloc) == ("https", HOST)
    assert place.path.rpartition("/")[2].isdigit()
    assert (place.query == "format=original") == row.name.endswith(".csv") == (row.images == 0)
    algorithm, _, digest = row.hash.partition(":")
    assert len(bytes.fromhex(digest)) == {"md5": 16, "sha256": 32}[algorithm]


def test_good_files_give_the_layout_and_are_requested_once(server, tmp_path):
    folder = run(tmp_path / "with space é")
    assert images(folder) == LAYOUT
    assert (folder / LAYOUT[0]).read_bytes() == jpeg(IDS[0])
    assert (folder / TABLE).read_bytes() == server.files[TABLE]
    assert leftovers(folder) == []
    assert sorted(server.log) == sorted((name, None) for name in server.files)
    assert all(agent.startswith("skinlib/") for agent in server.agents)
    # A lost image comes back from the zip, and finished images need no zip.
    (folder / LAYOUT[4]).unlink()
    server.log.clear()
    run(folder)
    assert images(folder) == LAYOUT
    for name in server.files:
        (folder / "downloads" / name).unlink()
    run(folder)
    assert server.log == []


def test_the_reader_takes_the_result(server, monkeypatch, tmp_path):
    noise = np.random.default_rng(0)
    photos = {}
    for name in IDS[:3]:
        buffer = io.BytesIO()
        pixels = noise.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(buffer, "JPEG")
        photos[f"{name}.jpg"] = buffer.getvalue()
    lines = [",".join(ham10000.COLUMNS)]
    lines += [f"HAM_{name[-7:]},{name},nv,histo,45.0,male,back" for name in IDS[:3]]
    serve(server, monkeypatch, {TABLE: "\n".join(lines).encode(), ZIP: make_zip(photos)})
    # Cut short while another process unpacks.
    shutil.copytree(run(tmp_path) / PARTS[0], tmp_path / f".{PARTS[0]}.partial")
    loaded = ham10000.load(tmp_path)
    assert list(loaded.table["image_id"]) == IDS[:3]
    assert loaded.image_size == (32, 24)


@pytest.mark.parametrize("place", ["downloads", "."])
def test_files_placed_by_hand_need_no_network(server, tmp_path, place):
    (tmp_path / place).mkdir(exist_ok=True)
    for name, body in server.files.items():
        (tmp_path / place / name).write_bytes(body)
    run(tmp_path)
    assert images(tmp_path) == LAYOUT
    assert server.log == []


@pytest.mark.parametrize("name", [TABLE, f"downloads/{ZIP}"])
def test_a_file_placed_by_hand_with_wrong_bytes_is_left_to_its_owner(server, tmp_path, name):
    placed = tmp_path / name
    placed.parent.mkdir(exist_ok=True)
    placed.write_bytes(table(IDS[:2]))
    with pytest.raises(IntegrityError, match="expected md5:.*found md5:.*delete it"):
        run(tmp_path)
    assert placed.read_bytes() == table(IDS[:2])


# The network (F01, F31)


@pytest.mark.parametrize("kept", ["half, and a server without ranges", "all", "more"])
def test_a_partial_file_that_does_not_fit_starts_anew(server, tmp_path, kept):
    body = server.files[ZIP]
    server.ranges = not kept.startswith("half")
    (tmp_path / "downloads").mkdir()
    part = {"all": body, "more": body + b"x"}.get(kept, body[:500])
    (tmp_path / "downloads" / f"{ZIP}.part").write_bytes(part)
    run(tmp_path)
    assert images(tmp_path) == LAYOUT
    assert leftovers(tmp_path) == []


def test_a_server_that_continues_elsewhere_is_found_out_by_the_hash(server, tmp_path):
    def fault(handler, name, body):
        wanted = handler.headers["Range"]
        return bool(wanted) and handler.answer(body, int(wanted[6:-1]) - 1)

    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / f"{ZIP}.part").write_bytes(server.files[ZIP][:500])
    server.fault = fault
    with pytest.raises(IntegrityError, match="hash"):
        run(tmp_path)
    run(tmp_path)
    assert images(tmp_path) == LAYOUT


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_server_that_never_delivers(server, tmp_path, status):
    server.fault = lambda handler, name, body: name != TABLE and not handler.send_error(status)
    with pytest.raises(TemporaryError, match=f"{ZIP}.*10.7910/DVN/DBW86T"):
        run(tmp_path)
    assert server.waits == [2, 4, 8]
    assert images(tmp_path) == []


def test_a_file_the_server_does_not_have_is_not_tried_again(server, tmp_path):
    del server.files[ZIP]
    with pytest.raises(DataError, match=f"{ZIP}.*404"):
        run(tmp_path)
    assert len(server.ranges_of(ZIP)) == 1


# Requests and folders (F24, F25)


def test_impossible_requests_are_refused_before_downloading(server, tmp_path, monkeypatch):
    with pytest.raises(DataError, match="'ham'; expected one of ham10000, isic2018-test"):
        fetch.fetch("ham", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        run(tmp_path / "file" / "data")
    with monkeypatch.context() as patch:
        usage = shutil.disk_usage(tmp_path)._replace(free=10_000)
        patch.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(TemporaryError, match="free space"):
            run(tmp_path)
    lock = filelock.FileLock(tmp_path / "downloads" / ".lock")
    with lock, pytest.raises(TemporaryError, match="another fetch"):
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


@pytest.mark.parametrize("value", [None, "", "synthetic", "synthetic:100", "/some/where"])
def test_the_default_folder(monkeypatch, value):
    monkeypatch.delenv("SKINLIB_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("SKINLIB_DATA", value)
    expected = "/some/where" if value == "/some/where" else "data/ham10000"
    assert fetch._default_folder() == expected
