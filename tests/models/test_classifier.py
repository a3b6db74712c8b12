"""The whole classifier: one flat graph, whose head does what the paper's figure 2 shows."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from skinlib.experiments.recipes import get_recipe
from skinlib.models.augment import RandomAffine
from skinlib.models.classifier import build_classifier, describe, fresh_session
from skinlib.models.scaling import scale

BACKBONE, SIZE = "MobileNetV3Small", 64


def build(recipe="md-as-described", **options):
    recipe = get_recipe(recipe) if isinstance(recipe, str) else recipe
    return build_classifier(BACKBONE, recipe, size=SIZE, **options)


def outcome(model, inputs):
    wanted = {name: inputs[name] for name in (tensor.name for tensor in model.inputs)}
    return keras.tree.map_structure(ops.convert_to_numpy, model(wanted))


@pytest.fixture(scope="module")
def augmented():
    """The ad-as-described classifier: augmentation layer, no metadata."""
    return build("ad-as-described")


@pytest.fixture(scope="module")
def logged():
    return build("md-as-logged")


@pytest.mark.parametrize("name", ["with_maps", "augmented", "logged"])
def test_graph_is_flat(name, request):
    model = request.getfixturevalue(name)
    assert not [layer.name for layer in model.layers if isinstance(layer, keras.Model)]
    assert len(model.layers) > 100
    # Every layer can be reached by name.
    assert model.get_layer("expanded_conv_10_depthwise") in model.layers


def test_inputs_and_outputs_have_our_names(with_maps, augmented, logged):
    assert [tensor.name for tensor in logged.inputs] == ["image", "metadata"]
    assert logged.output_names == ["probabilities"]
    assert set(with_maps.output) == {"probabilities", "attention"}
    assert [tensor.name for tensor in augmented.inputs] == ["image"]
    assert logged.inputs[0].dtype == "uint8"
    assert logged.inputs[0].shape == (None, SIZE, SIZE, 3)
    assert logged.inputs[1].shape == (None, 21)


@pytest.mark.parametrize("name", ["augmented", "logged"])
def test_bytes_in_probabilities_out(name, request, inputs):
    found = outcome(request.getfixturevalue(name), inputs)
    assert found.shape == (5, 7)
    assert found.dtype == "float32"
    assert found.min() > 0
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_every_input_matters(with_maps, inputs):
    before = outcome(with_maps, inputs)["probabilities"]
    assert np.ptp(before, axis=0).max() > 0.05
    darker = {**inputs, "image": inputs["image"] // 2}
    assert np.abs(outcome(with_maps, darker)["probabilities"] - before).max() > 1e-3
    for column in (0, 1, 20):
        metadata = inputs["metadata"].copy()
        metadata[:, column] += 1
        after = outcome(with_maps, {**inputs, "metadata": metadata})["probabilities"]
        assert np.abs(after - before).max() > 1e-4, column


def test_head_equals_numpy(with_maps, inputs):
    names = ("pool", "attention_relu", "metadata_dense")
    outputs = {name: with_maps.get_layer(name).output for name in names}
    outputs |= {"tap": with_maps.get_layer("pool").input, **with_maps.output}
    found = outcome(keras.Model(with_maps.inputs, outputs), inputs)
    attention, dense, last = (
        [ops.convert_to_numpy(weight) for weight in with_maps.get_layer(name).weights]
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
    recipe = get_recipe("clean").replace(attention="none")
    model = build(recipe)
    assert not [layer.name for layer in model.layers if "attention_concat" in layer.name]
    assert not [layer.name for layer in model.layers if layer.name == "soft_attention"]
    # Half as many features come out of the pooled block.
    assert model.get_layer("flatten").output.shape == (None, 576)
    with pytest.raises(ValueError, match="no maps"):
        build(recipe, maps=True)


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


def test_whole_model_survives_a_file_of_ours(with_maps, inputs, tmp_path):
    expected = outcome(with_maps, inputs)
    with_maps.save(tmp_path / "ours.keras")
    twin = keras.saving.load_model(tmp_path / "ours.keras")
    for name, values in outcome(twin, inputs).items():
        np.testing.assert_array_equal(values, expected[name])


@pytest.mark.parametrize("scaling", ["caffe", "torch", "signed"])
def test_scalings_survive_a_file(scaling, rng, tmp_path):
    image = layers.Input((6, 6, 3), dtype="uint8")
    model = keras.Model(image, scale(RandomAffine(seed=1)(image), scaling))
    model.save(tmp_path / "scale.keras")
    twin = keras.saving.load_model(tmp_path / "scale.keras")
    pixels = rng.integers(0, 256, (1, 6, 6, 3), dtype=np.uint8)
    np.testing.assert_array_equal(*(ops.convert_to_numpy(m(pixels)) for m in (model, twin)))


@pytest.mark.parametrize("recipe", ["md-as-logged", "ad-as-described"])
def test_vgg16_is_flat_too(recipe):
    with fresh_session():
        model = build_classifier("VGG16", get_recipe(recipe), size=32, maps=True)
        assert not [layer for layer in model.layers if isinstance(layer, keras.Model)]
        assert model.get_layer("block4_conv3_relu").output.shape == (None, 4, 4, 512)
        assert model.get_layer("attention_relu").output.shape == (None, 2, 2, 1024)
        inputs = {"image": np.full((2, 32, 32, 3), 90, np.uint8)}
        if recipe == "md-as-logged":
            inputs["metadata"] = np.ones((2, 21), "float32")
        found = outcome(model, inputs)
        assert found["attention"].shape == (2, 4, 4, 16)
        np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, rtol=1e-5)


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
