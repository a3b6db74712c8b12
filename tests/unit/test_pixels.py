"""The pixel cache equals direct decoding, is built once, and is never served half-built."""

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skinlib.data import pixels
from skinlib.errors import DataError, IntegrityError

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
    status = os.stat(array.filename)
    return status.st_ino, status.st_mtime_ns


def test_shape_and_type(dataset):
    array = cached(dataset)
    assert isinstance(array, np.memmap)
    assert array.shape == (70, SIZE, SIZE, 3)
    assert array.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0


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
        np.testing.assert_array_equal(array[row, :, 2:-2], expected[:, 2:-2])
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
    monkeypatch.setattr(pixels, "decode", lambda path: pytest.fail(f"decoded {path}"))
    assert identity(cached(dataset)) == first


def test_other_settings_and_other_data_have_a_folder_of_their_own(dataset, cache, monkeypatch):
    """F19: the key is made of settings, versions, files and rows."""
    cached(dataset)
    cached(dataset, size=SIZE + 1)
    cached(dataset, crop="none")
    cached(dataset, interpolation="nearest")
    cached(dataclasses.replace(dataset, fingerprint="other"))
    cached(dataclasses.replace(dataset, table=dataset.table[:10]))
    monkeypatch.setattr(pixels.PIL, "__version__", "0.0")
    cached(dataset)
    assert len(built(cache)) == 7


def _no_marker(folder):
    """As after kill -9: zeros where pictures should be, and no marker."""
    (folder / ".complete").unlink()
    array = np.load(folder / "images.npy", mmap_mode="r+")
    array[30:] = 0
    array.flush()


def _truncated(folder):
    os.truncate(folder / "images.npy", 5000)


def _torn_marker(folder):
    (folder / ".complete").write_text('{"shape": [70,')


def _no_array(folder):
    (folder / "images.npy").unlink()


@pytest.mark.parametrize("damage", [_no_marker, _truncated, _torn_marker, _no_array])
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
    """F17: the error comes in the second chunk, when the first is written."""
    last = dataset.table["path"].iloc[-1]
    decode = pixels.decode

    def fail(path):
        if path == last:
            raise error
        return decode(path)

    assert len(dataset.table) > pixels.CHUNK
    monkeypatch.setattr(pixels, "decode", fail)
    with pytest.raises(error):
        cached(dataset)
    assert built(cache) == []
    monkeypatch.setattr(pixels, "decode", decode)
    assert cached(dataset).any(axis=(1, 2, 3)).all()


# A process of its own that is killed without warning when it decodes image 66 of 70.
KILLED = """
import os, signal, sys
from skinlib.data import ham10000, pixels
dataset = ham10000.load(sys.argv[1], decode=False)
decode, last = pixels.decode, dataset.table["path"].iloc[65]
def fatal(path):
    return os.kill(os.getpid(), signal.SIGKILL) if path == last else decode(path)
pixels.decode = fatal
pixels.cached(dataset, 24, progress=False)
"""


def test_a_killed_build_is_cleared_and_built_again(dataset, cache):
    """F17 with a real kill: the next call trusts nothing and leaves nothing of the dead one."""
    child = subprocess.run([sys.executable, "-c", KILLED, dataset.folder], check=False)
    assert child.returncode == -signal.SIGKILL
    assert [path.name for path in cache.iterdir() if path.suffix == ".partial"]
    assert cached(dataset).any(axis=(1, 2, 3)).all()
    assert len(built(cache)) == 1


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
    folder = Path(cached(dataset).filename).parent
    plain = folder.parent / "plain"
    plain.mkdir()
    assert folder.stat().st_mode == plain.stat().st_mode
