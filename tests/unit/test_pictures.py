"""What is done to photographs, against Keras, NumPy and lesions whose place is known."""

import numpy as np
import pytest
from PIL import Image

from skinlib.common.errors import DataError
from skinlib.data.pictures import MARGIN, changed


@pytest.fixture
def photograph():
    """A dark ellipse on a light ground with some noise, 80 x 60 pixels, and its mask."""
    rng = np.random.default_rng(0)
    down, across = np.mgrid[:60, :80]
    mask = ((down - 20) / 10) ** 2 + ((across - 50) / 16) ** 2 < 1
    pixels = np.where(mask[..., None], (90, 50, 40), (210, 170, 160)) + rng.integers(
        -9, 9, (60, 80, 3)
    )
    return Image.fromarray(pixels.astype(np.uint8)), mask


def test_an_equalised_value_is_the_share_of_darker_pixels(photograph):
    image, _ = photograph
    found = np.asarray(changed(image, "equalised"), float)
    for channel in range(3):
        values = np.asarray(image)[..., channel]
        darker = np.searchsorted(np.sort(values.ravel()), values)
        expected = 255 * darker / (values.size - np.sum(values == values.max()))
        # Pillow divides by a whole number.
        np.testing.assert_allclose(found[..., channel], expected, atol=16)
        assert np.corrcoef(found[..., channel].ravel(), expected.ravel())[0, 1] > 0.999
    assert np.abs(found - np.asarray(image)).mean() > 20


def test_padding_adds_equal_black_edges(photograph):
    image, _ = photograph
    found = np.asarray(changed(image, "padded"))
    np.testing.assert_array_equal(found, np.pad(image, ((10, 10), (0, 0), (0, 0))))


@pytest.mark.parametrize("finer", [1, 3])
def test_the_background_is_black_and_the_lesion_as_it_was(photograph, finer):
    image, mask = photograph
    large = mask.repeat(finer, axis=0).repeat(finer, axis=1)
    found = np.asarray(changed(image, "no_background", large))
    np.testing.assert_array_equal(found, np.asarray(image) * mask[..., None])


def test_the_square_around_the_lesion_has_a_margin_and_its_centre(photograph):
    image, mask = photograph
    found = np.asarray(changed(image, "lesion", mask.repeat(2, axis=0).repeat(2, axis=1)))
    width = np.flatnonzero(mask.any(axis=0)).size
    assert found.shape[0] == pytest.approx((1 + 2 * MARGIN) * width, abs=1)
    assert found.shape[0] == found.shape[1]
    dark = (found.max(axis=-1) < 120) & (found.max(axis=-1) > 60)
    rows, columns = np.nonzero(dark)
    np.testing.assert_allclose(
        [rows.mean(), columns.mean()], np.array(found.shape[:2]) / 2, atol=1.5
    )
    assert dark.sum() == mask.sum()


def test_a_mask_without_lesion_changes_nothing_and_none_is_refused(photograph):
    image, mask = photograph
    for picture in ("lesion", "no_background"):
        assert changed(image, picture, np.zeros_like(mask)) is image
        with pytest.raises(DataError, match=f"'{picture}' has no mask"):
            changed(image, picture)
