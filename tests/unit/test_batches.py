"""Batches: the right image with the right label, in an order that survives a crash."""

import numpy as np
import pytest

from skinlib.data.batches import Part, batches, epoch_order


@pytest.fixture
def part():
    """Image i is filled with i, its metadata begins with i and its label is i modulo 7.

    The part is every other image of the cache, in no order.
    """
    pixels = (
        np.zeros((100, 2, 2, 3), np.uint8) + np.arange(100, dtype=np.uint8)[:, None, None, None]
    )
    rows = 2 * np.random.default_rng(1).permutation(50)
    return Part(pixels, rows, np.repeat(rows[:, None], 21, axis=1).astype(np.float32), rows % 7)


def test_epoch_order_is_a_permutation_of_seed_and_epoch_alone():
    orders = {(seed, epoch): epoch_order(40, seed, epoch) for seed in (0, 1) for epoch in (0, 1)}
    for order in orders.values():
        assert sorted(order) == list(range(40))
    assert len({tuple(order) for order in orders.values()}) == 4
    np.random.default_rng(5).random(3)
    assert (epoch_order(40, 1, 1) == orders[1, 1]).all()


@pytest.mark.parametrize("shuffled", [False, True])
def test_image_metadata_and_label_stay_together(part, shuffled):
    """And nothing is lost: the last batch is smaller."""
    order = epoch_order(len(part), 3, 0) if shuffled else None
    found = list(batches(part, 16, order))
    assert [len(labels) for _, labels in found] == [16, 16, 16, 2]
    image = np.concatenate([inputs["image"] for inputs, _ in found])
    metadata = np.concatenate([inputs["metadata"] for inputs, _ in found])
    one_hot = np.concatenate([labels for _, labels in found])
    expected = part.rows if order is None else part.rows[order]
    assert (image == expected[:, None, None, None]).all()
    assert (metadata == expected[:, None]).all()
    assert (one_hot == np.array([[label == c for c in range(7)] for label in expected % 7])).all()
    assert (image.dtype, metadata.dtype, one_hot.dtype) == (np.uint8, np.float32, np.float32)


def test_bgr_turns_the_channels_round_and_leaves_the_cache_alone(part):
    part.pixels[..., 0], part.pixels[..., 2] = 200, 30
    turned = Part(part.pixels, part.rows, None, part.labels, "bgr")
    image = turned.inputs(np.array([0]))["image"]
    assert image[0, 0, 0].tolist() == [30, part.rows[0], 200]
    assert part.pixels[0, 0, 0].tolist() == [200, 0, 30]
