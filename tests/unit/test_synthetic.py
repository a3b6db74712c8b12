"""The synthetic stand-in: its layout, its repeatability, and that it can be learned."""

import hashlib
import itertools
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinlib.common.classes import CLASSES, HAM10000_COUNTS
from skinlib.common.errors import DataError
from skinlib.data import synthetic

COLUMNS = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]
SMALL = {"images": 63, "width": 32, "height": 24}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return synthetic.generate(tmp_path_factory.mktemp("synthetic"), images=210, width=64, height=48)


@pytest.fixture(scope="module")
def table(folder):
    return pd.read_csv(folder / "HAM10000_metadata.csv")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SKINLIB_CACHE", str(tmp_path))
    return tmp_path


def digest(folder):
    """Hash the names and bytes of everything in `folder`."""
    total = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()


def test_layout_is_that_of_ham10000(folder, table):
    assert list(table.columns) == COLUMNS
    assert len(table) == table.image_id.nunique() == 210
    expected = {f"{image}.jpg" for image in table.image_id} | {"HAM10000_metadata.csv"}
    assert {path.name for path in folder.iterdir()} == expected
    assert table.image_id.map(lambda name: bool(re.fullmatch(r"ISIC_90\d{5}", name))).all()
    assert table.lesion_id.map(lambda name: bool(re.fullmatch(r"SYN_\d{7}", name))).all()


def test_csv_spells_ages_like_the_original(folder):
    raw = pd.read_csv(folder / "HAM10000_metadata.csv", dtype=str, keep_default_na=False)
    assert set(raw.age) <= {f"{age}.0" for age in range(0, 90, 5)} | {""}


def test_every_image_decodes_at_the_asked_size(folder):
    for path in folder.glob("*.jpg"):
        with Image.open(path) as image:
            image.load()
            assert (image.size, image.mode, image.format) == ((64, 48), "RGB", "JPEG")


def test_same_arguments_give_the_same_bytes(tmp_path):
    one, two, other = (
        digest(synthetic.generate(tmp_path / name, seed=seed, **SMALL))
        for name, seed in (("one", 5), ("two", 5), ("other", 6))
    )
    assert one == two
    assert one != other


def test_a_lesion_does_not_depend_on_the_others():
    small, large = synthetic.metadata(100, 3), synthetic.metadata(200, 3)
    facts = ["lesion_id", "dx", "age", "sex", "localization"]
    merged = small[facts].merge(large[facts], on=["lesion_id", "dx"]).drop_duplicates()
    assert len(merged) > 5
    pd.testing.assert_series_equal(merged.age_x, merged.age_y, check_names=False)
    assert (merged.sex_x == merged.sex_y).all()


def test_photographs_of_a_lesion_share_its_facts_but_not_its_pixels(folder, table):
    facts = ["dx", "dx_type", "age", "sex", "localization"]
    assert (table.groupby("lesion_id")[facts].nunique(dropna=False) == 1).all(axis=None)
    several = [group for _, group in table.groupby("lesion_id") if len(group) > 1]
    assert len(several) > 15
    for group in several:
        views = {(folder / f"{image}.jpg").read_bytes() for image in group.image_id}
        assert len(views) == len(group)


def test_photographs_of_a_lesion_look_more_alike_than_those_of_two():
    def mean_colour(lesion, number):
        return synthetic.photograph("nv", lesion, number, 0, 64, 48).mean((0, 1))

    first, again = (np.array([mean_colour(n, k) for n in range(1, 21)]) for k in (0, 1))
    same = np.abs(first - again).mean()
    other = np.mean([np.abs(a - b).mean() for a, b in itertools.permutations(first, 2)])
    assert same < 0.8 * other


@pytest.mark.parametrize("images", [63, 70])
def test_smallest_sets_hold_three_lesions_of_every_class(images):
    for seed in range(5):
        table = synthetic.metadata(images, seed)
        assert len(table) == images
        assert (table.groupby("dx").lesion_id.nunique().reindex(CLASSES) >= 3).all()


def test_default_set_is_imbalanced_like_ham10000():
    table = synthetic.metadata(700, 0)
    lesions = table.groupby("dx").lesion_id.nunique()
    assert set(lesions.index) == set(CLASSES)
    assert lesions.min() >= 8
    assert lesions.idxmax() == "nv"
    order = sorted(CLASSES, key=HAM10000_COUNTS.get)
    assert lesions[order].is_monotonic_increasing
    assert 1.25 < len(table) / lesions.sum() < 1.45


