"""Weights files: what fits is loaded whole, what is odd is refused with its own reason."""

import contextlib
import shutil

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format
from networks import BACKBONE, SIZE, liven

from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import sha256
from skinlib.experiments.recipes import get_recipe
from skinlib.models import starting, weights
from skinlib.models.backbones import BACKBONES, canonical_names, get_backbone
from skinlib.models.classifier import build_classifier


@pytest.fixture(scope="module")
def stock():
    """The network of keras.applications without its top, every weight moved."""
    constructor = getattr(keras.applications, BACKBONE)
    return liven(constructor(weights=None, include_top=False, input_shape=(SIZE, SIZE, 3)), seed=5)


@pytest.fixture(scope="module")
def stock_file(stock, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "stock.weights.h5"
    stock.save_weights(path)
    return path


@pytest.fixture
def small_file(tmp_path):
    """A file of two datasets, laid out like those of Keras."""
    path = tmp_path / "small.weights.h5"
    with h5py.File(path, "w") as file:
        for name in ("kernel", "bias"):
            file[f"layers/dense/vars/{name}"] = np.ones((40, 50), "float32")
    return path


def assert_same_backbone(model, stock):
    """Every weight of the network up to the tap equals the stock one."""
    theirs, compared = canonical_names(stock.layers), 0
    for name, layer in canonical_names(model.layers).items():
        if layer.weights and name not in ("soft_attention", "metadata_dense", "probabilities"):
            for pair in zip(layer.get_weights(), theirs[name].get_weights(), strict=True):
                np.testing.assert_array_equal(*pair)
                compared += 1
    assert compared > 150


@pytest.mark.parametrize("recipe", ["md-as-logged", "ad-as-described"])
def test_stock_weights_reach_the_classifier(recipe, stock, stock_file):
    # The fixture has shifted Keras' layer counters, as any earlier model does.
    recipe = get_recipe(recipe)
    plain = build_classifier(BACKBONE, recipe, size=SIZE)
    loaded = build_classifier(BACKBONE, recipe, size=SIZE, weights=stock_file)
    assert_same_backbone(loaded, stock)
    with pytest.raises(AssertionError):
        assert_same_backbone(plain, stock)
    # The head does not depend on where the backbone's weights came from.
    for name in ("soft_attention", "probabilities"):
        pair = (model.get_layer(name).get_weights() for model in (plain, loaded))
        for one, other in zip(*pair, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["weights_mobilenet_no_top_v2.h5", "renamed.weights.h5"])
def test_the_format_that_keras_publishes_in(name, stock, tmp_path):
    """By its content, whatever its ending says."""
    with h5py.File(tmp_path / name, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, stock)
    loaded = build_classifier(BACKBONE, get_recipe("clean"), size=SIZE, weights=tmp_path / name)
    assert_same_backbone(loaded, stock)


def test_imagenet_goes_through_keras_applications(stock, tmp_path, monkeypatch):
    from keras.src.utils import file_utils

    asked = []

    def get_file(name, origin, **_):
        asked.append(origin)
        with h5py.File(tmp_path / "download.h5", "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, stock)
        return str(tmp_path / "download.h5")

    monkeypatch.setattr(file_utils, "get_file", get_file)
    model = build_classifier(BACKBONE, get_recipe("clean"), size=224, weights="imagenet")
    (origin,) = asked
    assert "small" in origin
    assert origin.endswith("no_top_v2.h5")
    assert_same_backbone(model, stock)


def test_classifier_weights_survive_a_file(described, tmp_path):
    path = tmp_path / "best.weights.h5"
    described.save_weights(path)
    twin = build_classifier(BACKBONE, get_recipe("md-as-described"), size=SIZE, seed=9)
    weights.load_classifier(twin, path, sha256(path))
    for one, other in zip(twin.get_weights(), described.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(IntegrityError, match="SHA-256"):
        weights.load_classifier(twin, path, "0" * 64)
    other = build_classifier(BACKBONE, get_recipe("md-as-logged"), size=SIZE)
    with pytest.raises(IntegrityError, match="does not fit this MobileNetV3Small classifier"):
        weights.load_classifier(other, path)


def test_vgg16_takes_no_weights(stock_file):
    for given in (stock_file, "imagenet"):
        with pytest.raises(DataError, match="VGG16 is trained from scratch"):
            build_classifier("VGG16", get_recipe("clean"), size=32, weights=given)


@pytest.mark.filterwarnings("error:Skipping nested container")
@pytest.mark.parametrize("change", ["reshape", "remove", "remove layer", "empty"])
def test_file_of_another_network_is_refused(change, stock_file, tmp_path):
    path = tmp_path / "other.weights.h5"
    shutil.copy(stock_file, path)
    with h5py.File(path, "r+") as file:
        found = []
        file.visititems(lambda name, item: found.append(name) if hasattr(item, "shape") else None)
        name = next(name for name in found if file[name].ndim == 4)
        del file[
            {"remove layer": file[name].parent.parent.name, "empty": "layers"}.get(change, name)
        ]
        if change == "reshape":
            file[name] = np.zeros((3, 3, 3, 17), "float32")
    weights.check_file(path)
    fault = "incompatible|shape" if change == "reshape" else "expected . variables"
    with pytest.raises(DataError, match=f"not fit MobileNetV3Small without its top.*({fault})"):
        build_classifier(BACKBONE, get_recipe("clean"), size=SIZE, weights=path)


# Files that are refused before anything is loaded; the faults F29 and F30 have more of them.


def test_good_file_gives_its_hash(small_file):
    assert weights.check_file(small_file) == sha256(small_file)
    assert weights.check_file(small_file, sha256(small_file)) == sha256(small_file)
    with pytest.raises(IntegrityError, match="expected 00"):
        weights.check_file(small_file, "0" * 64)
    with pytest.raises(DataError, match="does not exist"):
        weights.check_file(small_file.with_name("absent.weights.h5"))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.999])
def test_truncated(share, small_file):
    whole = small_file.read_bytes()
    small_file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(IntegrityError, match="not a whole HDF5 file"):
        weights.check_file(small_file)


def test_damaged_anywhere_is_an_error_of_ours(small_file, rng):
    whole = small_file.read_bytes()
    with h5py.File(small_file) as file:
        data = file["layers/dense/vars/kernel"].id.get_offset()
    # Structure lies before and between the data; a flipped number among the data is only
    # noticed by its hash.
    for place in rng.choice([*range(data), *range(len(whole) - 2000, len(whole))], 300):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(rng.integers(8))
        small_file.write_bytes(damaged)
        with contextlib.suppress(IntegrityError):
            weights.check_file(small_file)
        with pytest.raises(IntegrityError):
            weights.check_file(small_file, "1" * 64)


# Where starting weights come from.


def test_resolve(tmp_path, monkeypatch):
    row = get_backbone("MobileNetV2")
    monkeypatch.delenv("SKINLIB_WEIGHTS", raising=False)
    for nothing in (None, "", "none"):
        assert starting.resolve(row, nothing) is None
    assert starting.resolve(get_backbone("VGG16"), "imagenet") is None
    assert starting.resolve(row, str(tmp_path / "my.weights.h5")) == tmp_path / "my.weights.h5"
    assert starting.resolve(row, "imagenet") == "imagenet"
    monkeypatch.setenv("SKINLIB_WEIGHTS", str(tmp_path))
    assert starting.resolve(row, "imagenet") == "imagenet"


PUBLISHED = {
    "DenseNet201": "densenet201_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "InceptionResNetV2": "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "ResNet50": "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "ResNet152": "resnet152_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "NASNetLarge": "NASNet-large-no-top.h5",
    "NASNetMobile": "nasnet_mobile_no_top.h5",
    "MobileNet": "mobilenet_1_0_224_tf_no_top.h5",
    "MobileNetV2": "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_96_no_top.h5",
    "MobileNetV3Small": "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
    "MobileNetV3Large": "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
}


OURS = {
    "MobileNetV2": "mobilenet_v2_imagenet_notop.weights.h5",
    "MobileNet": "mobilenet_imagenet_notop.weights.h5",
    "MobileNetV3Small": "mobilenet_v3_small_imagenet_notop.weights.h5",
    "NASNetMobile": "nasnet_mobile_imagenet_notop.weights.h5",
}


@pytest.mark.parametrize("names", [PUBLISHED, OURS], ids=["published", "ours"])
def test_files_are_found_by_their_names(names, tmp_path, monkeypatch):
    """Each for its own network; those with a top, or narrower, for none."""
    monkeypatch.setenv("SKINLIB_WEIGHTS", str(tmp_path))
    others = ("mobilenet_2_5_224_tf_no_top.h5", "mobilenet_1_0_224_tf.h5", "NASNet-large.h5",
              "weights_mobilenet_v3_small_minimalistic_224_1.0_float_no_top_v2.h5")  # fmt: skip
    for name in (*names.values(), *others):
        (tmp_path / name).touch()
    for name, row in BACKBONES.items():
        expected = tmp_path / names[name] if name in names else "imagenet"
        assert starting.resolve(row, "imagenet") == (expected if row.pretrained else None)
    (tmp_path / "mobilenet_1_0_96_tf_no_top.h5").touch()
    with pytest.raises(DataError, match="several files for MobileNet: .*_96_.*; keep one"):
        starting.resolve(get_backbone("MobileNet"), "imagenet")
    assert starting.resolve(get_backbone("MobileNet"), "none") is None


def test_provenance(small_file):
    row = get_backbone("MobileNetV2")
    assert starting.provenance(row, None) == {"source": "none"}
    assert starting.provenance(row, "imagenet")["source"] == "imagenet"
    found = starting.provenance(row, small_file)
    assert found == {"source": "file", "file": small_file.name, "sha256": sha256(small_file)}
    small_file.write_bytes(b"no")
    with pytest.raises(IntegrityError):
        starting.provenance(row, small_file)
