"""F07, F16-F19: copies of images, and a pixel cache that is damaged, cut, killed or of other settings."""

import dataclasses
import json
import logging
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skinlib.common.errors import IntegrityError
from skinlib.common.files import write_csv
from skinlib.data import ham10000, pixels, splits
from skinlib.data.prepare import prepare
from skinlib.experiments.recipes import get_recipe

SIZE = 16


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SKINLIB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pixels"


def cached(dataset, size=SIZE, **options):
    return pixels.cached(dataset, size, progress=False, **options)


def decoded(dataset):
    """Return the images as Pillow gives them, without anything of the cache."""
    rows = [pixels.resize(Image.open(path), SIZE) for path in dataset.table["path"]]
    return np.stack(rows)


def child(script, *arguments):
    """Run Python source in a process of its own."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


# F07


def add_copy(folder, image_id, **changes):
    """Copy a JPEG under a new id, with a row of its own that differs in `changes`."""
    path = folder / "HAM10000_metadata.csv"
    table = pd.read_csv(path, keep_default_na=False)
    row = table[table["image_id"] == image_id].assign(image_id="ISIC_9900000", **changes)
    write_csv(path, pd.concat([table, row]))
    shutil.copy(folder / f"{image_id}.jpg", folder / "ISIC_9900000.jpg")
    return "ISIC_9900000"


def test_f07_a_copy_under_a_new_id_is_reported(cli, folder, dataset, caplog):
    original = dataset.table["image_id"].iloc[7]
    copy = add_copy(folder, original)
    outcome = cli("check-data", "--data", folder)
    outcome.succeeds()
    assert f"{original} = {copy}" in outcome.err
    ham10000.load(dataset.folder)
    assert not caplog.records


@pytest.mark.parametrize("unit", ["image", "lesion"])
def test_f07_copies_on_two_sides_of_a_split_are_refused(folder, dataset, unit, caplog):
    """Over several seeds some splits tear the pair apart, others do not; only those pass."""
    original = dataset.table.loc[dataset.table["dx"] == "nv", "image_id"].iloc[3]
    copy = add_copy(folder, original, lesion_id="SYN_9900000")
    data = ham10000.load(folder, decode=False)
    recipe = get_recipe("clean").replace(split_unit=unit, test_share=0.3, validation_share=0.0)
    outcomes = set()
    for seed in range(8):
        drawn = splits.make_split(data.table, unit=unit, test=0.3, validation=0.0, seed=seed)
        part = drawn.table.set_index("image_id")["part"]
        apart = part[original] != part[copy]
        outcomes.add(apart)
        if not apart:
            assert prepare(recipe, data, SIZE, seed, progress=False).copies == ((original, copy),)
            continue
        with pytest.raises(IntegrityError, match=rf"{original} \(.*{copy} \("):
            prepare(recipe, data, SIZE, seed, progress=False)
    assert outcomes == {True, False}
    assert f"{original} = {copy}" in caplog.text


def test_f07_such_a_training_ends_with_3_before_it_begins(train, folder, dataset, results):
    original = dataset.table.loc[dataset.table["dx"] == "nv", "image_id"].iloc[3]
    add_copy(folder, original, lesion_id="SYN_9900000")
    codes = set()
    for seed in range(20):
        data = ham10000.load(folder, decode=False)
        recipe = get_recipe("clean")
        try:
            prepare(recipe, data, 32, seed, progress=False)
        except IntegrityError:
            codes.add(train(folder, "--seed", seed).fails(3, original, "ISIC_9900000"))
            break
    assert codes
    assert not results.exists()


# F16


def flip(array, row, bit=3):
    """Flip one bit in the middle of an image on disk."""
    content = bytearray(array.path.read_bytes())
    content[-array.nbytes + row * SIZE * SIZE * 3 + 200] ^= 1 << bit
    array.path.write_bytes(content)


def test_f16_a_flipped_bit_is_found_and_the_image_decoded_again(dataset, caplog):
    array = cached(dataset)
    for row in (0, 33, 69):
        flip(array, row, bit=row % 8)
    damaged = np.load(array.path)
    names = tuple(dataset.table["image_id"].iloc[[0, 33, 69]])
    with caplog.at_level(logging.WARNING):
        array = cached(dataset)
    expected = decoded(dataset)
    assert (damaged != expected).any(axis=(1, 2, 3)).nonzero()[0].tolist() == [0, 33, 69]
    np.testing.assert_array_equal(array, expected)
    np.testing.assert_array_equal(np.load(array.path), expected)
    assert array.repaired == names
    assert all(name in caplog.text for name in names)
    caplog.clear()
    assert cached(dataset).repaired == ()
    assert not caplog.records


def test_f16_only_the_damaged_image_is_decoded(dataset, monkeypatch):
    flip(cached(dataset), 20)
    read, decode = [], pixels.decode_and_hash
    monkeypatch.setattr(pixels, "decode_and_hash", lambda path: read.append(path) or decode(path))
    cached(dataset)
    assert read == [dataset.table["path"][20]]


def test_f16_a_run_says_which_images_were_damaged(dataset):
    recipe = get_recipe("clean").replace(test_share=0.2, validation_share=0.0)
    assert prepare(recipe, dataset, SIZE, 0, progress=False).repaired == ()
    flip(cached(dataset), 5)
    repaired = prepare(recipe, dataset, SIZE, 0, progress=False).repaired
    assert repaired == (dataset.table["image_id"][5],)


def test_f16_no_repair_from_a_file_that_changed_meanwhile(folder):
    data = ham10000.load(folder, decode=False)
    array = cached(data)
    flip(array, 8)
    before = array.path.read_bytes()
    shutil.copy(data.table["path"][9], data.table["path"][8])
    with pytest.raises(IntegrityError, match=data.table["image_id"][8]):
        cached(data)
    assert array.path.read_bytes() == before


REPAIR_KILLED = """
import os, signal, sys
from skinlib.data import ham10000, pixels, store
def half(self, row, image):
    with self.path.open("rb+") as file:
        file.seek(self._start + row * self._row_bytes)
        file.write(image.tobytes()[: image.nbytes // 2])
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
store.Pixels.replace = half
pixels.cached(ham10000.load(sys.argv[1], decode=False), int(sys.argv[2]), progress=False)
"""


def test_f16_a_repair_that_is_killed_is_done_again(dataset):
    array = cached(dataset)
    expected = decoded(dataset)
    flip(array, 40)
    flip(array, 50)
    done = child(REPAIR_KILLED, dataset.folder, SIZE)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (np.load(array.path) != expected).any()
    again = cached(dataset)
    np.testing.assert_array_equal(again, expected)
    assert set(dataset.table["image_id"][[50]]) <= set(again.repaired)


# F17

BUILD_KILLED = """
import json, os, shutil, signal, sys
import numpy as np
from skinlib.common import paths
from skinlib.data import ham10000, pixels

dataset = ham10000.load(sys.argv[1], decode=False)
size, expected = int(sys.argv[2]), np.load(sys.argv[3])
base = paths.cache() / "pixels"

def fatal(module, name, call):
    real, calls = getattr(module, name), [0]
    def replacement(*arguments, **options):
        calls[0] += 1
        if calls[0] == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    setattr(module, name, replacement)

PLACES = [
    (pixels, "decode_and_hash", 1), (pixels, "decode_and_hash", 21), (pixels, "decode_and_hash", 70),
    (pixels, "_sync", 1),      # images written, not flushed
    (pixels, "_sync", 2),      # checksums written, not flushed
    (pixels, "write_json", 1), # no marker yet
    (os, "replace", 1),        # a marker under a temporary name
    (os, "replace", 2),        # all there, not yet moved
]
found = []
for place in PLACES:
    child = os.fork()
    if not child:
        fatal(*place)
        pixels.cached(dataset, size, progress=False)
        os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    markers = [str(path.parent.name) for path in base.glob("*/.complete")]
    good = bool((np.asarray(pixels.cached(dataset, size, progress=False)) == expected).all())
    left = [path.name for path in base.iterdir() if path.suffix != ".lock"]
    found.append({"place": place[1:], "code": code, "markers": markers, "good": good, "left": left})
    shutil.rmtree(base)
print(json.dumps(found))
"""


def test_f17_a_build_killed_anywhere_is_never_served(dataset, tmp_path):
    """Eight places from the first image to the last step; 21 of 70 images are the 30 %."""
    np.save(tmp_path / "expected.npy", decoded(dataset))
    done = child(BUILD_KILLED, dataset.folder, SIZE, tmp_path / "expected.npy")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 8
    for outcome in found:
        assert outcome["code"] == -signal.SIGKILL, outcome
        assert outcome["good"], outcome
        assert len(outcome["left"]) == 1, outcome
        # A marker exists only under the temporary name, which nobody opens.
        assert all(name.endswith(".partial") for name in outcome["markers"]), outcome


def test_f17_images_full_of_zeros_beside_a_good_marker_are_not_served(dataset):
    """What a memory map left after a kill; here even the marker is there."""
    array = cached(dataset)
    with array.path.open("rb+") as file:
        file.seek(-array.nbytes // 2, os.SEEK_END)
        file.write(bytes(array.nbytes // 2))
    np.testing.assert_array_equal(cached(dataset), decoded(dataset))


# F18

CUT = """
import os, sys
from skinlib import cli
from skinlib.cli import commands
from skinlib.data import batches, prepare
from skinlib.experiments.recipes import get_recipe

def run(args):
    "Read batches of a cache that is cut after the third."
    data, size = sys.argv[1], int(sys.argv[2])
    recipe = get_recipe("clean").replace(test_share=0.2, validation_share=0.0)
    part = prepare.prepare(recipe, data, size, 0, progress=False).parts["train"]
    for index, (inputs, labels) in enumerate(batches.batches(part, 4)):
        print(index, flush=True)
        if index == 2:
            os.truncate(part.pixels.path, part.pixels.path.stat().st_size // 2)

commands.audit = run
sys.exit(cli.main(["audit"]))
"""


def test_f18_a_cache_cut_under_a_reader_is_an_error_not_a_bus_error(dataset, cache):
    done = child(CUT, dataset.folder, SIZE)
    assert done.returncode == IntegrityError.exit_code, done
    steps = [int(line) for line in done.stdout.split()]
    assert steps[:3] == [0, 1, 2]
    (path,) = cache.glob("*/images.npy")
    assert str(path) in done.stderr
    assert "run the same command again" in done.stderr
    # What the message promises.
    np.testing.assert_array_equal(cached(dataset), decoded(dataset))


# F19


def test_f19_other_settings_and_other_data_are_other_caches(dataset, cache, monkeypatch):
    """The key is made of settings, versions, files and rows; each change is a miss."""

    def folders():
        return {path.parent for path in cache.glob("*/images.npy")}

    other, version = dataclasses.replace, pixels.features.version
    requests = [
        (dataset, {}),
        (dataset, {"size": SIZE + 1}),
        (dataset, {"crop": "none"}),
        (dataset, {"interpolation": "nearest"}),
        (other(dataset, fingerprint="other"), {}),
        (other(dataset, table=dataset.table[:10]), {}),
        (other(dataset, table=dataset.table[::-1].reset_index(drop=True)), {}),
    ]
    for count, (data, options) in enumerate(requests, start=1):
        cached(data, **options)
        assert len(folders()) == count
    for count, (module, name, value) in enumerate(
        [
            (pixels.PIL, "__version__", "0.0"),
            (pixels.features, "version", lambda name: name == "jpg" or version(name)),
            (pixels.features, "version", lambda name: name == "libjpeg_turbo" or version(name)),
            (pixels, "LAYOUT", -1),
        ],
        start=len(requests) + 1,
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            cached(dataset)
        assert len(folders()) == count
    before = folders()
    cached(dataset)
    assert folders() == before


def test_f19_a_changed_setting_gives_the_pixels_of_that_setting(dataset):
    nearest = cached(dataset, interpolation="nearest")
    assert (np.asarray(nearest) != np.asarray(cached(dataset))).any()
    expected = pixels.resize(Image.open(dataset.table["path"][3]), SIZE, interpolation="nearest")
    np.testing.assert_array_equal(nearest[3], expected)
