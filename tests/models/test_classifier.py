"""The whole classifier: one flat graph, whose head does what the paper's figure 2 shows."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from networks import BACKBONE, SIZE, outcome, with_maps

from skinlib.experiments.recipes import get_recipe
from skinlib.models.augment import RandomAffine
from skinlib.models.classifier import build_classifier, describe
from skinlib.models.scaling import scale


def build(recipe="md-as-described", **options):
    recipe = get_recipe(recipe) if isinstance(recipe, str) else recipe
    return build_classifier(BACKBONE, recipe, size=SIZE, **options)


@pytest.fixture(scope="module")
def augmented():
    """The ad-as-described classifier: augmentation layer, no metadata."""
    return build("ad-as-described")


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("described", {"image": (None, SIZE, SIZE, 3), "metadata": (None, 21)}),
        ("augmented", {"image": (None, SIZE, SIZE, 3)}),
    ],
)
def test_a_flat_graph_from_bytes_to_probabilities(name, shapes, request, inputs):
    model = request.getfixturevalue(name)
    assert not [layer.name for layer in model.layers if isinstance(layer, keras.Model)]
    # Every layer can be reached by name.
    assert model.get_layer("expanded_conv_10_depthwise") in model.layers
    assert {tensor.name: tensor.shape for tensor in model.inputs} == shapes
    assert model.inputs[0].dtype == "uint8"
    assert model.output_names == ["probabilities"]
    found = outcome(model, inputs)
    assert (found.shape, found.dtype) == ((5, 7), "float32")
    assert found.min() > 0
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_every_input_matters(described, inputs):
    before = outcome(described, inputs)
    changed = [{"image": inputs["image"] // 2}]
    changed += [{"metadata": inputs["metadata"] + np.eye(21)[column]} for column in (0, 1, 20)]
    for change in changed:
        assert np.abs(outcome(described, {**inputs, **change}) - before).max() > 1e-4, change


def test_head_equals_numpy(described, inputs):
    outputs = {
        name: described.get_layer(name).output for name in ("attention_relu", "metadata_dense")
    }
    model = with_maps(described, tap=described.get_layer("pool").input, **outputs)
    found = outcome(model, inputs)
    attention, dense, last = (
        [ops.convert_to_numpy(weight) for weight in described.get_layer(name).weights]
        for name in ("soft_attention", "metadata_dense", "probabilities")
    )
    tap = found["tap"]
    assert tap.shape == (5, 2, 2, 576)
    attended = attention[-1] * found["attention"].sum(axis=-1, keepdims=True) * tap
    # At 2 x 2 positions one pooling window takes them all; its order is (tap, attended).
    block = np.concatenate([tap.max(axis=(1, 2)), attended.max(axis=(1, 2))], axis=-1)
    block = np.maximum(block, 0)
    np.testing.assert_allclose(found["attention_relu"][:, 0, 0], block, rtol=1e-4, atol=1e-5)
    metadata = np.maximum(inputs["metadata"] @ dense[0] + dense[1], 0)
    np.testing.assert_allclose(found["metadata_dense"], metadata, rtol=1e-3, atol=1e-4)
    logits = np.concatenate([block, metadata], axis=1) @ last[0] + last[1]
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found["probabilities"], expected, rtol=1e-3, atol=1e-5)


def test_without_attention():
    model = build(get_recipe("clean").replace(attention="none"))
    assert not [layer.name for layer in model.layers if "attention" in layer.name and layer.weights]
    # Half as many features come out of the pooled block.
    assert model.get_layer("flatten").output.shape == (None, 576)


def test_augmentation_is_off_at_inference(augmented, inputs):
    plain = build(get_recipe("ad-as-described").replace(augmentation=None))
    plain.set_weights(augmented.get_weights())
    expected = outcome(augmented, inputs)
    np.testing.assert_array_equal(outcome(plain, inputs), expected)
    np.testing.assert_array_equal(outcome(augmented, inputs), expected)


def test_seed_gives_the_initial_weights(augmented):
    same, other = build("ad-as-described"), build("ad-as-described", seed=1)
    expected = augmented.get_weights()
    for mine, theirs in zip(same.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    changed = [np.abs(a - b).max() > 0 for a, b in zip(other.get_weights(), expected, strict=True)]
    assert 30 < sum(changed) < len(changed)  # kernels; not the zeros and ones


def test_whole_model_survives_a_file_of_ours(described, inputs, tmp_path):
    described.save(tmp_path / "ours.keras")
    twin = keras.saving.load_model(tmp_path / "ours.keras")
    np.testing.assert_array_equal(outcome(twin, inputs), outcome(described, inputs))


@pytest.mark.parametrize("scaling", ["caffe", "torch", "signed"])
def test_scalings_survive_a_file(scaling, rng, tmp_path):
    image = layers.Input((6, 6, 3), dtype="uint8")
    model = keras.Model(image, scale(RandomAffine(seed=1)(image), scaling))
    model.save(tmp_path / "scale.keras")
    twin = keras.saving.load_model(tmp_path / "scale.keras")
    pixels = rng.integers(0, 256, (1, 6, 6, 3), dtype=np.uint8)
    np.testing.assert_array_equal(*(ops.convert_to_numpy(m(pixels)) for m in (model, twin)))


def test_with_the_average_head_every_input_size_has_the_same_weights():
    recipe = get_recipe("clean").replace(head="average")
    models = [build_classifier(BACKBONE, recipe, size=size) for size in (SIZE, 96)]
    assert len({str([weight.shape for weight in model.weights]) for model in models}) == 1


@pytest.mark.usefixtures("session")
def test_vgg16_is_flat_too():
    model = build_classifier("VGG16", get_recipe("md-as-logged"), size=32)
    assert not [layer for layer in model.layers if isinstance(layer, keras.Model)]
    assert model.get_layer("block4_conv3_relu").output.shape == (None, 4, 4, 512)
    assert model.get_layer("attention_relu").output.shape == (None, 2, 2, 1024)
    inputs = {"image": np.full((2, 32, 32, 3), 90, np.uint8), "metadata": np.ones((2, 21))}
    np.testing.assert_allclose(outcome(model, inputs).sum(axis=1), 1, rtol=1e-5)


def test_describe_measures_a_build():
    found = describe(BACKBONE, get_recipe("clean"), SIZE)
    assert found == {
        "backbone": BACKBONE,
        "input_size": SIZE,
        "tap_layer": "activation_16",
        "tap_shape": [2, 2, 576],
        "parameters": build("clean").count_params(),
        "logged_parameters": 990_007,
    }


def test_momentum_of_batch_normalisation_is_the_recipes():

    def momenta(recipe):
        layers = build_classifier("MobileNetV2", recipe, size=32).layers
        return {
            layer.momentum for layer in layers if isinstance(layer, keras.layers.BatchNormalization)
        }

    clean = get_recipe("clean")
    assert momenta(clean) == {0.999}
    assert momenta(clean.replace(batch_norm_momentum=0.9)) == {0.9}
