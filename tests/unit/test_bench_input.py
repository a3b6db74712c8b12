"""The authors' way is that of old Keras; the bench on input delivers what it says."""

import numpy as np
import pytest
from PIL import Image

from skinlib.bench import input as feeding
from skinlib.bench import legacy
from skinlib.experiments.recipes import AUGMENTATION


@pytest.mark.parametrize("seed", range(3))
def test_the_warp_is_that_of_the_image_data_generator(seed):
    old = pytest.importorskip("keras.src.legacy.preprocessing.image")
    rng = np.random.default_rng(seed)
    pixels = rng.uniform(0, 255, (24, 24, 3)).astype(np.float32)
    angle, (down, right) = rng.uniform(-180, 180), rng.uniform(-3, 3, 2)
    zooms = rng.uniform(0.9, 1.1, 2)
    expected = old.apply_affine_transform(
        pixels, theta=-angle, tx=right, ty=down, zx=zooms[1], zy=zooms[0],
        row_axis=0, col_axis=1, channel_axis=2, fill_mode="nearest", order=1,
    )  # fmt: skip
    found = legacy.warp(pixels, angle, down, right, *zooms)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert found.dtype == np.float32


def test_a_picture_is_loaded_as_old_keras_does_it(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (45, 60, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    old = pytest.importorskip("keras.src.utils.image_utils")
    image = old.load_img(tmp_path / "a.png", target_size=(32, 32), interpolation="nearest")
    np.testing.assert_array_equal(legacy.load(tmp_path / "a.png", 32), old.img_to_array(image))


def test_a_batch_is_scaled_and_augmented_on_request():
    pictures = np.full((2, 8, 8, 3), 255, np.float32)
    pictures[1] = 0
    plain = legacy.batch(pictures, np.random.default_rng(0), None)
    np.testing.assert_allclose(plain[:, 0, 0, 0], [1, -1])
    # Edges are repeated: no warp brings in a colour that was not there.
    moved = legacy.batch(pictures, np.random.default_rng(0), AUGMENTATION)
    np.testing.assert_allclose(moved, plain, atol=1e-5)
    assert moved.dtype == np.float32


def test_flips_happen_about_half_of_the_time():
    ramp = np.arange(8, dtype=np.float32)[None, :, None].repeat(8, 0).repeat(3, 2)
    options = {"rotation": 0, "shift": 0, "zoom": 0, "flip": True}
    rng = np.random.default_rng(0)
    mirrored = [legacy.augment(ramp, rng, **options)[0, 0, 0] == 7 for _ in range(200)]
    assert 70 < sum(mirrored) < 130


def test_the_graph_averages_and_augments_although_it_predicts():
    rng = np.random.default_rng(0)
    batch = rng.integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
    batch[:, :8] = 0
    expected = (batch / 127.5 - 1).mean((1, 2))
    plain = feeding.consumer(16)
    np.testing.assert_allclose(plain.predict_on_batch(batch), expected, atol=1e-5)
    floats = feeding.consumer(16, dtype="float32")
    scaled = (batch / 127.5 - 1).astype(np.float32)
    np.testing.assert_allclose(floats.predict_on_batch(scaled), expected, atol=1e-5)
    moved = feeding.consumer(16, augmentation=AUGMENTATION)
    first, second = (moved.predict_on_batch(batch) for _ in range(2))
    assert np.abs(first - second).max() > 0.01


def test_a_quick_run_keeps_the_contract():
    found = feeding.measure(quick=True, progress=False)
    assert set(found["cases"]) == set(feeding.LABELS)
    assert found["cases"][feeding.THEIRS]["times_theirs"]["max"] == 1.0
    assert found["cases"]["decode"]["times_theirs"]["max"] == 1.0
    for name, case in found["cases"].items():
        rate = case["images_per_second"]
        assert 0 < rate["min"] <= rate["median"] <= rate["max"], name
        assert rate["count"] == found["rounds"]
