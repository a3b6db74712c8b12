"""Faults on the way from the archive to the disk."""

import hashlib
import io
import socket
import stat
import tarfile

import pytest
from local_server import IDS, LAYOUT, PARTS, TABLE, images, jpeg, leftovers, make_zip, serve

ZIP = f"{PARTS[1]}.zip"


@pytest.fixture
def fetch(main, server, tmp_path):
    """Return a function that fetches into one folder, which it also returns."""
    target = tmp_path / "ham10000"
    return lambda: main("fetch", "--to", target, "--no-progress"), target


def flipped(body, place):
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


def replace(server, monkeypatch, body):
    """Publish another zip, its hash included, so that only its content can give it away."""
    serve(server, monkeypatch, {**server.files, ZIP: body})


def test_f01_a_download_cut_half_way(server, fetch):
    """Three more tries, later and later; what has come is kept and never under the final name."""

    def cut(handler, name, body):
        if name == ZIP:
            start = int((handler.headers["Range"] or "bytes=0-")[6:-1])
            return handler.answer(body, start, send=(len(body) - start) // 2)
        return None

    run, folder = fetch
    server.fault = cut
    run().fails(75, ZIP, "Connection broken", "kept and continued next time")
    assert server.waits == [2, 4, 8]
    assert leftovers(folder) == [f"{ZIP}.part"]
    assert not (folder / "downloads" / ZIP).exists()
    assert images(folder) == LAYOUT[:3]
    have = (folder / "downloads" / f"{ZIP}.part").stat().st_size
    assert have > len(server.files[ZIP]) // 2

    server.fault = None
    run().succeeds()
    assert images(folder) == LAYOUT
    assert server.ranges_of(ZIP)[-1] == f"bytes={have}-"


@pytest.mark.parametrize("name", [TABLE, ZIP])
def test_f02_wrong_bytes(name, server, fetch):
    """One bit in the middle: both hashes are named, nothing of it stays in the cache."""
    run, folder = fetch
    good = server.files[name]
    wrong = flipped(good, len(good) // 2)
    server.fault = lambda handler, asked, body: asked == name and handler.answer(wrong)
    expected, found = (
        hashlib.md5(body, usedforsecurity=False).hexdigest() for body in (good, wrong)
    )
    run().fails(3, name, expected, found, "Run the command again")
    assert leftovers(folder) == []
    assert not (folder / "downloads" / name).exists()
    assert images(folder) == (LAYOUT[:3] if name == ZIP else [])

    server.fault = None
    run().succeeds()
    assert images(folder) == LAYOUT


def test_f03_a_web_page_instead_of_a_zip(server, fetch):
    run, _ = fetch
    page = b"<html><body>Please log in</body></html>"
    server.fault = lambda handler, name, body: name == ZIP and handler.answer(page)
    run().fails(3, ZIP, "is not the file published at https://doi.org/", "see in a browser")


@pytest.mark.parametrize("damage", ["flipped byte", "cut tail"])
def test_f04_a_damaged_zip(damage, server, fetch, monkeypatch):
    """The member is named where there is one to name; not even the sound ones are unpacked."""
    run, folder = fetch
    good = server.files[ZIP]
    body = good[:-100] if damage == "cut tail" else flipped(good, len(good) // 2)
    replace(server, monkeypatch, body)
    line = run().fails(3, ZIP)
    # The byte in the middle belongs to the second of three images.
    assert ("truncated" if damage == "cut tail" else f"{IDS[4]}.jpg' is corrupt") in line
    assert images(folder) == LAYOUT[:3]
    assert leftovers(folder) == []


def tar():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../outside.jpg"), io.BytesIO())
    return buffer.getvalue()


IMAGE = f"{IDS[3]}.jpg"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (make_zip({f"../../{IMAGE}": jpeg(IMAGE)}), "points outside the folder"),
        (make_zip({f"..\\{IMAGE}": jpeg(IMAGE)}), "points outside the folder"),
        (make_zip({f"/outside/{IMAGE}": jpeg(IMAGE)}), "points outside the folder"),
        (make_zip({f"C:/outside/{IMAGE}": jpeg(IMAGE)}), "points outside the folder"),
        (make_zip({IMAGE: b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777), "is a symbolic link"),
        (make_zip({IMAGE: bytes(30_000_000)}), "brings the unpacked size to 30000000 bytes"),
        (tar(), "is not a zip"),
    ],
    ids=["slip", "backslash", "absolute", "drive", "link", "bomb", "tar"],
)
def test_f05_a_hostile_archive(body, words, server, fetch, monkeypatch, tmp_path):
    """Refused before anything is written. No tar is ever opened: nothing here needs one."""
    run, folder = fetch
    replace(server, monkeypatch, body)
    run().fails(3, ZIP, words)
    assert images(folder) == LAYOUT[:3]
    assert leftovers(folder) == []
    assert {path.name for path in tmp_path.iterdir()} == {folder.name}


@pytest.fixture
def no_network(monkeypatch):
    """Neither names nor addresses lead anywhere."""

    def refuse(*_):
        raise OSError(101, "Network is unreachable")

    def unknown(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)


def test_f31_no_network_to_fetch_over(fetch, no_network):
    """The way by hand is told, down to the command that checks the files."""
    run, folder = fetch
    run().fails(75, ZIP, "Or by hand", folder / "downloads", f"check-data --data {folder}")


def test_f31_the_embedded_data_need_no_network(main, no_network):
    assert "synthetic: 70 images" in main("check-data", "--data", "synthetic:70").succeeds()


def test_f31_no_network_for_imagenet_weights(main, folder, results, no_network, monkeypatch):
    from keras.src.utils import file_utils

    # Not the user's: the weights may be there already.
    home = str(results / "keras")
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: home)
    arguments = ["--data", folder, "--backbone", "MobileNetV3Small", "--size", 224]
    done = main("train", *arguments, "--weights", "imagenet", "--no-progress")
    done.fails(75, "MobileNetV3Small", "SKINLIB_WEIGHTS", "--weights none")
