"""Fetching gives the layout that the reader takes, and asks for no more than it needs."""

import argparse
import dataclasses
import hashlib
import io
import json
import os
import shutil

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
)
from PIL import Image

from skinlib.common.errors import DataError, TemporaryError
from skinlib.data import fetch, ham10000
from skinlib.data.registry import DATASETS, PAGE


def test_good_files_give_the_layout_and_are_asked_for_once(server, good, tmp_path):
    folder = run(tmp_path / "with space é")
    assert images(folder) == LAYOUT
    assert (folder / LAYOUT[0]).read_bytes() == jpeg(IDS[0])
    assert (folder / TABLE).read_bytes() == good[TABLE]
    assert leftovers(folder) == []
    assert sorted(server.log) == sorted((name, None) for name in good)
    assert all(agent.startswith("skinlib/") for agent in server.agents)
    notes = json.loads((folder / "fetched.json").read_text())["ham10000"]
    for name, body in good.items():
        assert notes[name]["sha256"] == hashlib.sha256(body).hexdigest()
        assert notes[name]["verified"].startswith("md5:")
        assert notes[name]["url"] == f"{server.url}/{name}"

    server.log.clear()
    before = (folder / "fetched.json").read_bytes()
    assert run(folder) == folder
    assert server.log == []
    assert (folder / "fetched.json").read_bytes() == before


def test_the_reader_takes_the_result(server, monkeypatch, tmp_path):
    noise = np.random.default_rng(0)
    photos = {}
    for name in IDS:
        buffer = io.BytesIO()
        pixels = noise.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(buffer, "JPEG")
        photos[f"{name}.jpg"] = buffer.getvalue()
    lines = [",".join(ham10000.COLUMNS)]
    lines += [f"HAM_{name[-7:]},{name},nv,histo,45.0,male,back" for name in IDS]
    files = {TABLE: "\n".join(lines).encode(), f"{PARTS[0]}.zip": make_zip(photos)}
    serve(server, monkeypatch, files)
    loaded = ham10000.load(run(tmp_path))
    assert list(loaded.table["image_id"]) == IDS
    assert loaded.image_size == (32, 24)


def test_downloads_may_be_deleted_and_a_lost_image_comes_back(server, good, tmp_path):
    run(tmp_path)
    (tmp_path / LAYOUT[4]).unlink()
    server.log.clear()
    run(tmp_path)
    assert images(tmp_path) == LAYOUT
    assert server.log == []  # the zip was still there
    for name in good:
        (tmp_path / "downloads" / name).unlink()
    run(tmp_path)
    assert server.log == []


@pytest.mark.parametrize("place", ["downloads", "."])
def test_files_placed_by_hand_need_no_network(server, good, tmp_path, place):
    (tmp_path / place).mkdir(exist_ok=True)
    for name, body in good.items():
        (tmp_path / place / name).write_bytes(body)
    run(tmp_path)
    assert images(tmp_path) == LAYOUT
    assert server.log == []
    assert "placed by hand" in (tmp_path / "fetched.json").read_text()


def test_what_a_killed_run_left_is_cleared(server, good, tmp_path):
    stale = tmp_path / "downloads" / ".unpack-old"
    stale.mkdir(parents=True)
    (stale / IDS[0]).write_bytes(b"half")
    (tmp_path / PARTS[0]).mkdir()
    (tmp_path / LAYOUT[0]).write_bytes(b"half")  # moved, but no marker yet
    run(tmp_path)
    assert leftovers(tmp_path) == []
    assert (tmp_path / LAYOUT[0]).read_bytes() == jpeg(IDS[0])


def test_a_mirror_gets_the_file_names(server, good, tmp_path, monkeypatch):
    rows = DATASETS["ham10000"]
    away = [dataclasses.replace(row, url="http://127.0.0.1:9/no") for row in rows]
    monkeypatch.setitem(DATASETS, "ham10000", tuple(away))
    run(tmp_path, base_url=f"{server.url}/mirror/")
    assert images(tmp_path) == LAYOUT


# Requests and folders (F25)


def test_an_unknown_data_set_lists_the_known(tmp_path):
    for function in (fetch.fetch, fetch.instructions):
        with pytest.raises(DataError, match="'ham'; expected one of ham10000, isic2018-test"):
            function("ham", tmp_path)


def test_a_base_url_must_be_a_web_address(tmp_path):
    with pytest.raises(DataError, match="base URL 'ftp://x'"):
        run(tmp_path, base_url="ftp://x")


def test_a_folder_that_cannot_be_written_to(server, good, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="cannot write to folder"):
        run(tmp_path / "file" / "data")
    if os.geteuid():  # root may write anywhere
        tmp_path.chmod(0o555)
        with pytest.raises(DataError, match="cannot write to folder"):
            run(tmp_path / "new")
        tmp_path.chmod(0o755)
    assert server.log == []


def test_another_table_of_the_same_name_is_kept(server, good, tmp_path):
    (tmp_path / TABLE).write_bytes(table(IDS[:2]))
    with pytest.raises(DataError, match="another table"):
        run(tmp_path)
    assert (tmp_path / TABLE).read_bytes() == table(IDS[:2])
    assert server.log == []


def test_a_full_disk_is_seen_before_downloading(server, good, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=10_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(TemporaryError, match="free space"):
        run(tmp_path)
    assert server.log == []


def test_a_disk_that_fills_up_leaves_no_marker(server, good, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfileobj", full)
        with pytest.raises(TemporaryError, match="No space left"):
            run(tmp_path)
    assert images(tmp_path) == []
    assert not list(tmp_path.rglob(".complete"))
    run(tmp_path)
    assert images(tmp_path) == LAYOUT


def test_two_fetches_into_one_folder(server, good, tmp_path):
    (tmp_path / "downloads").mkdir()
    lock = filelock.FileLock(tmp_path / "downloads" / ".lock")
    with lock, pytest.raises(TemporaryError, match="another fetch"):
        run(tmp_path)
    assert server.log == []


@pytest.mark.parametrize("value", [None, "", "synthetic", "synthetic:100", "/some/where"])
def test_the_default_folder(monkeypatch, value):
    monkeypatch.delenv("SKINLIB_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("SKINLIB_DATA", value)
    expected = "/some/where" if value == "/some/where" else "data/ham10000"
    assert fetch.default_folder().as_posix() == expected


# By hand, and the command line


@pytest.mark.parametrize("dataset", list(DATASETS))
def test_instructions_say_what_goes_where(dataset, tmp_path):
    text = fetch.instructions(dataset, tmp_path / "my data")
    for row in DATASETS[dataset]:
        assert row.name in text
        assert row.url in text
        assert row.hash in text
    assert PAGE in text
    assert f"check-data --data '{tmp_path / 'my data'}'" in text


def test_the_command_line(server, good, tmp_path, capsys):
    parser = argparse.ArgumentParser()
    fetch.add_arguments(parser)
    assert parser.parse_args([]).dataset == "ham10000"
    given = ["--to", str(tmp_path), "--base-url", server.url, "--no-progress"]
    assert fetch.run(parser.parse_args(given)) == 0
    assert images(tmp_path) == LAYOUT
    assert f"check-data --data {tmp_path}" in capsys.readouterr().out


def test_all_fetches_both(monkeypatch, tmp_path, capsys):
    asked = []
    monkeypatch.setattr(fetch, "fetch", lambda name, to, **_: asked.append(name) or tmp_path)
    parser = argparse.ArgumentParser()
    fetch.add_arguments(parser)
    fetch.run(parser.parse_args(["--dataset", "all"]))
    assert asked == list(DATASETS)
