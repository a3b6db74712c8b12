"""The fused random affine against NumPy, SciPy and its own promises."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import ndimage

from skinlib.experiments.recipes import AUGMENTATION
from skinlib.models.augment import RandomAffine


def pictures(rng, *shape):
    return rng.integers(0, 256, shape, dtype=np.uint8)


def train(layer, images):
    return ops.convert_to_numpy(layer(images, training=True))


@pytest.fixture
def fixed(monkeypatch):
    """Replace the random draws: `fixed(numbers, coins)` for angle, zoom x y, shift x y."""

    def fix(numbers, coins=(1.0, 1.0)):
        def uniform(shape, *_, **__):
            column = {6: [*numbers, 0.0], 2: coins}[shape[0]]
            column = np.array(column, "float32")[:, None]
            return ops.convert_to_tensor(np.repeat(column, int(shape[1]), axis=1))

        monkeypatch.setattr(keras.random, "uniform", uniform)

    return fix


def test_flips_alone_give_the_four_mirror_images(rng):
    image = pictures(rng, 1, 7, 10, 3)
    layer = RandomAffine(rotation=0, shift=0, zoom=0, flip=True, seed=5)
    output = train(layer, np.repeat(image, 64, axis=0))
    mirrors = [image[0], image[0, ::-1], image[0, :, ::-1], image[0, ::-1, ::-1]]
    distance = np.array([np.abs(output - mirror).max(axis=(1, 2, 3)) for mirror in mirrors])
    assert distance.min(axis=0).max() < 1e-2
    # Two fair coins: each of the four is drawn about 16 times.
    counts = np.bincount(distance.argmin(axis=0), minlength=4)
    assert counts.min() >= 5, counts


@pytest.mark.parametrize(("share", "turns"), [(0.5, 1), (1.0, 2), (-0.5, 3)])
def test_right_angles_equal_rot90(share, turns, rng, fixed):
    fixed([share, 0, 0, 0, 0])
    images = pictures(rng, 2, 9, 9, 3)
    output = train(RandomAffine(rotation=180, seed=0), images)
    np.testing.assert_allclose(output, np.rot90(images, turns, axes=(1, 2)), atol=0.02)


def test_shift_moves_by_its_share_of_the_side(rng, fixed):
    # 0.1 of 20 columns to the right and 0.2 of 10 rows up, in whole pixels.
    fixed([0, 0, 0, -1.0, 1.0])
    images = pictures(rng, 1, 10, 20, 3)
    row = train(RandomAffine(rotation=0, shift=0.1, zoom=0, seed=0), images)[0]
    np.testing.assert_allclose(row[:9, 2:], images[0, 1:, :18], atol=0.02)
    # The edge is repeated where the picture has moved away.
    np.testing.assert_allclose(row[:9, :2], np.repeat(images[0, 1:, :1], 2, axis=1), atol=0.02)
    np.testing.assert_allclose(row[9, 2:], images[0, 9, :18], atol=0.02)


@pytest.mark.parametrize("coins", [(1.0, 1.0), (0.0, 1.0), (1.0, 0.0)], ids=str)
@pytest.mark.parametrize("numbers", [(0.13, 1.0, -1.0, 0.4, -0.7), (-0.71, -0.3, 0.8, -1, 1)])
def test_one_resampling_equals_scipy(numbers, coins, rng, fixed):
    fixed(numbers, coins)
    images = pictures(rng, 1, 24, 31, 3)
    layer = RandomAffine(seed=0)
    a0, a1, a2, b0, b1, b2, c0, c1 = ops.convert_to_numpy(layer.matrices(1, 24, 31))[0]
    assert c0 == c1 == 0
    # SciPy counts rows first.
    expected = [
        ndimage.affine_transform(
            images[0, ..., channel].astype(float),
            np.array([[b1, b0], [a1, a0]], float),
            offset=(b2, a2),
            order=1,
            mode="nearest",
        )
        for channel in range(3)
    ]
    output = train(layer, images)[0]
    np.testing.assert_allclose(output, np.stack(expected, axis=-1), atol=0.05)
    # The case is a real one: much of the result comes from beyond the edges.
    rows, columns = np.mgrid[:24, :31]
    x, y = a0 * columns + a1 * rows + a2, b0 * columns + b1 * rows + b2
    outside = (x < 0) | (x > 30) | (y < 0) | (y > 23)
    assert 0.02 < outside.mean() < 0.6


def test_draws_stay_in_the_ranges_of_the_paper():
    height, width = 40, 60
    matrices = RandomAffine(**AUGMENTATION, seed=2).matrices(2000, height, width)
    a0, a1, a2, b0, b1, b2, _, _ = ops.convert_to_numpy(matrices).T
    for scale in (np.hypot(a0, b0), np.hypot(a1, b1)):
        assert 0.9 - 1e-5 <= scale.min() < 0.902
        assert 1.098 < scale.max() <= 1.1 + 1e-5
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    move_x = a0 * centre_x + a1 * centre_y + a2 - centre_x
    move_y = b0 * centre_x + b1 * centre_y + b2 - centre_y
    for move, most in ((move_x, 6.0), (move_y, 4.0)):
        assert 0.98 * most < np.abs(move).max() <= most + 1e-4
        assert abs(move.mean()) < 0.1 * most
    # All angles, and a mirror image (negative determinant) every other time.
    angles = np.degrees(np.arctan2(b0, a0))
    assert np.histogram(angles, 12, (-180, 180))[0].min() > 100
    assert 0.45 < (a0 * b1 - a1 * b0 < 0).mean() < 0.55


def test_same_seed_same_pictures(rng):
    images = pictures(rng, 4, 12, 12, 3)
    one, same, other = (RandomAffine(seed=seed) for seed in (7, 7, 8))
    first, second = train(one, images), train(one, images)
    np.testing.assert_array_equal(train(same, images), first)
    np.testing.assert_array_equal(train(same, images), second)
    assert np.abs(first - second).max() > 1
    assert np.abs(train(other, images) - first).max() > 1
