"""The released model answers elsewhere as it does in Keras; on 193 photographs where they are."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.data.synthetic import photograph
from skinlib.predict import released
from skinlib.predict.export import FORMATS, export
from skinlib.predict.export.graph import servable
from skinlib.predict.model import OnnxClassifier
from skinlib.predict.predictions import lay_over
from skinlib.predict.requests import table

REAL = paths.ROOT.parent / "shared" / "ham10000" / "validation"
FACTS = {"age": 50.0, "sex": "female", "localization": "back"}
ALLOWED = 1e-5


@pytest.fixture(scope="module")
def classifier():
    if not released.folders():
        pytest.skip("no model is released")
    return released.load(released.newest())


@pytest.fixture(scope="module")
def files(classifier, tmp_path_factory):
    """Return the callables of the files in fp32, and ONNX in fp16, by suffix and precision."""
    from skinlib.predict.export.running import opened

    pytest.importorskip("tf2onnx")
    found = {}
    for format, precision in (("onnx", "fp32"), ("litert", "fp32"), ("onnx", "fp16")):
        path = tmp_path_factory.mktemp("files") / f"model{FORMATS[format][1]}"
        export(classifier, format, path, precision)
        # Bytes; else it could not be committed beside the model.
        assert precision == "fp32" or path.stat().st_size < 3_000_000
        found[format, precision] = opened(path, threads=1)
    return found


def test_files_give_what_keras_gives(classifier, files):
    """For drawn lesions and noise, and the photographs of the validation folder where it is."""
    size = classifier.record["input_size"]
    photographs = [Image.fromarray(photograph(dx, 1, 0, 0, 160, 120)) for dx in CLASSES]
    pictures = [classifier.square(each, size) for each in photographs]
    pictures += [np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)]
    pictures = np.stack([*pictures, *(classifier.prepare(path) for path in REAL.glob("*.jpg"))])
    facts = pd.DataFrame([FACTS] * len(pictures))
    inputs = {"image": pictures, "metadata": classifier.encoder.transform(facts)}
    expected = servable(classifier).predict_on_batch(inputs)
    answers = np.argmax(expected["probabilities"], axis=1)
    for name, run in files.items():
        found = run(inputs)
        for output in ("probabilities", "attention"):
            change = np.abs(found[output] - np.asarray(expected[output])).max()
            assert change <= ALLOWED, (name, output)
        np.testing.assert_array_equal(found["probabilities"].argmax(axis=1), answers)
        if name[1] == "fp32":
            np.testing.assert_allclose(found["distance"], expected["distance"], rtol=5e-3)


def test_predict_answers_alike_with_onnx_runtime(classifier):
    """The graph in the model's folder: eight views, temperature, statuses, distance, overlay."""
    other = released.load(released.newest(), onnx=True)
    assert isinstance(other, OnnxClassifier)
    size = classifier.record["input_size"]
    photographs = [photograph(dx, k, 0, 0, 400, 300) for dx in CLASSES for k in range(3)]
    photographs += [photographs[0][::-1], np.full((300, 400, 3), 128, np.uint8)]
    pictures = np.stack([classifier.square(Image.fromarray(each), size) for each in photographs])
    facts = table([(50.0, "female", "back"), (None, "unknown", "unknown"), (80.0, "male", "face")])
    facts = pd.concat([facts] * 8, ignore_index=True)[: len(pictures)]
    for views in (None, "one"):
        expected = classifier.classify(pictures, facts, views=views)
        found = other.classify(pictures, facts, views=views)
        np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-3)
        np.testing.assert_array_equal(found.status, expected.status)
        np.testing.assert_allclose(found.distances, expected.distances, rtol=5e-3)
        np.testing.assert_allclose(found.maps, expected.maps, atol=ALLOWED)
    assert len(set(expected.status)) == 3
    overlays = [lay_over(pictures[0], each.maps[0]) for each in (found, expected)]
    np.testing.assert_allclose(*map(np.asarray, overlays), atol=2)
