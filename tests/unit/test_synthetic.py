"""The synthetic stand-in: its pictures, its layout, its repeatability."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import ndimage

from skinlib.common.classes import CLASSES, HAM10000_COUNTS
from skinlib.common.errors import DataError
from skinlib.data import ham10000, synthetic

SMALL = {"images": 63, "width": 32, "height": 24}


def digest(folder):
    """Hash the names and bytes of everything in `folder`."""
    total = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()


# Pictures


def test_pictures_and_table_are_those_of_the_committed_runs():
    """Run identities depend on them. Another processor may round a few values differently."""
    kept = np.asarray(Image.open(Path(__file__).with_name("painted.png"))).astype(int)
    for row, dx in enumerate(CLASSES):
        for column, (lesion, number) in enumerate([(1, 0), (1, 1), (2, 0)]):
            place = np.s_[24 * row : 24 * (row + 1), 32 * column : 32 * (column + 1)]
            found = synthetic.photograph(dx, lesion, number, 0, 32, 24)
            difference = np.abs(found - kept[place])
            assert difference.max() <= 1, dx
            assert difference.mean() < 0.01, dx
        mask = synthetic.mask(dx, 1, 0, 0, 32, 24)
        assert (mask != (kept[24 * row : 24 * (row + 1), 96:, 0] > 0)).sum() <= 1, dx
    table = synthetic.metadata(700, 0).to_csv().encode()
    assert hashlib.sha256(table).hexdigest()[:12] == "dfd4f95cb7ab"


@pytest.mark.parametrize("dx", CLASSES)
def test_a_mask_has_the_pixels_that_are_coloured_otherwise(dx):
    picture, mask = (make(dx, 7, 0, 0, 96, 96) for make in (synthetic.photograph, synthetic.mask))
    assert 0.02 < mask.mean() < 0.8
    # The median is not moved by hairs, bubbles and the edge of the instrument.
    inside, outside = (np.median(picture[each], axis=0) for each in (mask, ~mask))
    assert np.abs(inside - outside).max() > 10
    assert ndimage.label(mask)[1] == 1
    np.testing.assert_array_equal(ndimage.binary_fill_holes(mask), mask)


# Table and folder


def test_layout_is_that_of_ham10000(synthetic_folder):
    table = pd.read_csv(synthetic_folder / "HAM10000_metadata.csv")
    assert tuple(table.columns) == ham10000.COLUMNS
    assert len(table) == table.image_id.nunique() == 70
    expected = {f"{image}.jpg" for image in table.image_id} | {"HAM10000_metadata.csv"}
    assert {path.name for path in synthetic_folder.iterdir()} == expected
    assert table.image_id.map(lambda name: bool(re.fullmatch(r"ISIC_90\d{5}", name))).all()
    assert table.lesion_id.map(lambda name: bool(re.fullmatch(r"SYN_\d{7}", name))).all()
    for path in synthetic_folder.glob("*.jpg"):
        with Image.open(path) as image:
            assert (image.size, image.mode, image.format) == ((64, 48), "RGB", "JPEG")
    facts = ["dx", "dx_type", "age", "sex", "localization"]
    assert (table.groupby("lesion_id")[facts].nunique(dropna=False) == 1).all(axis=None)


def test_the_smallest_sets_have_every_class():
    for seed in range(3):
        table = synthetic.metadata(63, seed)
        assert (table.groupby("dx").lesion_id.nunique().reindex(CLASSES) >= 3).all()


def test_a_folder_with_something_in_it_is_left_alone(synthetic_folder):
    with pytest.raises(DataError, match="is not empty; name a new folder"):
        synthetic.generate(synthetic_folder)


def test_classes_and_patients_resemble_those_of_ham10000():
    table = synthetic.metadata(4000, 0)
    lesions = table.groupby("dx").lesion_id.nunique()
    assert lesions[sorted(CLASSES, key=HAM10000_COUNTS.get)].is_monotonic_increasing
    assert 1.25 < len(table) / lesions.sum() < 1.45
    # Image numbers do not give the class away.
    number = table.image_id.str[7:].astype(int)
    assert (number.groupby(table.dx).mean() / len(table)).between(0.4, 0.6).all()
    table = table.drop_duplicates("lesion_id")
    assert set(table.sex) == set(ham10000.SEXES)
    assert set(table.localization) == {*ham10000.SITES} - {"acral"}
    assert set(table.dx_type) == {"confocal", "consensus", "follow_up", "histo"}
    assert 0 < table.age.isna().mean() < 0.03
    age = table.groupby("dx").age.mean()
    assert age["bcc"] > age["mel"] > age["nv"]
    assert (table[table.dx == "df"].localization == "lower extremity").mean() > 0.5


def test_ensure_makes_a_set_once(cache, monkeypatch):
    folder = synthetic.ensure(**SMALL)
    assert folder.parent == cache / "synthetic"
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert synthetic.ensure(**SMALL) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    monkeypatch.setattr(synthetic, "GENERATOR_VERSION", -1)
    again = synthetic.ensure(**SMALL)
    assert again != folder
    assert digest(again) == digest(folder)


def test_a_torn_set_is_made_anew(cache, monkeypatch):
    folder = synthetic.ensure(**SMALL)
    whole = digest(folder)
    next(folder.glob("*.jpg")).unlink()

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(synthetic.files, "write_csv", die)
        with pytest.raises(KeyboardInterrupt):
            synthetic.ensure(**SMALL)
    assert synthetic.ensure(**SMALL) == folder
    assert digest(folder) == whole
    assert [path for path in folder.parent.iterdir() if path.suffix != ".lock"] == [folder]


@pytest.mark.parametrize("images", [62, 100_001])
def test_too_few_and_too_many_are_refused(cache, images):
    with pytest.raises(DataError, match=f"63 to 100000 images, not {images}"):
        synthetic.ensure(images=images)
