"""`export`: every format predicts as Keras does, and says all that a caller needs."""

import json
import types

import keras
import numpy as np
import pandas as pd
import pytest
import tiny

from skinlib.common.classes import CLASSES
from skinlib.common.errors import SkinlibError
from skinlib.common.files import sha256
from skinlib.models.classifier import build_classifier
from skinlib.predict import ood, released
from skinlib.predict.export import FORMATS, export
from skinlib.predict.export.graph import servable
from skinlib.predict.export.sidecar import encoding

FACTS = pd.DataFrame({
    "age": [50.0, np.nan, 85.0],
    "sex": ["female", "unknown", "male"],
    "localization": ["back", "a new place", "face"],
})  # fmt: skip


@pytest.fixture(scope="module")
def classifier(tiny_release):
    return released.load(tiny_release)


@pytest.fixture
def pictures(rng):
    """Noise, noise in one colour, and one colour."""
    noise = rng.integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    noise[1, ..., :2] = 7
    noise[2] = 200
    return noise


def inputs(classifier, pictures):
    return {"image": pictures, "metadata": classifier.encoder.transform(FACTS)}


@pytest.fixture
def plain(classifier, pictures, monkeypatch):
    """What the network predicts, without the rule."""
    with monkeypatch.context() as patch:
        patch.setattr(classifier, "rule", None)
        return classifier.classify(pictures, FACTS, views="one")


def test_the_graph_predicts_as_the_classifier(classifier, pictures, plain):
    found = servable(classifier).predict_on_batch(inputs(classifier, pictures))
    np.testing.assert_allclose(found["probabilities"], plain.probabilities, atol=1e-6)
    np.testing.assert_allclose(found["attention"], plain.maps, atol=1e-6)
    np.testing.assert_allclose(found["distance"], plain.distances, rtol=1e-3)
    np.testing.assert_allclose(np.sum(found["attention"], axis=(1, 2)), 1, atol=1e-5)
    found = ood.colours_of(keras.ops.cast(pictures, "float32") / 255, keras.ops)
    expected = ood.colours(pictures)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, rtol=1e-4, atol=1e-5)


def untrained(**changes):
    recipe = tiny.recipe(**changes)
    model = build_classifier("Tiny", recipe)
    record = {"backbone": "Tiny", "input_size": 32}
    fields = {"recipe": recipe, "model": model, "record": record, "detector": None}
    return model, servable(types.SimpleNamespace(**fields))


def test_a_model_trained_on_bgr_takes_rgb(pictures):
    model, made = untrained(
        channel_order="bgr", augmentation=None, metadata=False, attention="none"
    )
    assert set(made.input) == {"image"}
    assert set(made.output) == {"probabilities"}
    found = made.predict_on_batch({"image": pictures})["probabilities"]
    expected = model.predict_on_batch({"image": pictures[..., ::-1]})
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(found - model.predict_on_batch({"image": pictures})).max() > 1e-4


def test_augmentation_is_not_exported(pictures):
    model, made = untrained(augmentation={"rotation": 90.0})
    assert "augment" not in {layer.name for layer in made.get_layer("network").layers}
    given = {"image": pictures, "metadata": np.zeros((3, 21), np.float32)}
    np.testing.assert_allclose(
        made.predict_on_batch(given)["probabilities"], model.predict_on_batch(given), atol=1e-6
    )


def in_keras(path):
    """Open our own file, which skinlib does not; its layers are imported above."""
    model = keras.saving.load_model(path, compile=False)
    return lambda inputs: {
        name: np.asarray(each) for name, each in model.predict_on_batch(inputs).items()
    }


@pytest.mark.parametrize(
    ("format", "precision", "allowed"),
    [(format, "fp32", 1e-5) for format in FORMATS]
    + [("onnx", "fp16", 1e-5), ("litert", "fp16", 0.02), ("openvino", "fp16", 0.02)]
    + [(format, "int8", 0.2) for format in FORMATS if format != "keras"],
)
def test_files_predict_as_keras(classifier, pictures, plain, tmp_path, format, precision, allowed):
    from skinlib.predict.export.running import opened

    pytest.importorskip("tf2onnx")
    path = tmp_path / f"model{FORMATS[format][1]}"
    described = export(classifier, format, path, precision)
    run = in_keras(path) if format == "keras" else opened(path, threads=1)
    given = inputs(classifier, pictures)
    for rows in (slice(0, 1), slice(0, 3)):
        try:
            found = run({name: values[rows] for name, values in given.items()})
        except SkinlibError as error:  # never on a processor with AVX2
            assert (format, precision) == ("openvino", "int8")
            pytest.skip(str(error))
        assert set(found) == {"probabilities", "attention", "distance"}
        np.testing.assert_allclose(found["probabilities"], plain.probabilities[rows], atol=allowed)
        np.testing.assert_allclose(found["attention"], plain.maps[rows], atol=allowed)
        if precision == "fp32":
            np.testing.assert_allclose(found["distance"], plain.distances[rows], rtol=1e-3)
    for name, entry in described["files"].items():
        assert sha256(tmp_path / name) == entry["sha256"]
    assert json.loads((tmp_path / f"{path.name}.json").read_text()) == described
    assert described["computes_in"] == "float32"
    assert described["classes"] == list(CLASSES)
    assert "Not a medical device" in described["notice"]
    assert described["licence"]["id"] == "cc-by-nc-4.0"
    assert {path.name for path in tmp_path.iterdir()} == {*described["files"], f"{path.name}.json"}


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_int8_computes_in_int8_with_pictures(classifier, pictures, tmp_path, format):
    import onnx
    from ai_edge_litert.interpreter import Interpreter

    path = tmp_path / f"model{FORMATS[format][1]}"
    described = export(classifier, format, path, "int8", pictures=inputs(classifier, pictures))
    assert described["computes_in"] == "int8"
    assert "distance" in described["note"]
    if format == "litert":
        tensors = Interpreter(str(path)).get_tensor_details()
        assert np.int8 in {tensor["dtype"] for tensor in tensors if len(tensor["shape"]) == 4}
        return
    nodes = onnx.load(path).graph.node
    assert any(node.op_type == "QuantizeLinear" for node in nodes)
    # The distance is not rounded beyond its input.
    added = [node for node in nodes if "ood_distance" in node.name and node.op_type == "Add"]
    assert added
    assert not any("Dequantize" in name for node in added for name in node.input)


def test_what_is_not_known_has_a_position_of_its_own(classifier):
    code = encoding(classifier.encoder)
    unknown = pd.DataFrame([{"age": np.nan, "sex": "unknown", "localization": "unknown"}])
    strange = pd.DataFrame([{"age": np.nan, "sex": "neither", "localization": "nowhere"}])
    for word, frame in (("unknown", unknown), ("other", strange)):
        places = np.flatnonzero(classifier.encoder.transform(frame)[0])
        assert [code["sex"][word], code["site"][word]] == places.tolist()
