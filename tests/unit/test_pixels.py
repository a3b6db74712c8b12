"""Pictures changed, cut and resized; the cache equals direct decoding and is never half-made."""

import json

import numpy as np
import pytest
from PIL import Image

from skinlib.common.files import sha256
from skinlib.data import pixels, store
from skinlib.data.pixels import MARGIN, changed

SIZE = 24


pytestmark = pytest.mark.usefixtures("cache")


def cached(dataset, **options):
    return pixels.cached(dataset, SIZE, progress=False, **options)


def test_the_cache_is_an_npy_file_and_the_hashes_of_its_sources(dataset):
    """Anybody can read it without skinlib."""
    array = cached(dataset)
    assert (array.shape, array.dtype) == ((70, SIZE, SIZE, 3), np.uint8)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0
    kept = json.loads(array.filename.with_suffix(".json").read_text())
    assert kept["sha256"] == sha256(array.filename)
    assert pixels.file_hashes(array) == [sha256(path) for path in dataset.table["path"]]
    # Private to one user, as mkstemp makes it, it would be useless on a shared machine.
    plain = array.filename.with_name("plain")
    plain.touch()
    assert array.filename.stat().st_mode == plain.stat().st_mode


# Where the square of a picture of 64 x 48 begins.
SQUARES = {"first": 0, "centre": 8, "last": 16}
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "nearest": Image.Resampling.NEAREST,
           "bicubic": Image.Resampling.BICUBIC}  # fmt: skip


@pytest.mark.parametrize("crop", [*SQUARES, "none", "whole"])
@pytest.mark.parametrize("interpolation", FILTERS)
def test_rows_equal_direct_decoding(dataset, crop, interpolation):
    """Rows are those of the table, in its order. Pictures are 64 x 48: 16 columns fall off.

    Pillow's antialiasing lets the two outermost columns see a little beyond the crop.
    """
    array = cached(dataset, interpolation=interpolation, crop=crop)
    for row in (0, 1, 33, 69):
        image = Image.open(dataset.table["path"][row]).convert("RGB")
        if crop in SQUARES:
            image = image.crop((SQUARES[crop], 0, SQUARES[crop] + 48, 48))
        size = (32, 24) if crop == "whole" else (SIZE, SIZE)
        expected = np.asarray(image.resize(size, FILTERS[interpolation]))
        np.testing.assert_array_equal(array[row][:, 2:-2], expected[:, 2:-2])
        np.testing.assert_allclose(array[row].astype(int), expected, atol=5)


def test_the_centre_crop_of_a_portrait():
    stripes = np.zeros((9, 3, 3), np.uint8)
    stripes[3:6] = 200
    found = pixels.resize(Image.fromarray(stripes), 3, interpolation="nearest")
    assert (found == 200).all()


def test_what_is_read_belongs_to_the_caller(dataset):
    array = cached(dataset)
    rows = np.array([7, 3, -1, 7])
    found = store.read(array, rows)
    np.testing.assert_array_equal(found, np.load(array.filename)[rows])
    found[:] = 0
    assert array[7].any()


# Pictures of other works, against NumPy and a lesion whose place is known


@pytest.fixture
def photograph():
    """A dark ellipse on a light ground with some noise, 80 x 60 pixels, and its mask."""
    rng = np.random.default_rng(0)
    down, across = np.mgrid[:60, :80]
    mask = ((down - 20) / 10) ** 2 + ((across - 50) / 16) ** 2 < 1
    colours = np.where(mask[..., None], (90, 50, 40), (210, 170, 160))
    return Image.fromarray((colours + rng.integers(-9, 9, (60, 80, 3))).astype(np.uint8)), mask


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
    centre = np.mean(np.nonzero(dark), axis=1)
    np.testing.assert_allclose(centre, np.array(found.shape[:2]) / 2, atol=1.5)
    assert dark.sum() == mask.sum()


@pytest.mark.parametrize("picture", pixels.OUTLINED)
def test_a_mask_without_lesion_changes_nothing(photograph, picture):
    image, mask = photograph
    assert changed(image, picture, np.zeros_like(mask)) is image
