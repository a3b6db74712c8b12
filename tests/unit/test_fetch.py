"""Fetching holds against bad networks, bad servers and bad archives. No real network is used."""

import argparse
import contextlib
import hashlib
import http.server
import io
import json
import os
import stat
import threading
import urllib.parse
import zipfile

import numpy as np
import pytest
from PIL import Image

from skinlib.data import fetch, ham10000
from skinlib.errors import DataError, IntegrityError, TemporaryError

IDS = [f"ISIC_{number:07d}" for number in range(1, 7)]
TABLE = "HAM10000_metadata.csv"
PARTS = ("HAM10000_images_part_1", "HAM10000_images_part_2")


class Server(http.server.ThreadingHTTPServer):
    """Serves `files` by name, answers Range requests, and misbehaves as `fault` says."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {}
        self.log = []  # (file name, Range header or None)
        self.agents = set()
        self.ranges = True
        self.fault = None  # called as fault(handler, name, body); true when it has answered
        self.url = f"http://127.0.0.1:{self.server_port}"

    def ranges_of(self, name):
        return [header for asked, header in self.log if asked == name]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server, name = self.server, self.path.rpartition("/")[2]
        wanted = self.headers["Range"]
        server.log.append((name, wanted))
        server.agents.add(self.headers["User-Agent"])
        if name not in server.files:
            return self.send_error(404)
        body = server.files[name]
        if server.fault and server.fault(self, name, body):
            return None
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and server.ranges else 0
        return self.answer(body, start)

    def answer(self, body, start=0, send=None):
        """Promise the bytes from `start` on, and send them, or only `send` of them."""
        if start >= len(body) > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.wfile.write(body[start:][:send])
        return True


@pytest.fixture
def server(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setattr(fetch, "BACKOFF", 0)
    monkeypatch.setattr(fetch, "BLOCK", 100)
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def jpeg(name):
    """Bytes that no compressor can shrink, as a photograph's; different for every image."""
    return b"".join(hashlib.sha256(f"{name}{part}".encode()).digest() for part in range(200))


def make_zip(members, mode=None):
    """Return a zip of {name: bytes}; an external mode makes links."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (mode or stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def table(ids, column="image_id"):
    return "\n".join([f"lesion_id,{column},dx", *(f"HAM_1,{name},nv" for name in ids), ""]).encode()


def serve(server, monkeypatch, files, *, hashed=True):
    """Put files on the server and in the registry, as the archive's own."""
    rows = []
    for name, body in files.items():
        known = f"md5:{hashlib.md5(body, usedforsecurity=False).hexdigest()}" if hashed else None
        kind = name.rpartition(".")[2]
        members = len(IDS) if kind == "csv" else None
        url = f"{server.url}/{name}"
        rows.append(fetch.RemoteFile(name, url, known, len(body), kind, members))
    server.files = dict(files)
    monkeypatch.setitem(fetch.DATASETS, "ham10000", tuple(rows))


@pytest.fixture
def good(server, monkeypatch):
    """A small, flawless HAM10000 on the server; returns its files."""
    files = {
        TABLE: table(IDS),
        f"{PARTS[0]}.zip": make_zip({f"{name}.jpg": jpeg(name) for name in IDS[:3]}),
        f"{PARTS[1]}.zip": make_zip(
            {
                "inner/": b"",
                **{f"inner/{name}.jpg": jpeg(name) for name in IDS[3:]},
                f"__MACOSX/inner/{IDS[4]}x.jpg": b"shadow",
                f"._{IDS[3]}.jpg": b"shadow",
                "LICENSE.txt": b"not an image",
            }
        ),
    }
    serve(server, monkeypatch, files)
    return files


def run(folder, **options):
    return fetch.fetch("ham10000", folder, progress=False, **options)


def images(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))


def leftovers(folder):
    """Files in `downloads` that are neither finished nor the lock."""
    return [
        path.name
        for path in (folder / "downloads").iterdir()
        if path.suffix not in (".zip", ".csv") and path.name != ".lock"
    ]


LAYOUT = [f"{PARTS[0]}/{name}.jpg" for name in IDS[:3]] + [
    f"{PARTS[1]}/{name}.jpg" for name in IDS[3:]
]


# What goes right


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
    rows = fetch.DATASETS["ham10000"]
    away = [fetch.dataclasses.replace(row, url="http://127.0.0.1:9/no") for row in rows]
    monkeypatch.setitem(fetch.DATASETS, "ham10000", tuple(away))
    run(tmp_path, base_url=f"{server.url}/mirror/")
    assert images(tmp_path) == LAYOUT


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
        assert 0 <= len(good[name]) // 2 - kept < fetch.BLOCK
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
    monkeypatch.setattr(fetch, "PROGRESS", 100)
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
    monkeypatch.setattr(fetch, "PROGRESS", 100)

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
    monkeypatch.setattr(fetch, "BACKOFF", 2.0)
    monkeypatch.setattr(fetch.time, "sleep", waits.append)
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


# The bytes (F02, F03, F04)


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
    monkeypatch.setattr(fetch, "PROGRESS", 1000)
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


