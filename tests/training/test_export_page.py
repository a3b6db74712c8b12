"""`export` on the command line, and what the book's page about it makes of the files."""

import importlib.util
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import snippets
from PIL import Image

from skinlib.cli import main
from skinlib.predict import released
from skinlib.predict.export import FORMATS, export


@pytest.fixture(scope="module", autouse=True)
def folder(tiny_release):
    """The only released model there is."""
    return tiny_release


@pytest.fixture(scope="module")
def classifier(folder):
    return released.load(folder)


@pytest.mark.parametrize(
    ("format", "heading"),
    [("onnx", "ONNX Runtime"), ("litert", "LiteRT"), ("openvino", "OpenVINO"), ("keras", "Keras")],
)
def test_following_the_page_gives_what_predict_says(
    classifier, dataset, rng, tmp_path, monkeypatch, format, heading
):
    """The blocks of code are run as they stand; photographs of a lesion and of noise on their side."""
    pytest.importorskip("tf2onnx")
    monkeypatch.setattr(classifier, "recipe", classifier.recipe.replace(views="d4"))
    name = f"model{FORMATS[format][1]}"
    export(classifier, format, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    noise = Image.fromarray(rng.integers(0, 256, (45, 61, 3), dtype=np.uint8))
    known = {"age": 60, "sex": "female", "site": "back"}
    unknown = {"age": 60, "sex": "unknown", "site": "trunk"}
    seen = set()
    for picture in (noise, Image.open(dataset.table["path"].iloc[0])):
        snippets.photograph(tmp_path / "photo.jpg", picture)
        for facts in ({}, known, unknown):
            found = snippets.follow(heading, facts, name)
            expected = classifier.predict(tmp_path / "photo.jpg", **facts)
            np.testing.assert_allclose(found["probabilities"], list(expected.values()), atol=1e-5)
            row = {"age": np.nan, "sex": "unknown", "site": "unknown", **facts}
            frame = pd.DataFrame([row]).rename(columns={"site": "localization"})
            predicted = classifier.classify(classifier.prepare(tmp_path / "photo.jpg")[None], frame)
            assert found["rule"]["words"][found["status"]] == predicted.status[0]
            seen.add(found["status"])
    assert "unlike" in seen
    assert len(seen) > 1


def test_two_imports_are_enough_for_keras(classifier, tmp_path):
    """And an older export is replaced."""
    path = tmp_path / "model.keras"
    for _ in range(2):
        assert "skinlib.models.attention" in export(classifier, "keras", path)["note"]
    assert len(list(tmp_path.iterdir())) == 2
    imports = "import sys, keras, skinlib.models.attention, skinlib.models.scaling"
    program = f"{imports}; keras.models.load_model(sys.argv[1])"
    subprocess.run([sys.executable, "-c", program, path], check=True)


def test_the_command(dataset, tmp_path, monkeypatch, capsys):
    """int8 reads no data but those that are named, and only those of the training."""
    path = tmp_path / "here.onnx"
    arguments = ["export", "--format", "onnx", "--precision", "int8", "-o", str(path)]
    for named, computes in (([], "float32"), (["--data", str(dataset.folder)], "int8")):
        # Another data set than the model was trained on.
        monkeypatch.setenv("SKINLIB_DATA", "synthetic:63")
        assert main([*arguments, *named]) == 0
        assert json.loads((tmp_path / "here.onnx.json").read_text())["computes_in"] == computes
    out = capsys.readouterr().out
    assert str(path) in out
    assert "Not a medical device" in out
    assert {path.name for path in tmp_path.iterdir()} == {"here.onnx", "here.onnx.json"}
    assert main([*arguments, "--data", "synthetic:63"]) == 3
    said = capsys.readouterr().err
    assert f"on the data synthetic ({dataset.fingerprint}), this is synthetic (" in said


@pytest.fixture
def no_network(monkeypatch):
    """What is refused is refused before a network is built."""
    monkeypatch.setattr(released, "locate", lambda *arguments: pytest.fail("a model was loaded"))


def fails(capsys, *arguments):
    assert main(["export", *map(str, arguments)]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--format pickle", "onnx, litert"),
        ("--format keras --precision int8", "fp32"),
        ("--format onnx --precision fp64", "'fp64'"),
        ("--format litert -o model.onnx", ".tflite"),
        ("--format onnx --data .", "--precision int8"),
        # A place that cannot be written to.
        ("--format onnx -o file/m.onnx", "'file/m.onnx' cannot be written"),
        ("--format onnx -o /proc/m.onnx", "'/proc/m.onnx' cannot be written"),
    ],
)
def test_wrong_requests_are_refused(arguments, words, tmp_path, no_network, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert words in fails(capsys, *arguments.split())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_another_backend_and_packages_that_are_not_there(no_network, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    said = fails(capsys, "--format", "onnx")
    assert "jax" in said
    assert "KERAS_BACKEND=tensorflow" in said
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "skinlib[export]" in fails(capsys, "--format", "openvino")


@pytest.mark.parametrize(
    ("format", "name", "there"),
    [
        ("onnx", "model.onnx", "model.onnx"),
        ("onnx", "model.onnx", "model.onnx.json"),
        ("openvino", "model.xml", "model.bin"),
    ],
)
def test_a_file_of_somebody_else_is_not_replaced(
    format, name, there, tmp_path, no_network, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / there).write_text("[1, 2]")
    said = fails(capsys, "--format", format, "-o", name)
    assert f"'{there}' is there already and is no export of skinlib" in said
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "[1, 2]"
