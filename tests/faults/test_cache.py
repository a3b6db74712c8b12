"""F07, F16-F19: copies of images, and a pixel cache that is damaged, cut, killed or of other settings."""

import dataclasses
import json
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
CLEAN = get_recipe("clean").replace(test_share=0.3, validation_share=0.0, selection="test")


pytestmark = pytest.mark.usefixtures("cache")


def cached(dataset, size=SIZE, **options):
    return pixels.cached(dataset, size, progress=False, **options)


def written(cache):
    """Return the files of the cache, locks left out."""
    return {path for path in (cache / "pixels").iterdir() if path.suffix != ".lock"}


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
    recipe, outcomes = CLEAN.replace(split_unit=unit), set()
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


# F16


def flip(path, byte):
    """Flip one bit of a file."""
    content = bytearray(path.read_bytes())
    content[byte] ^= 8
    path.write_bytes(content)


def zero(path):
    """Half of the images, as a memory map left them after a kill."""
    with path.open("rb+") as file:
        file.seek(-path.stat().st_size // 2, os.SEEK_END)
        file.write(bytes(path.stat().st_size // 2))


DAMAGE = {
    "last image": lambda path: flip(path, -1),
    "header": lambda path: flip(path, 80),
    "half of zeros": zero,
    "cut": lambda path: os.truncate(path, 5000),
    "other array": lambda path: np.save(path, np.zeros((7, SIZE, SIZE, 3), np.uint8)),
    "no proof": lambda path: path.with_suffix(".json").unlink(),
    "torn proof": lambda path: os.truncate(path.with_suffix(".json"), 30),
    "odd proof": lambda path: path.with_suffix(".json").write_text("[1, 2]"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_f16_damage_is_found_and_the_cache_made_anew(damage, dataset, cache, caplog, monkeypatch):
    path = cached(dataset).filename
    files = written(cache)
    damage(path)
    np.testing.assert_array_equal(cached(dataset), decoded(dataset))
    assert f"'{path}' is damaged" in caplog.text
    assert written(cache) == files
    # A whole one is not made again.
    caplog.clear()
    monkeypatch.setattr(pixels, "decode_and_hash", lambda path: pytest.fail(f"decoded {path}"))
    cached(dataset)
    assert not caplog.records


# F17

BUILD_KILLED = """
import json, os, shutil, signal, sys
import numpy as np
from skinlib.common import files, paths
from skinlib.data import ham10000, pixels, store

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
    (store, "sha256", 1),      # images written, not flushed
    (os, "fsync", 1),          # the array not yet on disk
    (os, "replace", 1),        # the array not yet in its place
    (store, "write_json", 1),  # no proof yet
    (os, "replace", 2),        # the proof under a temporary name
]
found = []
for place in PLACES:
    child = os.fork()
    if not child:
        fatal(*place)
        pixels.cached(dataset, size, progress=False)
        os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    proofs = [path.name for path in base.glob("[!.]*.json")]
    good = bool((pixels.cached(dataset, size, progress=False) == expected).all())
    left = [path.name for path in base.iterdir() if path.suffix != ".lock"]
    found.append({"place": place[1:], "code": code, "proofs": proofs, "good": good, "left": left})
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
        assert outcome["proofs"] == [], outcome
        assert outcome["good"], outcome
        assert len(outcome["left"]) == 2, outcome


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_f17_a_build_that_ends_early_leaves_nothing(dataset, cache, monkeypatch, error):
    """Ctrl-C, or a full disk."""
    last, decode = dataset.table["path"].iloc[60], pixels.decode_and_hash

    def fail(path):
        if path == last:
            raise error
        return decode(path)

    with monkeypatch.context() as patch:
        patch.setattr(pixels, "decode_and_hash", fail)
        with pytest.raises(type(error)):
            cached(dataset)
    assert written(cache) == set()
    np.testing.assert_array_equal(cached(dataset), decoded(dataset))


# F18

CUT = """
import os, sys
from skinlib import cli
from skinlib.cli import book
from skinlib.data import batches, prepare
from skinlib.experiments.recipes import get_recipe

def run(args):
    "Read batches of a cache that is cut after the third."
    data, size = sys.argv[1], int(sys.argv[2])
    part = prepare.prepare(get_recipe("clean"), data, size, 0, progress=False).parts["train"]
    for index, (inputs, labels) in enumerate(batches.batches(part, 4)):
        print(index, flush=True)
        if index == 2:
            os.truncate(part.pixels.filename, part.pixels.filename.stat().st_size // 2)

book.audit = run
sys.exit(cli.main(["audit"]))
"""


def test_f18_a_cache_cut_under_a_reader_is_an_error_not_a_bus_error(dataset, cache):
    done = child(CUT, dataset.folder, SIZE)
    assert done.returncode == IntegrityError.exit_code, done
    steps = [int(line) for line in done.stdout.split()]
    assert steps[:3] == [0, 1, 2]
    (path,) = cache.rglob("*.npy")
    assert str(path) in done.stderr
    assert "run the same command again" in done.stderr
    # What the message promises.
    np.testing.assert_array_equal(cached(dataset), decoded(dataset))


# F19


def test_f19_other_settings_and_other_data_are_other_caches(dataset, cache, monkeypatch):
    """The key is made of settings, versions, files and rows; each change is a miss."""
    other, version = dataclasses.replace, pixels.features.version
    names = [
        cached(data, **options).filename
        for data, options in (
            (dataset, {}),
            (dataset, {"size": SIZE + 1}),
            (dataset, {"crop": "none"}),
            (dataset, {"interpolation": "nearest"}),
            (dataset, {"picture": "padded"}),
            (dataset, {"picture": "equalised"}),
            (other(dataset, fingerprint="other"), {}),
            (other(dataset, table=dataset.table[:10]), {}),
            (other(dataset, table=dataset.table[::-1].reset_index(drop=True)), {}),
        )
    ]
    for module, name, value in (
        (pixels.PIL, "__version__", "0.0"),
        (pixels.features, "version", lambda name: name == "jpg" or version(name)),
        (pixels.features, "version", lambda name: name == "libjpeg_turbo" or version(name)),
        (pixels, "LAYOUT", -1),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            names.append(cached(dataset).filename)
    assert len(set(names)) == len(names) == len(set(cache.rglob("*.npy")))
    assert cached(dataset).filename == names[0]