def test_a_truncated_zip(server, good, monkeypatch, tmp_path):
    name = f"{PARTS[0]}.zip"
    serve(server, monkeypatch, {**good, name: good[name][:-60]})
    with pytest.raises(IntegrityError, match=f"{name}.*truncated or corrupt zip"):
        run(tmp_path)
    assert not (tmp_path / "downloads" / name).exists()
    assert images(tmp_path) == []


@pytest.mark.parametrize("compressed", [True, False])
def test_a_corrupt_member_is_named_and_nothing_unpacked(server, good, monkeypatch, tmp_path, compressed):  # fmt: skip
    name = f"{PARTS[0]}.zip"
    body = good[name]
    if compressed:  # damages the compressed stream itself, which zipfile.testzip does not name
        members = {f"{image}.jpg": jpeg(image) * 3 for image in IDS[:3]}
        body = make_zip(members)
    at = body.index(f"{IDS[1]}.jpg".encode()) + 16 + (0 if compressed else 3000)
    broken = bytearray(body)
    broken[at : at + 4] = b"\xff\xff\xff\xff"
    serve(server, monkeypatch, {**good, name: bytes(broken)})
    with pytest.raises(IntegrityError, match=f"{IDS[1]}.jpg.*corrupt.*nothing was unpacked"):
        run(tmp_path)
    assert images(tmp_path) == []
    assert not (tmp_path / PARTS[0]).exists()


def test_damage_anywhere_in_a_zip_is_an_integrity_error(tmp_path):
    """`_ZIP_ERRORS` is complete: no single damaged byte gives any other exception."""
    body = make_zip({f"{name}.jpg": name.encode() * 9 for name in IDS[:2]})
    file = fetch.RemoteFile("a.zip", "", None, None, "zip", 2)
    (tmp_path / "downloads").mkdir()
    path = tmp_path / "a.zip"
    for at in range(len(body)):
        for value in (0, 0xFF, body[at] ^ 1):
            damaged = bytearray(body)
            damaged[at] = value
            path.write_bytes(damaged)
            try:
                fetch._unpack(file, path, tmp_path / "a", set(IDS), False)
            except IntegrityError:
                continue
            for image in images(tmp_path):  # harmless bytes: dates, versions, attributes
                assert (tmp_path / image).read_bytes() == image[2:-4].encode() * 9
    assert {path.name for path in tmp_path.iterdir()} <= {"a.zip", "a", "downloads"}


# Hostile archives (F05)


@pytest.mark.parametrize(
    ("member", "mode", "reason"),
    [
        ("../outside.jpg", None, "points outside"),
        ("inner/../../outside.jpg", None, "points outside"),
        ("..\\outside.jpg", None, "points outside"),
        ("/tmp/outside.jpg", None, "absolute name"),
        ("C:/outside.jpg", None, "absolute name"),
        (f"{IDS[2]}.jpg", stat.S_IFLNK | 0o777, "symbolic link"),
        (f"other/{IDS[0]}.jpg", None, "there twice"),
    ],
)
def test_a_member_that_reaches_out_is_refused(server, good, monkeypatch, tmp_path, member, mode, reason):  # fmt: skip
    folder = tmp_path / "deep" / "folder"
    plain = make_zip({f"{name}.jpg": jpeg(name) for name in IDS[:2]})
    buffer = io.BytesIO(plain)
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo(member)
        info.external_attr = (mode or 0o644) << 16
        archive.writestr(info, b"/etc/passwd")
    serve(server, monkeypatch, {**good, f"{PARTS[0]}.zip": buffer.getvalue()})
    with pytest.raises(IntegrityError, match=f"{reason}.*nothing was unpacked"):
        run(folder)
    assert images(tmp_path) == []
    assert not (folder / PARTS[0]).exists()
    assert sorted(path.name for path in folder.iterdir()) == [TABLE, "downloads", "fetched.json"]
    assert not os.path.exists("/tmp/outside.jpg")


def test_a_bomb_is_refused_by_its_directory(server, good, monkeypatch, tmp_path):
    bomb = make_zip({f"{IDS[0]}.jpg": bytes(5_000_000)})
    serve(server, monkeypatch, {**good, f"{PARTS[0]}.zip": bomb})
    monkeypatch.setattr(fetch, "_test", lambda *_: pytest.fail("was unpacked in order to test it"))
    with pytest.raises(IntegrityError, match="unpacked size to 5000000 bytes"):
        run(tmp_path)
    assert images(tmp_path) == []


def test_the_absolute_bound(server, good, monkeypatch, tmp_path):
    rows = (fetch.dataclasses.replace(row, bytes=None) for row in fetch.DATASETS["ham10000"])
    monkeypatch.setitem(fetch.DATASETS, "ham10000", tuple(rows))
    monkeypatch.setattr(fetch, "UNPACKED_LIMIT", 15_000)
    with pytest.raises(IntegrityError, match="longer than the 15000 bytes"):
        run(tmp_path)
    for name, body in good.items():
        (tmp_path / "downloads" / name).write_bytes(body)
    with pytest.raises(IntegrityError, match="unpacked size to 19200 bytes"):
        run(tmp_path)
    assert images(tmp_path) == []