def test_patients_resemble_those_of_ham10000():
    table = synthetic.metadata(4000, 0).drop_duplicates("lesion_id")
    assert set(table.sex) == {"female", "male", "unknown"}
    assert set(table.localization) == set(synthetic.SITE)
    assert set(table.dx_type) == {"confocal", "consensus", "follow_up", "histo"}
    assert 0 < table.age.isna().mean() < 0.03
    assert table.age.dropna().between(0, 85).all()
    assert (table.age.dropna() % 5 == 0).all()
    age = table.groupby("dx").age.mean()
    assert age["bcc"] > age["mel"] > age["nv"]
    assert (table[table.dx == "df"].localization == "lower extremity").mean() > 0.5


def test_image_numbers_do_not_give_the_class_away():
    table = synthetic.metadata(2000, 0)
    number = table.image_id.str[7:].astype(int)
    middle = number.groupby(table.dx).mean() / len(table)
    assert middle.between(0.4, 0.6).all()


def test_classes_can_be_told_apart_by_colour_but_not_perfectly(folder, table):
    quantiles = [2, 10, 25, 50, 75, 90, 98]
    features = []
    for image in table.image_id:
        pixels = np.asarray(Image.open(folder / f"{image}.jpg"), np.float32)
        centre = pixels[14:34, 22:42].mean((0, 1))
        features.append([*np.percentile(pixels, quantiles, axis=(0, 1)).ravel(), *centre])
    model = make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=1000, class_weight="balanced")
    )
    guess = cross_val_predict(
        model, np.array(features), table.dx, groups=table.lesion_id, cv=GroupKFold(5)
    )
    score = balanced_accuracy_score(table.dx, guess)
    assert 0.4 < score < 0.97, "chance is 1/7"


def test_ensure_makes_a_set_once(cache):
    folder = synthetic.ensure(**SMALL)
    assert folder.parent == cache / "synthetic"
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert synthetic.ensure(**SMALL) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert not list(folder.parent.glob(".*.partial"))


def test_ensure_keeps_sets_apart(cache, monkeypatch):
    folder = synthetic.ensure(**SMALL)
    assert synthetic.ensure(**SMALL, seed=1) != folder
    monkeypatch.setattr(synthetic, "GENERATOR_VERSION", -1)
    assert synthetic.ensure(**SMALL) != folder


@pytest.mark.parametrize("damage", ["marker", "image"])
def test_ensure_rebuilds_a_torn_set(cache, damage):
    folder = synthetic.ensure(**SMALL)
    whole = digest(folder)
    lost = folder / synthetic.MARKER if damage == "marker" else next(folder.glob("*.jpg"))
    lost.unlink()
    assert synthetic.ensure(**SMALL) == folder
    assert digest(folder) == whole


def test_ensure_leaves_nothing_finished_when_killed(cache, monkeypatch):
    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(synthetic.files, "write_csv", die)
        with pytest.raises(KeyboardInterrupt):
            synthetic.ensure(**SMALL)
    assert not list((cache / "synthetic").glob("[!.]*"))
    assert (synthetic.ensure(**SMALL) / synthetic.MARKER).exists()


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"images": 62}, "from 63"),
        ({"images": 100_001}, "100000"),
        ({"images": 70.0}, "images must be a whole number"),
        ({"seed": -1}, "seed"),
        ({"width": 8}, "width"),
        ({"height": 4096}, "height"),
    ],
)
def test_arguments_out_of_range_are_refused(tmp_path, cache, bad, words):
    with pytest.raises(DataError, match=words):
        synthetic.generate(tmp_path / "new", **bad)
    with pytest.raises(DataError, match=words):
        synthetic.ensure(**bad)
    assert not list(tmp_path.iterdir())


def test_a_folder_in_use_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="not an empty folder"):
        synthetic.generate(tmp_path, **SMALL)
    with pytest.raises(DataError, match="not an empty folder"):
        synthetic.generate(tmp_path / "notes.txt", **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_contact_sheet_has_seven_rows(folder, tmp_path):
    sheet = synthetic.contact_sheet(folder, per_class=4)
    assert sheet.height == 7 * (48 + 4)
    assert sheet.width > 4 * 64
    with pytest.raises(DataError, match="is missing"):
        synthetic.contact_sheet(tmp_path)
