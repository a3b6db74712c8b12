"""`export` on the command line, and what the book's page about it makes of the files."""

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


def fails(capsys, *arguments):
    assert main(["export", *map(str, arguments)]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("format", "heading"),
    [("onnx", "ONNX Runtime"), ("litert", "LiteRT"), ("openvino", "OpenVINO"), ("keras", "Keras")],
)
@pytest.mark.parametrize("facts", [{}, {"age": 60, "sex": "female", "site": "back"}], ids=len)
def test_following_the_page_gives_what_predict_says(
    classifier, rng, tmp_path, monkeypatch, format, heading, facts
):
    """The blocks of code are run as they stand; the photograph lies on its side."""
    pytest.importorskip("tf2onnx")
    monkeypatch.setattr(classifier, "recipe", classifier.recipe.replace(views="d4"))
    name = f"model{FORMATS[format][1]}"
    export(classifier, format, tmp_path / name)
    pixels = rng.integers(0, 256, (45, 61, 3), dtype=np.uint8)
    snippets.photograph(tmp_path / "photo.jpg", Image.fromarray(pixels))
    monkeypatch.chdir(tmp_path)
    found = snippets.follow(heading, facts, name)
    expected = classifier.predict(tmp_path / "photo.jpg", **facts)
    np.testing.assert_allclose(found["probabilities"], list(expected.values()), atol=1e-5)
    case = pd.DataFrame([{"age": facts.get("age", np.nan), "sex": facts.get("sex", "unknown"),
                          "localization": facts.get("site", "unknown")}])  # fmt: skip
    asked = classifier.classify(classifier.prepare(tmp_path / "photo.jpg")[None], case)
    assert found["rule"]["words"][found["status"]] == asked.status[0]


def test_what_is_not_known_has_a_position_of_its_own(classifier):
    from skinlib.predict.export.sidecar import encoding

    code = encoding(classifier.encoder)
    unknown = pd.DataFrame([{"age": np.nan, "sex": "unknown", "localization": "unknown"}])
    strange = pd.DataFrame([{"age": np.nan, "sex": "neither", "localization": "nowhere"}])
    for word, frame in (("unknown", unknown), ("other", strange)):
        places = np.flatnonzero(classifier.encoder.transform(frame)[0])
        assert [code["sex"][word], code["site"][word]] == places.tolist()


def test_one_import_is_enough_for_keras(classifier, tmp_path):
    path = tmp_path / "model.keras"
    assert "skinlib.predict.export.layers" in export(classifier, "keras", path)["note"]
    program = (
        "import sys, keras, skinlib.predict.export.layers; keras.models.load_model(sys.argv[1]); "
        "assert keras.saving.get_registered_object('skinlib>CaffeScaling')"
    )
    subprocess.run([sys.executable, "-c", program, path], check=True)


@pytest.fixture
def unasked(monkeypatch):
    """Fail where a model is loaded: what is refused is refused before."""
    monkeypatch.setattr(released, "locate", lambda *arguments: pytest.fail("a model was loaded"))


@pytest.mark.parametrize(
    ("format", "name", "there"),
    [
        ("onnx", "model.onnx", "model.onnx"),
        ("onnx", "model.onnx", "model.onnx.json"),
        ("openvino", "model.xml", "model.bin"),
    ],
)
def test_a_file_of_somebody_else_is_not_replaced(
    format, name, there, tmp_path, unasked, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / there).write_text("[1, 2]")
    said = fails(capsys, "--format", format, "-o", name)
    assert f"'{there}' is there already and is no export of skinlib" in said
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "[1, 2]"


def test_an_older_export_is_replaced(classifier, tmp_path):
    for _ in range(2):
        export(classifier, "keras", tmp_path / "model.keras")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_place_that_cannot_be_written_to_is_named_first(tmp_path, unasked, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    for name in ("file/m.onnx", "/proc/m.onnx"):
        assert f"'{name}' cannot be written" in fails(capsys, "--format", "onnx", "-o", name)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_int8_asks_for_no_data_but_those_that_are_named(dataset, tmp_path, monkeypatch, capsys):
    path = tmp_path / "model.onnx"
    arguments = ["export", "--format", "onnx", "--precision", "int8", "-o", str(path)]
    for named, computes in (([], "float32"), (["--data", str(dataset.folder)], "int8")):
        # Another data set than the model was trained on.
        monkeypatch.setenv("SKINLIB_DATA", "synthetic:63")
        assert main([*arguments, *named]) == 0
        assert json.loads((tmp_path / "model.onnx.json").read_text())["computes_in"] == computes
    assert main([*arguments, "--data", "synthetic:63"]) == 3
    said = capsys.readouterr().err
    assert f"on the data synthetic ({dataset.fingerprint}), this is synthetic (" in said
    assert "--precision int8" in fails(capsys, "--format", "onnx", "--data", dataset.folder)