# Files of which no hash is known


def test_without_a_hash_the_content_decides_and_the_user_is_told(
    server, good, monkeypatch, tmp_path, caplog
):
    serve(server, monkeypatch, good, hashed=False)
    run(tmp_path)
    assert images(tmp_path) == LAYOUT
    notes = json.loads((tmp_path / "fetched.json").read_text())["ham10000"]
    for name, body in good.items():
        assert notes[name]["verified"] == "by content only"
        assert notes[name]["sha256"] == hashlib.sha256(body).hexdigest()
        assert f"{name} was verified by content only" in caplog.text


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        (TABLE, table(IDS[:-1]), "5 rows with 5 different image ids, expected 6"),
        (TABLE, table([*IDS[:-1], IDS[0]]), "6 rows with 5 different"),
        (TABLE, table(IDS).replace(b",", b"\t"), "0 different image ids"),
        (TABLE, table(IDS, column="picture"), "0 different image ids"),
        (TABLE, b"image_id\n\xff\xfe\n", "not a csv"),
        (f"{PARTS[0]}.zip", make_zip({"ISIC_9999999.jpg": b"x"}), "ISIC_9999999"),
        (f"{PARTS[0]}.zip", make_zip({f"{IDS[0]}.jpg": b"x"}), "named in the table.*no archive"),
        (f"{PARTS[0]}.zip", b"PK\x03\x04 then nothing", "truncated or corrupt"),
    ],
)
def test_without_a_hash_wrong_content_is_refused(server, good, monkeypatch, tmp_path, name, body, reason):  # fmt: skip
    serve(server, monkeypatch, {**good, name: body}, hashed=False)
    with pytest.raises(IntegrityError, match=reason):
        run(tmp_path)
    if "named" not in reason:  # seen only at the end, when no single file is to blame
        assert not (tmp_path / "downloads" / name).exists()


def test_the_number_of_images_counts(server, good, monkeypatch, tmp_path):
    serve(server, monkeypatch, good, hashed=False)
    rows = [fetch.dataclasses.replace(row, members=6) for row in fetch.DATASETS["ham10000"]]
    monkeypatch.setitem(fetch.DATASETS, "ham10000", tuple(rows))
    with pytest.raises(IntegrityError, match="holds 3 images, expected 6"):
        run(tmp_path)
    assert images(tmp_path) == []


def test_the_row_without_an_image_is_no_error(server, monkeypatch, tmp_path):
    ids = [*IDS[:5], *fetch.WITHOUT_IMAGE]
    archive = make_zip({f"{name}.jpg": jpeg(name) for name in IDS[:5]})
    serve(server, monkeypatch, {TABLE: table(ids, column="image"), f"{PARTS[0]}.zip": archive})
    run(tmp_path)
    assert len(images(tmp_path)) == 5


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
    usage = fetch.shutil.disk_usage(tmp_path)._replace(free=10_000)
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(TemporaryError, match="free space"):
        run(tmp_path)
    assert server.log == []


def test_a_disk_that_fills_up_leaves_no_marker(server, good, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fetch.shutil, "copyfileobj", full)
        with pytest.raises(TemporaryError, match="No space left"):
            run(tmp_path)
    assert images(tmp_path) == []
    assert not list(tmp_path.rglob(".complete"))
    run(tmp_path)
    assert images(tmp_path) == LAYOUT


def test_two_fetches_into_one_folder(server, good, tmp_path):
    (tmp_path / "downloads").mkdir()
    lock = fetch.filelock.FileLock(tmp_path / "downloads" / ".lock")
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


# The registry and the command line


@pytest.mark.parametrize("row", [row for rows in fetch.DATASETS.values() for row in rows])
def test_every_row_is_complete(row):
    place = urllib.parse.urlsplit(row.url)
    assert (place.scheme, place.netloc) == ("https", fetch.HOST)
    assert place.path.rpartition("/")[2].isdigit()
    assert (row.kind == "csv") == (place.query == "format=original")
    assert row.name.endswith(f".{row.kind}")
    # Either a hash, or enough to judge the content by.
    if row.hash is None:
        assert row.members
    else:
        algorithm, _, digest = row.hash.partition(":")
        assert len(bytes.fromhex(digest)) == {"md5": 16, "sha256": 32}[algorithm]


def test_the_registry_adds_up():
    for rows in fetch.DATASETS.values():
        total = {kind: sum(r.members for r in rows if r.kind == kind) for kind in ("csv", "zip")}
        assert total["csv"] - total["zip"] in (0, len(fetch.WITHOUT_IMAGE))
    numbers = [row.url for rows in fetch.DATASETS.values() for row in rows]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("dataset", list(fetch.DATASETS))
def test_instructions_say_what_goes_where(dataset, tmp_path):
    text = fetch.instructions(dataset, tmp_path / "my data")
    for row in fetch.DATASETS[dataset]:
        assert row.name in text
        assert row.url in text
        assert row.hash in text
    assert fetch.PAGE in text
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
    assert asked == list(fetch.DATASETS)
