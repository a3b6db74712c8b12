"""Downloading holds against bad networks and bad servers."""

import contextlib
import hashlib

import pytest
from local_server import LAYOUT, PARTS, TABLE, images, leftovers, run

from skinlib.common.errors import DataError, IntegrityError, TemporaryError
from skinlib.data import download

# The network (F01, F31)


def cut(server, share):
    """Let every transfer promise all and stop at a share of what is missing, once a file."""
    done = set()

    def fault(handler, name, body):
        if name in done or not name.endswith(".zip"):
            return False
        done.add(name)
        return handler.answer(body, send=int(len(body) * share))

    server.fault = fault


def test_a_cut_download_continues_where_it_stopped(server, good, tmp_path):
    cut(server, 0.5)
    run(tmp_path)
    assert images(tmp_path) == LAYOUT
    for name in (f"{part}.zip" for part in PARTS):
        first, second = server.ranges_of(name)
        kept = int(second.removeprefix("bytes=").removesuffix("-"))
        assert first is None
        assert 0 <= len(good[name]) // 2 - kept < download.BLOCK
    assert leftovers(tmp_path) == []


def test_the_next_run_continues_as_well(server, good, tmp_path):
    cut(server, 0.5)
    with pytest.raises(TemporaryError):
        run(tmp_path, retries=0)
    assert leftovers(tmp_path) == [f"{PARTS[0]}.zip.part"]
    server.fault = None
    run(tmp_path)
    assert server.ranges_of(f"{PARTS[0]}.zip")[1].startswith("bytes=")
    assert images(tmp_path) == LAYOUT


def test_a_server_without_ranges_starts_anew(server, good, tmp_path):
    cut(server, 0.5)
    server.ranges = False
    run(tmp_path)
    assert images(tmp_path) == LAYOUT


@pytest.mark.parametrize("extra", [b"", b"too long"])
def test_a_partial_file_of_full_length_or_more(server, good, tmp_path, extra):
    name = f"{PARTS[0]}.zip"
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / f"{name}.part").write_bytes(good[name] + extra)
    run(tmp_path)
    assert images(tmp_path) == LAYOUT
    assert len(server.ranges_of(name)) == (2 if extra else 1)


def test_many_cuts_are_fine_while_bytes_come_in(server, good, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "PROGRESS", 100)
    pieces = []

    def fault(handler, name, body):
        start = int((handler.headers["Range"] or "bytes=0-")[6:-1])
        pieces.append(start)
        return handler.answer(body, start, send=2000)

    server.fault = fault
    run(tmp_path, retries=1)
    assert len(pieces) > 12
    assert images(tmp_path) == LAYOUT


def test_a_server_that_hands_out_pieces(server, good, tmp_path, monkeypatch):
    """A 206 may end before the file does, and that is no error of the connection."""
    monkeypatch.setattr(download, "PROGRESS", 100)

    def fault(handler, name, body):
        start = int((handler.headers["Range"] or "bytes=0-")[6:-1])
        piece = body[start : start + 5000]
        handler.send_response(206)
        end = start + len(piece) - 1
        handler.send_header("Content-Range", f"bytes {start}-{end}/{len(body)}")
        handler.send_header("Content-Length", str(len(piece)))
        handler.end_headers()
        handler.wfile.write(piece)
        return True

    server.fault = fault
    run(tmp_path, retries=1)
    assert images(tmp_path) == LAYOUT


def test_a_server_that_continues_elsewhere(server, good, tmp_path):
    """A 206 for other bytes than those asked for is not appended."""

    def fault(handler, name, body):
        wanted = handler.headers["Range"]
        return bool(wanted) and handler.answer(body, int(wanted[6:-1]) - 1)

    name = f"{PARTS[0]}.zip"
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / f"{name}.part").write_bytes(good[name][:500])
    server.fault = fault
    run(tmp_path)
    assert server.ranges_of(name) == ["bytes=500-", None]
    assert images(tmp_path) == LAYOUT


