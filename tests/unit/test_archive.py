"""Nothing is unpacked from a zip that is damaged, hostile or another than it should be."""

import dataclasses
import hashlib
import io
import json
import os
import stat
import zipfile

import pytest
from local_server import IDS, LAYOUT, PARTS, TABLE, images, jpeg, make_zip, run, serve, table

from skinlib.common.errors import IntegrityError
from skinlib.data import archive, registry
from skinlib.data.registry import DATASETS, WITHOUT_IMAGE, RemoteFile

# Damaged archives (F04)


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
    file = RemoteFile("a.zip", "", None, None, "zip", 2)
    (tmp_path / "downloads").mkdir()
    path = tmp_path / "a.zip"
    for at in range(len(body)):
        for value in (0, 0xFF, body[at] ^ 1):
            damaged = bytearray(body)
            damaged[at] = value
            path.write_bytes(damaged)
            try:
                archive.unpack(file, path, tmp_path / "a", set(IDS), progress=False)
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
    monkeypatch.setattr(
        archive, "_test", lambda *_: pytest.fail("was unpacked in order to test it")
    )
    with pytest.raises(IntegrityError, match="unpacked size to 5000000 bytes"):
        run(tmp_path)
    assert images(tmp_path) == []


def test_the_absolute_bound(server, good, monkeypatch, tmp_path):
    rows = (dataclasses.replace(row, bytes=None) for row in DATASETS["ham10000"])
    monkeypatch.setitem(DATASETS, "ham10000", tuple(rows))
    monkeypatch.setattr(registry, "LIMIT", 15_000)
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
    rows = [dataclasses.replace(row, members=6) for row in DATASETS["ham10000"]]
    monkeypatch.setitem(DATASETS, "ham10000", tuple(rows))
    with pytest.raises(IntegrityError, match="holds 3 images, expected 6"):
        run(tmp_path)
    assert images(tmp_path) == []


def test_the_row_without_an_image_is_no_error(server, monkeypatch, tmp_path):
    ids = [*IDS[:5], *WITHOUT_IMAGE]
    archive = make_zip({f"{name}.jpg": jpeg(name) for name in IDS[:5]})
    serve(server, monkeypatch, {TABLE: table(ids, column="image"), f"{PARTS[0]}.zip": archive})
    run(tmp_path)
    assert len(images(tmp_path)) == 5
