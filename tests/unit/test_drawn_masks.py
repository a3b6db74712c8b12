"""Masks of drawn lesions lie where the lesion is painted."""

import numpy as np
import pytest

from skinlib.common.classes import CLASSES
from skinlib.data import synthetic

SIZE = 96


def both(dx, lesion, number=0, size=SIZE):
    arguments = (dx, lesion, number, 0, size, size)
    return synthetic.photograph(*arguments).astype(float), synthetic.mask(*arguments)


@pytest.mark.parametrize("dx", CLASSES)
def test_a_lesion_has_another_colour_than_the_skin_around_it(dx):
    picture, mask = both(dx, 7)
    assert mask.shape == (SIZE, SIZE)
    assert mask.dtype == bool
    assert 0.02 < mask.mean() < 0.8
    # The median is not moved by hairs, bubbles and the edge of the instrument.
    inside, outside = (np.median(picture[each], axis=0) for each in (mask, ~mask))
    assert np.abs(inside - outside).max() > 10


def test_a_mask_is_one_piece_without_holes():
    from scipy import ndimage

    _, mask = both("vasc", 12)
    assert ndimage.label(mask)[1] == 1
    np.testing.assert_array_equal(ndimage.binary_fill_holes(mask), mask)


def test_photographs_of_one_lesion_show_it_from_other_sides():
    masks = [both("mel", 3, number)[1] for number in (0, 1)]
    assert (masks[0] != masks[1]).any()
    areas = [mask.mean() for mask in masks]
    assert max(areas) < 2 * min(areas)


def test_a_mask_does_not_depend_on_the_size_of_the_picture():
    small, large = (both("nv", 5, size=size)[1] for size in (48, 144))
    shrunk = large.reshape(48, 3, 48, 3).mean(axis=(1, 3)) > 0.5
    assert (shrunk != small).mean() < 0.03
