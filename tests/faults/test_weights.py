"""Faults of weights: numbers that are none, files that lie, models that would run code."""

import json
import pickle
import resource
import shutil
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from skinlib.common.files import sha256

BACKBONE = ("--backbone", "MobileNetV3Small", "--size", 32, "--no-progress")


@pytest.fixture
def weights_file(tmp_path):
    """A sound file of two arrays, laid out like those of Keras; return it after a change."""

    def make(change=lambda file: None):
        path = tmp_path / "given.weights.h5"
        with h5py.File(path, "w") as file:
            file["layers/dense/vars/0"] = np.ones((40, 50), "float32")
            file["layers/dense/vars/1"] = np.ones(50, "float32")
            change(file)
        return path

    return make


def not_a_number(file):
    file["layers/dense/vars/1"][3] = np.nan


def outside(file):
    # A file that is not there: had it been looked for, the message would be another.
    places = [("/nonexistent/secret", 0, 400)]
    file.create_dataset("layers/odd", (100,), "float32", external=places)


def virtual(file):
    layout = h5py.VirtualLayout((3,), "float64")
    layout[:] = h5py.VirtualSource("secret.h5", "data", (3,))
    file.create_virtual_dataset("layers/odd", layout)


def put(value):
    return lambda file: file.__setitem__("layers/odd", value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (not_a_number, ("not finite", "/layers/dense/vars/1")),
        (put(h5py.ExternalLink("/etc/hostname", "/data")), ("link at 'odd'", "refused")),
        (put(h5py.SoftLink("/layers")), ("link at 'odd'", "refused")),
        (lambda file: put(file["layers"])(file), ("back to one of its groups at 'odd'", "refused")),
        (outside, ("'/layers/odd' outside the file", "refused")),
        (virtual, ("'/layers/odd' outside the file", "refused")),
        (put(h5py.Empty("float32")), ("'/layers/odd', which is no array of numbers",)),
        (put(np.dtype("float32")), ("'/layers/odd', which is no array of numbers",)),
        (put("text"), ("'/layers/odd', which is no array of numbers",)),
    ],
)
def test_f29_a_file_that_is_not_what_it_should_be(
    change, words, main, folder, results, weights_file
):
    """Each with its own message, and before anything is built or trained."""
    path = weights_file(change)
    done = main("train", "--data", folder, *BACKBONE, "--weights", path)
    done.fails(3, path, *words)
    assert not list(results.rglob("run.json"))


def test_f29_weights_of_another_shape(main, folder, results, weights_file):
    path = weights_file()
    done = main("train", "--data", folder, *BACKBONE, "--weights", path)
    done.fails(2, path, "does not fit MobileNetV3Small without its top")


def test_f29_a_terabyte_declared(cli, folder, tmp_path, weights_file):
    """Refused by what it declares, in a process that could not hold two gigabytes."""
    path = weights_file(
        lambda file: file.create_dataset(
            "layers/odd", (2**38,), "float32", chunks=(2**20,), compression="gzip"
        )
    )
    assert path.stat().st_size < 100_000
    limit = 2 << 30
    done = cli(
        "train",
        *("--data", folder, *BACKBONE, "--weights", path),
        env={"SKINLIB_RESULTS": str(tmp_path / "results"), "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    done.fails(3, path, "declares 1099511627776 bytes", "'/layers/odd'")


@pytest.fixture
def own_run(odd_run, tmp_path):
    """A finished run to spoil."""
    return shutil.copytree(odd_run.folder, tmp_path / "run")


def test_f29_another_order_of_classes(main, own_run, odd_run):
    """Same shapes, so nothing but the record can tell that column 4 is no melanoma."""
    photograph = next(odd_run.data.glob("*.jpg"))
    assert "mel" in main("predict", photograph, "--run", own_run).succeeds()
    record = json.loads((own_run / "run.json").read_text(encoding="utf-8"))
    record["classes"][4:6] = ["nv", "mel"]
    (own_run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    done = main("predict", photograph, "--run", own_run)
    done.fails(3, own_run, '"nv", "mel"', "wrong classes")


# What keras.models.load_model and pickle.load would run. `touch` is the crime.


def lambda_model(marker):
    """A model of Keras' own making; its Lambda layer is marshalled Python."""
    import keras

    place = str(marker)
    crime = keras.layers.Lambda(lambda x: (open(place, "w").close(), x)[1])
    model = keras.Sequential([keras.Input((1,)), crime])
    marker.unlink(missing_ok=True)  # building ran it
    path = marker.with_suffix(".keras")
    model.save(path)
    return path.read_bytes()


class _Crime:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def pickled(marker):
    return pickle.dumps(_Crime(marker))


PAYLOADS = {"model.keras": lambda_model, "weights.pkl": pickled}


@pytest.fixture
def opened(monkeypatch):
    """The files opened since, as the interpreter tells it; it cannot be lied to."""
    found, active = [], [True]
    sys.addaudithook(
        lambda event, arguments: event == "open" and active and found.append(str(arguments[0]))
    )
    yield found
    active.clear()  # a hook stays for ever


@pytest.mark.parametrize("name", PAYLOADS)
def test_f30_a_hostile_model(name, main, folder, results, tmp_path, opened):
    """Given to either command it is refused by its name and not even opened."""
    marker = tmp_path / "crime"
    path = tmp_path / "given" / name
    path.parent.mkdir()
    path.write_bytes(PAYLOADS[name](marker))
    opened.clear()
    done = main("train", "--data", folder, *BACKBONE, "--weights", path)
    done.fails(2, path, "was not opened", "never whole models")
    main("predict", next(folder.glob("*.jpg")), "--run", path).fails(2, path, "run.json")
    assert str(path) not in opened
    assert not marker.exists()
    assert not list(results.rglob("run.json"))


@pytest.mark.parametrize("name", PAYLOADS)
def test_f30_a_hostile_model_under_the_name_of_weights(name, main, folder, tmp_path, own_run):
    """Renamed, it is opened as numbers: it is no HDF5. In a run its hash is wrong besides."""
    marker = tmp_path / "crime"
    path = tmp_path / "given.weights.h5"
    path.write_bytes(PAYLOADS[name](marker))
    done = main("train", "--data", folder, *BACKBONE, "--weights", path)
    done.fails(3, path, "is not a whole HDF5 file")

    weights = own_run / "best.weights.h5"
    shutil.copy(path, weights)
    photograph = next(folder.glob("*.jpg"))
    main("predict", photograph, "--run", own_run).fails(3, weights, "SHA-256", "expected")
    record = json.loads((own_run / "run.json").read_text(encoding="utf-8"))
    record["weights_sha256"] = sha256(weights)
    (own_run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    main("predict", photograph, "--run", own_run).fails(3, weights, "is not a whole HDF5 file")
    assert not marker.exists()


def test_f30_the_crimes_are_real(tmp_path):
    """Control: opened the careless way, the model and the pickle do what they are made for."""
    import keras

    marker = tmp_path / "crime"
    (tmp_path / "evil.keras").write_bytes(lambda_model(marker))
    assert not marker.exists()
    keras.models.load_model(tmp_path / "evil.keras", safe_mode=False)
    assert marker.exists()
    marker.unlink()
    pickle.loads(pickled(marker))
    assert marker.exists()
