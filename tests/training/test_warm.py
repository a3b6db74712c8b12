"""A training that goes on from another run takes over what fits, and refuses what could cheat."""

import keras
import numpy as np
import pytest
import tiny

from skinlib.common.errors import DataError
from skinlib.models import weights
from skinlib.models.backbones import get_backbone
from skinlib.models.classifier import build_classifier
from skinlib.models.weights import load_classifier
from skinlib.training import loop as training
from skinlib.training import warm

START = "run:clean/Tiny-clean-32px-s0"


@pytest.fixture
def start(trained):
    return weights.resolve(get_backbone("Tiny"), START)


def test_a_larger_network_has_the_weights_of_the_run_but_for_its_last_layer(start, trained):
    larger = build_classifier("Tiny", tiny.recipe(), size=64, weights=start)
    source = build_classifier("Tiny", tiny.recipe(), size=32)
    load_classifier(source, trained.folder / "best.weights.h5")
    same = []
    for here, there in zip(larger.layers, source.layers, strict=True):
        pairs = list(zip(here.get_weights(), there.get_weights(), strict=True))
        if here.name == warm.LAST:
            assert pairs[0][0].shape != pairs[0][1].shape
            continue
        same += [np.array_equal(ours, theirs) for ours, theirs in pairs]
    assert len(same) > 5
    assert all(same)


def test_at_the_same_size_it_answers_as_the_run_did(start, trained, dataset):
    model = build_classifier("Tiny", tiny.recipe(), size=32, weights=start)
    plain = build_classifier("Tiny", tiny.recipe(), size=32)
    load_classifier(plain, trained.folder / "best.weights.h5")
    inputs = {
        "image": np.arange(32 * 32 * 3, dtype=np.uint8).reshape(1, 32, 32, 3),
        "metadata": np.ones((1, 21), np.float32),
    }
    ours, theirs = model.predict_on_batch(inputs), plain.predict_on_batch(inputs)
    np.testing.assert_array_equal(ours, theirs)
    keras.utils.clear_session()


def test_the_record_says_where_it_started(trained, dataset):
    run = training.train(
        tiny.recipe(epochs=1),
        "Tiny",
        data=dataset,
        study="warm",
        size=64,
        weights=START,
        progress=False,
    )
    told = run.record["weights"]
    assert told["source"] == "run"
    assert told["run"] == "clean/Tiny-clean-32px-s0"
    assert told["sha256"] == trained.record["weights_sha256"]
    assert told["input_size"] == 32
    assert told["before"] == {"source": "none"}


def test_another_split_is_refused(trained, dataset):
    with pytest.raises(DataError, match="were trained on the split"):
        training.train(
            tiny.recipe(), "Tiny", data=dataset, study="warm", seed=1, weights=START, progress=False
        )


def test_another_structure_is_refused(start):
    with pytest.raises(DataError, match="other layers"):
        build_classifier("Tiny", tiny.recipe(metadata=False), size=32, weights=start)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run:clean", "expected run:<study>/<run>"),
        ("run:clean/nobody", "no such run"),
        ("run:clean/../../clean", "no such run|plain"),
    ],
)
def test_a_run_that_is_not_there_is_named(trained, text, message):
    with pytest.raises(DataError, match=message):
        weights.resolve(get_backbone("Tiny"), text)


def test_another_backbone_is_refused(trained):
    with pytest.raises(DataError, match=r"are of Tiny, expected MobileNetV2"):
        weights.resolve(get_backbone("MobileNetV2"), START)


def test_a_run_without_weights_says_how_to_get_them(trained, results):
    (trained.folder / "best.weights.h5").rename(results / "aside")
    try:
        with pytest.raises(DataError, match="python -m skinlib run clean Tiny-clean-32px-s0"):
            weights.resolve(get_backbone("Tiny"), START)
    finally:
        (results / "aside").rename(trained.folder / "best.weights.h5")
