"""Faults of what a user's Keras is set to: layout, precision, limits, backends."""

import importlib.util
import json

import pytest
import tiny

from skinlib.experiments.run import read_run

ODD = {
    "image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.1,
    "backend": "theano", "image_dim_ordering": "th",
}  # fmt: skip
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
)
TRAIN = (
    "train", "--backbone", "Tiny", "--size", 32, "--weights", "none", "--no-progress", "--epochs", 2,
    "--set", "batch_size=8", "metadata_units=16", "learning_rate=0.01", "epsilon=1e-7",
    "augmentation={'rotation': 90, 'flip': True}",
)  # fmt: skip


def home(folder, content):
    """Make a home folder with a ``keras.json``; return the variables that lead Keras there."""
    (folder / ".keras").mkdir(parents=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / ".keras" / "keras.json").write_text(text)
    return {"HOME": str(folder), "KERAS_HOME": None, "KERAS_BACKEND": None}


def test_f45_a_run_takes_nothing_from_the_users_keras(cli, synthetic_folder, tmp_path):
    """Same identity, same bytes, and the settings are on record."""
    results = tmp_path / "results"
    limits = {"KERAS_BACKEND": "tensorflow", "KERAS_MAX_EPOCHS": "1",
              "KERAS_MAX_STEPS_PER_EPOCH": "1"}  # fmt: skip
    homes = {"plain": home(tmp_path / "plain", {}), "odd": home(tmp_path / "odd", ODD) | limits}
    for name, variables in homes.items():
        environment = {**variables, **ONE_THREAD, "SKINLIB_RESULTS": str(results)}
        cli(
            *(*TRAIN[:1], "--data", synthetic_folder, "--name", name, *TRAIN[1:]),
            program=(tiny.__file__, "cli"),
            env=tiny.environment() | environment,
        ).succeeds()
    plain, odd = (read_run(results / "runs" / "adhoc" / name) for name in homes)
    assert plain.record["identity"] == odd.record["identity"]
    assert odd.record["keras"] == plain.record["keras"] == {
        "image_data_format": "channels_last", "floatx": "float32", "epsilon": 1e-7,
    }  # fmt: skip
    for file in ("predictions.csv", "attention.csv", "best.weights.h5"):
        assert (plain.folder / file).read_bytes() == (odd.folder / file).read_bytes(), file


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({"backend": "theano"}, "theano"),
        ({"backend": "numpy"}, "'numpy' cannot train"),
        ({"floatx": "float8"}, "floatx=float8"),
        ({"epsilon": 1}, "epsilon=1"),
        ({"image_data_format": "th"}, "image_data_format=th"),
        ([], "list"),
    ],
    ids=str,
)
def test_f45_settings_that_keras_cannot_start_with(content, word, cli, tmp_path):
    variables = home(tmp_path / "home", content)
    done = cli("describe", "--backbone", "VGG16", "--size", 32, env=variables)
    file = tmp_path / "home" / ".keras" / "keras.json"
    done.fails(2, word, file, "tensorflow, jax, torch", "Set KERAS_BACKEND=tensorflow")


@pytest.mark.parametrize("backend", ["torch", "theano"])
def test_f45_a_backend_that_is_not_installed(backend, cli, tmp_path):
    """The remedy that is told works."""
    if importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is installed")
    words = ("describe", "--backbone", "VGG16", "--size", 32)
    variables = home(tmp_path / "home", {"backend": backend})
    done = cli(*words, env={**variables, "KERAS_BACKEND": backend})
    done.fails(2, f"KERAS_BACKEND={backend}", backend, "tensorflow, jax, torch")
    if backend == "theano":
        cli(*words, env={**variables, "KERAS_BACKEND": "tensorflow"}).succeeds()
