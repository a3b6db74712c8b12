"""A training that starts from another run takes over what fits, and refuses what could cheat."""

import numpy as np
import pytest
import tiny

from skinlib.common.errors import DataError
from skinlib.experiments.records import starting_weights
from skinlib.models.backbones import get_backbone
from skinlib.models.classifier import build_classifier
from skinlib.models.weights import load_classifier

START = "run:clean/Tiny-clean-32px-s0"


@pytest.fixture
def start(trained):
    return starting_weights(get_backbone("Tiny"), START)


@pytest.mark.parametrize("size", [32, 64])
def test_a_network_has_the_weights_of_the_run_but_for_a_last_layer_of_another_shape(
    size, start, trained
):
    model = build_classifier("Tiny", tiny.recipe(), size=size, weights=start)
    source = build_classifier("Tiny", tiny.recipe(), size=32)
    load_classifier(source, trained.weights_path)
    last = ["probabilities"] if size == 64 else []
    for here, there in zip(model.layers, source.layers, strict=True):
        same = map(np.array_equal, here.get_weights(), there.get_weights())
        assert all(same) != (here.name in last), here.name


def test_the_record_says_where_it_started(trained, dataset):
    options = {"size": 64, "weights": START}
    run = tiny.train(dataset, "warm", tiny.recipe(epochs=1), **options)
    assert run.record["weights"] == {
        "source": "run",
        "run": "clean/Tiny-clean-32px-s0",
        "sha256": trained.record["weights_sha256"],
        "input_size": 32,
        "before": {"source": "none"},
    }
    with pytest.raises(DataError, match="were trained on the split"):
        tiny.train(dataset, "warm", tiny.recipe(), seed=1, **options)


def test_another_structure_is_refused(start):
    with pytest.raises(DataError, match="other layers"):
        build_classifier("Tiny", tiny.recipe(metadata=False), size=32, weights=start)


@pytest.mark.parametrize(
    ("backbone", "text", "message"),
    [
        ("Tiny", "run:clean", "expected run:<study>/<run>"),
        ("Tiny", "run:clean/nobody", "no such run"),
        ("Tiny", "run:clean/../../clean", "no such run|plain"),
        ("MobileNetV2", START, "are of Tiny, expected MobileNetV2"),
    ],
)
def test_a_run_that_cannot_be_used_is_named(trained, backbone, text, message):
    with pytest.raises(DataError, match=message):
        starting_weights(get_backbone(backbone), text)


def test_a_run_without_weights_says_how_to_get_them(trained, results):
    trained.weights_path.rename(results / "aside")
    try:
        with pytest.raises(DataError, match="train it first, as it was begun"):
            starting_weights(get_backbone("Tiny"), START)
    finally:
        (results / "aside").rename(trained.weights_path)
