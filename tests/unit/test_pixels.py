"""The pixel cache equals direct decoding, is made once, and is never served half-made."""

import json
import os

import numpy as np
import pytest
from PIL import Image

from skinlib.common.errors import DataError
from skinlib.common.files import sha256
from skinlib.data import pixels, store

SIZE = 24


pytestmark = pytest.mark.usefixtures("cache")


def cached(dataset, size=SIZE, **options):
    return pixels.cached(dataset, size, progress=False, **options)


def written(cache):
    """Return the files of the cache, locks left out."""
    return sorted(path for path in (cache / "pixels").iterdir() if path.suffix != ".lock")


def test_the_cache_is_an_npy_file_and_the_hashes_of_its_sources(dataset):
    """Anybody can read it without skinlib."""
    array = cached(dataset)
    assert (array.shape, array.dtype) == ((70, SIZE, SIZE, 3), np.uint8)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0
    kept = json.loads(array.filename.with_suffix(".json").read_text())
    assert kept["sha256"] == sha256(array.filename)
    assert pixels.file_hashes(array) == [sha256(path) for path in dataset.table["path"]]
    # Private to one user, as mkstemp makes it, it would be useless on a shared machine.
    plain = array.filename.with_name("plain")
    plain.touch()
    assert array.filename.stat().st_mode == plain.stat().st_mode


# Where the square of a picture of 64 x 48 begins.
SQUARES = {"first": 0, "centre": 8, "last": 16}


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
    """Rows are those of the table, in its order. Pictures are 64 x 48: 16 columns fall off.

    Pillow's antialiasing lets the two outermost columns see a little beyond the crop.
    """
    array = cached(dataset, interpolation=interpolation, crop=crop)
    for row in (0, 1, 33, 69):
        image = Image.open(dataset.table["path"][row]).convert("RGB")
        if crop in SQUARES:
            image = image.crop((SQUARES[crop], 0, SQUARES[crop] + 48, 48))
        size = (32, 24) if crop == "whole" else (SIZE, SIZE)
        expected = np.asarray(image.resize(size, filter_))
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


DAMAGE = {
    "no proof, as when killed before it": lambda path: path.with_suffix(".json").unlink(),
    "torn proof": lambda path: os.truncate(path.with_suffix(".json"), 30),
    "odd proof": lambda path: path.with_suffix(".json").write_text("[1, 2]"),
    "no array": lambda path: path.unlink(),
    "cut array": lambda path: os.truncate(path, 5000),
    "other array": lambda path: np.save(path, np.zeros((7, SIZE, SIZE, 3), np.uint8)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_torn_cache_is_made_again_and_a_whole_one_is_not(dataset, cache, damage, monkeypatch):
    array = cached(dataset)
    good, files = np.array(array), written(cache)
    del array
    damage(files[1])
    np.testing.assert_array_equal(cached(dataset), good)
    assert written(cache) == files
    monkeypatch.setattr(pixels, "decode_and_hash", lambda path: pytest.fail(f"decoded {path}"))
    np.testing.assert_array_equal(cached(dataset), good)


def test_what_is_read_belongs_to_the_caller(dataset):
    array = cached(dataset)
    rows = np.array([7, 3, -1, 7])
    found = store.read(array, rows)
    np.testing.assert_array_equal(found, np.load(array.filename)[rows])
    found[:] = 0
    assert array[7].any()
