"""The pixel cache equals direct decoding, is built once, and is never served half-built."""

import dataclasses
import os
import zlib

import numpy as np
import pytest
from PIL import Image

from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import sha256
from skinlib.data import pixels

SIZE = 24


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SKINLIB_CACHE", str(tmp_path))
    return tmp_path / "pixels"


def cached(dataset, size=SIZE, **options):
    return pixels.cached(dataset, size, progress=False, **options)


def built(cache):
    """Return the cache folders; anything else than those and their locks is a leftover."""
    folders = [path for path in cache.iterdir() if path.suffix != ".lock"]
    assert not [path for path in folders if path.name.startswith(".")]
    return folders


def identity(array):
    """Return what changes when the file is written again."""
    status = os.stat(array.path)
    return status.st_ino, status.st_mtime_ns


def test_shape_and_type(dataset):
    array = cached(dataset)
    assert array.shape == np.asarray(array).shape == (70, SIZE, SIZE, 3)
    assert array.dtype == np.asarray(array).dtype == np.uint8
    with pytest.raises(TypeError, match="item assignment"):
        array[0] = 0


def test_the_file_is_an_npy_file_and_its_checks_are_those_of_zlib_and_the_jpegs(dataset):
    """Anybody can read the cache without skinlib."""
    array = cached(dataset)
    images = np.load(array.path, allow_pickle=False)
    np.testing.assert_array_equal(images, array)
    for row in (0, 41, 69):
        assert array.checks["crc32"][row] == zlib.crc32(images[row].tobytes())
        expected = sha256(dataset.table["path"][row])
        assert array.checks["sha256"][row].tobytes().hex() == expected


@pytest.mark.parametrize("crop", pixels.CROPS)
@pytest.mark.parametrize(
    ("interpolation", "filter_"),
    [
        ("bilinear", Image.Resampling.BILINEAR),
        ("nearest", Image.Resampling.NEAREST),
        ("bicubic", Image.Resampling.BICUBIC),
    ],
)
def test_rows_equal_direct_decoding(dataset, crop, interpolation, filter_):
    """Rows are those of the table, in its order. Pictures are 64 x 48: 8 columns fall off a side.

    Pillow's antialiasing lets the two outermost columns see a little beyond the crop.
    """
    array = cached(dataset, interpolation=interpolation, crop=crop)
    for row in (0, 1, 33, 69):
        image = Image.open(dataset.table["path"][row]).convert("RGB")
        if crop == "centre":
            image = image.crop((8, 0, 56, 48))
        expected = np.asarray(image.resize((SIZE, SIZE), filter_))
        np.testing.assert_array_equal(array[row][:, 2:-2], expected[:, 2:-2])
        np.testing.assert_allclose(array[row].astype(int), expected, atol=5)


def test_the_centre_crop_of_a_portrait():
    stripes = np.zeros((9, 3, 3), np.uint8)
    stripes[3:6] = 200
    found = pixels.resize(Image.fromarray(stripes), 3, interpolation="nearest")
    assert (found == 200).all()


@pytest.mark.parametrize("options", [{"crop": "left"}, {"interpolation": "lanczos"}])
def test_an_unknown_option_is_named(options):
    with pytest.raises(DataError, match=next(iter(options.values()))):
        pixels.resize(Image.new("RGB", (4, 4)), 2, **options)


def test_the_second_call_reads_what_the_first_has_built(dataset, monkeypatch):
    first = identity(cached(dataset))
    monkeypatch.setattr(pixels, "decode_and_hash", lambda path: pytest.fail(f"decoded {path}"))
    assert identity(cached(dataset)) == first


def _no_marker(folder):
    """As after kill -9: zeros where pictures should be, and no marker."""
    (folder / ".complete").unlink()
    array = np.load(folder / "images.npy")
    array[30:] = 0
    np.save(folder / "images.npy", array)


def _truncated(folder):
    os.truncate(folder / "images.npy", 5000)


def _torn_marker(folder):
    (folder / ".complete").write_text('{"shape": [70,')


def _odd_marker(folder):
    (folder / ".complete").write_text("[1, 2]")


def _no_checks(folder):
    (folder / "checks.npy").unlink()


def _no_array(folder):
    (folder / "images.npy").unlink()


def _other_checks(folder):
    content = bytearray((folder / "checks.npy").read_bytes())
    content[-1] ^= 1
    (folder / "checks.npy").write_bytes(content)


def _torn_checks(folder):
    os.truncate(folder / "checks.npy", 200)


def _other_header(folder):
    content = (folder / "images.npy").read_bytes()
    (folder / "images.npy").write_bytes(content.replace(b"(70, ", b"(07, ", 1))


DAMAGE = [
    _no_marker, _truncated, _torn_marker, _odd_marker, _no_array, _no_checks, _other_checks,
    _torn_checks, _other_header,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_torn_cache_is_built_again(dataset, cache, damage):
    array = cached(dataset)
    good, before = np.array(array), identity(array)
    del array
    (folder,) = built(cache)
    damage(folder)
    array = cached(dataset)
    assert identity(array) != before
    np.testing.assert_array_equal(array, good)
    assert built(cache) == [folder]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_build_that_ends_early_leaves_nothing(dataset, cache, monkeypatch, error):
    """F17: the error comes when the first images are written."""
    last = dataset.table["path"].iloc[-1]
    decode = pixels.decode_and_hash

    def fail(path):
        if path == last:
            raise error
        return decode(path)

    monkeypatch.setattr(pixels, "decode_and_hash", fail)
    with pytest.raises(error):
        cached(dataset)
    assert built(cache) == []
    monkeypatch.setattr(pixels, "decode_and_hash", decode)
    assert cached(dataset)[:].any(axis=(1, 2, 3)).all()


def test_a_truncated_image_is_named_and_nothing_is_kept(dataset, cache, tmp_path):
    """F08: a data set loaded without decoding still cannot bring a torn image into training."""
    bad = tmp_path / "ISIC_torn.jpg"
    content = dataset.table["path"][5].read_bytes()
    bad.write_bytes(content[: len(content) // 2])
    table = dataset.table.copy()
    table["path"] = [bad if row == 5 else path for row, path in enumerate(table["path"])]
    with pytest.raises(IntegrityError, match=bad.name):
        cached(dataclasses.replace(dataset, table=table))
    assert built(cache) == []


def test_the_cache_can_be_shared_like_any_other_folder(dataset):
    """Private to one user, as mkdtemp makes it, it would be useless on a shared machine."""
    folder = cached(dataset).path.parent
    plain = folder.parent / "plain"
    plain.mkdir()
    assert folder.stat().st_mode == plain.stat().st_mode
