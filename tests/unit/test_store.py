"""Reading images by position gives what NumPy reads, to threads, forks and pickles alike."""

import copy
import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from skinlib.common.errors import IntegrityError
from skinlib.data import store

SHAPE = (50, 4, 4, 3)


@pytest.fixture
def array():
    return np.random.default_rng(4).integers(0, 256, SHAPE, dtype=np.uint8)


@pytest.fixture
def path(array, tmp_path):
    np.save(tmp_path / "images.npy", array)
    return tmp_path / "images.npy"


@pytest.fixture
def pixels(path):
    return store.Pixels(path, SHAPE)


ROWS = {
    "one after the other": np.arange(10, 30),
    "backwards": np.arange(20)[::-1],
    "scattered": np.random.default_rng(1).permutation(50),
    "twice": np.array([7, 3, 7, 8, 7, 8, 9]),
    "the ends": np.array([49, 0]),
    "from the end": np.array([-1, -50, 3]),
    "none": np.array([], int),
    "a list": [4, 5, 1],
    "a slice": slice(5, 40, 3),
    "all": slice(None),
    "a number": 17,
    "the last": -1,
    "a NumPy number": np.int64(30),
}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_indexing_is_that_of_numpy(pixels, array, rows):
    np.testing.assert_array_equal(pixels[rows], array[rows])
    assert pixels[rows].dtype == np.uint8


@pytest.mark.parametrize("rows", [[50], [0, -51], 50])
def test_a_row_that_is_not_there_is_an_error(pixels, rows):
    with pytest.raises(IndexError, match="has 50"):
        pixels[rows]


def test_what_is_read_belongs_to_the_caller(pixels, array):
    first = pixels[:5]
    first[:] = 0
    np.testing.assert_array_equal(pixels[:5], array[:5])


def test_the_whole_as_an_array(pixels, array):
    np.testing.assert_array_equal(np.asarray(pixels), array)
    assert np.asarray(pixels, np.float32).dtype == np.float32
    assert (len(pixels), pixels.nbytes) == (50, array.nbytes)
    with pytest.raises(ValueError, match="copy"):
        np.array(pixels, copy=False)


def test_neighbours_are_read_at_once(pixels, monkeypatch):
    calls, preadv = [], os.preadv

    def counting(*arguments):
        calls.append(arguments)
        return preadv(*arguments)

    monkeypatch.setattr(store.os, "preadv", counting)
    pixels[10:40]
    assert len(calls) == 1
    pixels[[3, 4, 5, 20, 21, 9]]
    assert len(calls) == 4


def test_a_read_that_stops_half_way_goes_on(pixels, array, monkeypatch):
    """The system may give less than asked for."""
    preadv = os.preadv
    monkeypatch.setattr(store.os, "preadv", lambda f, b, at: preadv(f, [b[0][:7]], at))
    np.testing.assert_array_equal(pixels[[2, 3, 40]], array[[2, 3, 40]])


def test_threads_share_it(pixels, array):
    def read(seed):
        rows = np.random.default_rng(seed).integers(0, 50, 20)
        return (pixels[rows] == array[rows]).all()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(400)))


def test_a_fork_and_its_parent_share_it(pixels, array):
    child = os.fork()
    good = all((pixels[[row, 49 - row]] == array[[row, 49 - row]]).all() for row in range(50))
    if not child:
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert good


def test_a_pickle_carries_the_path_not_the_pixels(pixels, array):
    content = pickle.dumps(pixels)
    assert len(content) < array.nbytes / 2
    # A copy is made the way a pickle is read.
    again = copy.copy(pixels)
    assert again._file != pixels._file
    np.testing.assert_array_equal(again[:], array)


def test_the_file_is_closed_with_the_object(path):
    pixels = store.Pixels(path, SHAPE)
    descriptor = pixels._file
    del pixels
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: os.truncate(path, path.stat().st_size - 1),
        lambda path: path.write_bytes(path.read_bytes() + b"0"),
        lambda path: np.save(path, np.zeros(SHAPE, np.int8)),
        lambda path: np.save(path, np.zeros((4, 50, 4, 3), np.uint8)),
        lambda path: np.save(path, np.asfortranarray(np.zeros(SHAPE, np.uint8))),
        lambda path: path.write_bytes(b""),
    ],
)
def test_another_file_is_refused(path, damage):
    damage(path)
    with pytest.raises(IntegrityError, match=r"images\.npy"):
        store.Pixels(path, SHAPE)


def test_every_wrong_bit_is_found(array, path):
    """Rows 0, 31 and 49 differ from their checksums by one bit each, in any block."""
    checks = np.zeros(50, store.CHECK)
    checks["crc32"] = store.Pixels(path, SHAPE, checks)._crc(np.arange(50))
    pixels = store.Pixels(path, SHAPE, checks)
    assert not len(pixels.wrong())
    for row in (0, 31, 49):
        bad = array[row].copy()
        bad[3, 3, 2] ^= 0x10
        pixels.replace(row, bad)
    assert pixels.wrong().tolist() == [0, 31, 49]
    assert pixels.wrong([49, 2]).tolist() == [49]
    pixels.replace(31, array[31])
    assert pixels.wrong().tolist() == [0, 49]
    np.testing.assert_array_equal(pixels[30:33], array[30:33])
