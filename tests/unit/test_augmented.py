"""Augmented training sets against Pillow, colorsys and counts of their draws."""

import colorsys
import dataclasses

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from skinlib.data.augmented import AugmentedPart, colours, crop
from skinlib.data.batches import Part
from skinlib.data.metadata import BLOCKS
from skinlib.experiments.recipes import CROPS


@pytest.fixture
def picture(rng):
    """Colours away from 0 and 255, which no change below clips."""
    return rng.integers(90, 160, (12, 16, 3), dtype=np.uint8)


class Fixed:
    """Draws told in advance, in the order of `crop`."""

    def __init__(self, *uniform, place=(), turn=0):
        self.numbers, self.places, self.turn = list(uniform), list(place), turn

    def uniform(self, low, high, size=None):
        if size:
            return np.full(size, self.numbers.pop(0))
        return low + (high - low) * self.numbers.pop(0)

    def random(self):
        return self.places.pop(0)

    def integers(self, _):
        return self.turn


def test_a_crop_is_what_pillow_cuts_out(picture):
    """A quarter of the area, as wide as high, begun at half of the way to the right and at 0."""
    found = crop(picture, 5, Fixed(0.0, 0.5, 0.0, place=(0.5, 0.0)), scale=0.25, ratio=4 / 3)
    side = np.sqrt(12 * 16 / 4)
    left = (16 - side) / 2
    wanted = Image.fromarray(picture).resize(
        (5, 5), Image.Resampling.BILINEAR, (left, 0, left + side, side)
    )
    np.testing.assert_array_equal(found, np.asarray(wanted))


def test_crops_stay_inside_and_reach_every_edge(rng):
    """Of a picture whose red is the column and whose green is the row."""
    rows, columns = np.mgrid[:120, :160].astype(np.uint8)
    places = np.stack([columns, rows, 0 * rows], axis=-1)
    found = [crop(places, 8, rng, scale=0.4, ratio=4 / 3) for _ in range(600)]
    ends = np.array([[each[..., k].min(), each[..., k].max()] for each in found for k in (0, 1)])
    ends = ends.reshape(-1, 2, 2).astype(float)
    assert (ends[..., 0].min(axis=0) < (12, 9)).all()
    assert (ends[..., 1].max(axis=0) > (148, 111)).all()
    # From the first to the last of 8 cells are 7/8 of a side.
    across, down = ((ends[..., 1] - ends[..., 0]) * 8 / 7).T
    assert 0.36 < (across * down / (120 * 160)).min() < 0.46
    assert (across * down / (120 * 160)).max() > 0.9
    assert 0.7 < (across / down).min() < 0.8
    assert 1.28 < (across / down).max() < 1.4


def test_turns_are_the_eight_of_the_square(picture):
    square = picture[:12, :12]
    found = {
        crop(square, 12, Fixed(0.0, 0.5, 0.0, place=(0, 0), turn=turn), turns=True).tobytes()
        for turn in range(8)
    }
    image = Image.fromarray(square)
    turned = [image, *(image.transpose(each) for each in Image.Transpose)]
    assert found == {np.asarray(each).tobytes() for each in turned}


@pytest.mark.parametrize("factor", [0.8, 1.2])
@pytest.mark.parametrize("kind", ["Brightness", "Contrast", "Color"])
def test_colours_are_those_of_pillow(kind, factor, picture):
    name = {"Color": "saturation"}.get(kind, kind.lower())
    wanted = np.asarray(getattr(ImageEnhance, kind)(Image.fromarray(picture)).enhance(factor))
    # Pillow rounds the greys, and cuts off instead of rounding.
    np.testing.assert_allclose(colours(picture, **{name: factor}), wanted.astype(int), atol=1)


def test_the_hue_turns_in_yiq(picture):
    found = colours(picture, hue=25)
    for before, after in zip(picture.reshape(-1, 3), found.reshape(-1, 3), strict=True):
        (y0, i0, q0), (y1, i1, q1) = (colorsys.rgb_to_yiq(*each / 255) for each in (before, after))
        assert y1 == pytest.approx(y0, abs=0.004)
        turned = complex(i0, q0) * np.exp(1j * np.radians(25))
        assert complex(i1, q1) == pytest.approx(turned, abs=0.006)


def test_no_change_changes_nothing(picture):
    np.testing.assert_array_equal(colours(picture), picture)
    square = picture[:, :12]
    np.testing.assert_array_equal(crop(square, 12, np.random.default_rng(0)), square)


COUNT = 3000


@pytest.fixture
def part(rng):
    facts = np.zeros((COUNT, 21), np.float32)
    facts[:, [0, 2, 6]] = 0.7, 1, 1
    pixels = rng.integers(0, 256, (COUNT, 4, 4, 3), dtype=np.uint8)
    return Part(pixels, np.arange(COUNT)[::-1], facts, np.zeros(COUNT, int))


def test_facts_are_dropped_as_often_as_told(part):
    """Of a half of these all three, of the other half one, each as often as the others."""
    unknown = np.zeros(21, np.float32)
    unknown[[3, 20]] = 1
    dropping = AugmentedPart(part, None, {}, 0.4, unknown, seed=0)
    found = dropping.inputs(np.arange(COUNT))
    np.testing.assert_array_equal(found["image"], part.pixels[::-1])
    facts = found["metadata"]
    gone, kept = (
        np.stack([(facts[:, block] == there[:, block]).all(axis=1) for block in BLOCKS], axis=1)
        for there in (unknown[None], part.metadata)
    )
    assert (gone ^ kept).all()
    counts = {size: (gone.sum(axis=1) == size).mean() for size in range(4)}
    assert counts == pytest.approx({0: 0.6, 1: 0.2, 2: 0.0, 3: 0.2}, abs=0.03)
    single = gone[gone.sum(axis=1) == 1]
    np.testing.assert_allclose(single.mean(axis=0), 1 / 3, atol=0.06)
    # What the set has is not changed.
    assert part.metadata[:, 0].min() == np.float32(0.7)


def test_a_photograph_depends_on_seed_and_epoch_not_on_its_batch(part, rng):
    whole = rng.integers(0, 256, (COUNT, 9, 12, 3), dtype=np.uint8)
    first = AugmentedPart(part, whole, dict(CROPS), 0.5, np.ones(21, np.float32), seed=3)
    some = first.inputs(np.array([7, 5, 9]))
    again = first.of_epoch(0).inputs(np.array([5]))
    assert some["image"].shape == (3, 4, 4, 3)
    np.testing.assert_array_equal(some["image"][1], again["image"][0])
    np.testing.assert_array_equal(some["metadata"][1], again["metadata"][0])
    for other in (first.of_epoch(1), dataclasses.replace(first, seed=4)):
        assert (other.inputs(np.array([5]))["image"] != again["image"]).any()
    # The other order of channels, and the row of the photograph, not its position.
    swapped = dataclasses.replace(first, part=dataclasses.replace(part, channel_order="bgr"))
    np.testing.assert_array_equal(swapped.inputs(np.array([5]))["image"], again["image"][..., ::-1])
    shown = dataclasses.replace(first, options={}).inputs(np.array([5]))["image"][0]
    centre = whole[COUNT - 1 - 5].mean(axis=(0, 1))
    np.testing.assert_allclose(shown.mean(axis=(0, 1)), centre, atol=25)