@pytest.mark.parametrize("status", [None, 202, 403, 429, 503])
def test_a_server_that_never_delivers(server, good, tmp_path, status):
    def fault(handler, name, body):
        if name == TABLE:
            return False
        if status:
            handler.send_response(status)
            handler.end_headers()
            return True
        return handler.answer(body, send=0)

    server.fault = fault
    with pytest.raises(TemporaryError) as caught:
        run(tmp_path, retries=2)
    text = str(caught.value)
    assert "10.7910/DVN/DBW86T" in text
    assert str(tmp_path) in text
    assert f"{PARTS[0]}.zip" in text
    assert f"python -m skinlib check-data --data {tmp_path}" in text
    assert "\n" not in text
    assert caught.value.exit_code == 75
    assert len(server.ranges_of(f"{PARTS[0]}.zip")) == 3
    assert not (tmp_path / "downloads" / f"{PARTS[0]}.zip").exists()
    assert images(tmp_path) == []


def test_back_off_doubles(server, good, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr(download, "BACKOFF", 2.0)
    monkeypatch.setattr(download.time, "sleep", waits.append)
    server.fault = lambda handler, name, body: handler.answer(body, send=0)
    with pytest.raises(TemporaryError):
        run(tmp_path)
    assert waits == [2, 4, 8]


def test_nobody_listens(good, server, tmp_path):
    with pytest.raises(TemporaryError, match="by hand"):
        run(tmp_path, base_url="http://127.0.0.1:9", retries=1)


def test_a_file_the_server_does_not_have_is_not_tried_again(server, good, tmp_path):
    del server.files[f"{PARTS[1]}.zip"]
    with pytest.raises(DataError, match=f"{PARTS[1]}.zip.*404"):
        run(tmp_path)
    assert len(server.ranges_of(f"{PARTS[1]}.zip")) == 1


# The bytes (F02, F03)


@pytest.mark.parametrize("name", [TABLE, f"{PARTS[0]}.zip"])
def test_one_wrong_byte(server, good, tmp_path, name):
    body = bytearray(good[name])
    body[len(body) // 2] ^= 1
    server.files[name] = bytes(body)
    with pytest.raises(IntegrityError) as caught:
        run(tmp_path)
    for digest in (hashlib.md5(good[name]).hexdigest(), hashlib.md5(bytes(body)).hexdigest()):
        assert digest in str(caught.value)
    assert name in str(caught.value)
    assert not (tmp_path / "downloads" / name).exists()
    assert leftovers(tmp_path) == []
    assert images(tmp_path) == []
    server.files[name] = good[name]
    run(tmp_path)
    assert images(tmp_path) == LAYOUT


@pytest.mark.parametrize(
    ("page", "start"),
    [(b"<html><body>Maintenance", "<html"), (b"\n<!DOCTYPE html>\n<p>", "<!DOCTYPE"), (b"", "")],
)
@pytest.mark.parametrize("name", [TABLE, f"{PARTS[0]}.zip"])
def test_a_web_page_instead_of_a_file(server, good, tmp_path, page, start, name):
    server.files[name] = page
    with pytest.raises(IntegrityError) as caught:
        run(tmp_path)
    assert f"{name} is not a {name[-3:]} (starts with '{start}')" in str(caught.value)
    assert not (tmp_path / "downloads" / name).exists()
    assert leftovers(tmp_path) == []


def test_a_file_placed_by_hand_with_wrong_bytes_is_left_to_its_owner(server, good, tmp_path):
    placed = tmp_path / "downloads" / f"{PARTS[0]}.zip"
    placed.parent.mkdir()
    placed.write_bytes(b"PK something else")
    with pytest.raises(IntegrityError, match="expected md5:.*found md5:.*delete it"):
        run(tmp_path)
    assert placed.exists()


@pytest.mark.parametrize("promised", [True, False])
def test_a_much_longer_answer_is_cut_off(server, good, tmp_path, monkeypatch, promised):
    monkeypatch.setattr(download, "PROGRESS", 1000)
    sent = []

    def fault(handler, name, body):
        if name == TABLE:
            return False
        handler.send_response(200)
        if promised:
            handler.send_header("Content-Length", "200000000")
        handler.end_headers()
        with contextlib.suppress(OSError):  # the client hangs up
            while len(sent) < 2000:
                handler.wfile.write(b"PK" * 50_000)
                sent.append(None)
        return True

    server.fault = fault
    with pytest.raises(IntegrityError, match="longer than"):
        run(tmp_path)
    assert len(sent) < 1000
    assert leftovers(tmp_path) == []
