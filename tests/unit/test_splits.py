"""Splits keep their shares and their promise, and reproduce the paper's numbers of images."""

import pandas as pd
import pytest

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.data import splits, synthetic

# Images of HAM10000 with a known age, and the authors' held-out tenth of them.
PAPER = {"akiec": 327, "bcc": 514, "bkl": 1089, "df": 115, "mel": 1111, "nv": 6660, "vasc": 142}
HELD_OUT = {"akiec": 33, "bcc": 51, "bkl": 109, "df": 12, "mel": 111, "nv": 666, "vasc": 14}

# The two of the recipes; `test_drawing` has the others.
UNITS = ("image", "lesion")


@pytest.fixture(scope="module")
def table():
    """700 rows with repeated photographs of lesions, as in HAM10000."""
    return synthetic.metadata(700, 0)


@pytest.fixture(scope="module")
def drawn(table):
    """Return one split by image and one by lesion; the latter takes a second to draw."""
    return {unit: make(table, unit) for unit in UNITS}


def make(table, unit="image", test=0.15, validation=0.15, seed=0, fold=0):
    return splits.make_split(
        table, unit=unit, test=test, validation=validation, seed=seed, fold=fold
    )


@pytest.mark.parametrize("seed", [0, 1, 17])
def test_the_sizes_of_the_paper(seed):
    ids = pd.Series([f"ISIC_{number:05d}" for number in range(sum(PAPER.values()))])
    labels = [name for name, count in PAPER.items() for _ in range(count)]
    table = pd.DataFrame({"image_id": ids, "lesion_id": "L" + (ids.index // 2).astype(str)})
    table["dx"] = labels
    split = make(table, test=0.10, validation=0.0, seed=seed)
    assert split.counts() == {"train": 8962, "test": 996}
    assert split.rows(table, "test")["dx"].value_counts().to_dict() == HELD_OUT


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(
    ("test", "validation"), [(0.15, 0.15), (0.1, 0.0), (0.0, 0.3), (0.96, 0.0)]
)
def test_shares_are_kept_overall_and_in_every_class(table, unit, test, validation):
    split = make(table, unit, test, validation)
    expected = {"train": 1 - test - validation, "validation": validation, "test": test}
    assert list(split.counts()) == [part for part, share in expected.items() if share]
    assert sum(split.counts().values()) == len(table)
    for part, count in split.counts().items():
        assert count / len(table) == pytest.approx(expected[part], abs=0.02)
    part_of = split.table.set_index("image_id")["part"]
    counts = pd.crosstab(table["dx"], table["image_id"].map(part_of))
    sizes = counts.sum(axis=1)
    for part in split.counts():
        # Whole lesions are coarser than images, above all in the classes with few of them.
        slack = 1.5 if unit == "image" else 0.05 * sizes
        assert ((counts[part] - expected[part] * sizes).abs() < slack).all()


def test_sets_share_a_lesion_only_when_images_were_drawn(drawn):
    for unit, split in drawn.items():
        lesions = {name: set(rows["lesion_id"]) for name, rows in split.table.groupby("part")}
        a, b, c = (lesions[name] for name in splits.PARTS)
        shared = sorted((a & b) | (a & c) | (b & c))
        assert splits.lesions_on_both_sides(split) == shared
        assert (len(shared) > 30) == (unit == "image")
        assert bool(shared) == (unit == "image")


def test_an_unknown_unit_and_an_image_in_two_rows_are_refused(table):
    with pytest.raises(DataError, match="'patient'"):
        make(table, "patient")
    with pytest.raises(IntegrityError, match=f"{table.loc[4, 'image_id']} is in the split twice"):
        make(pd.concat([table, table[4:5]]))


@pytest.mark.parametrize("unit", UNITS)
def test_a_class_too_rare_for_every_part_is_refused(table, unit):
    one = table[table["dx"] == "df"].drop_duplicates("lesion_id")[:1]
    rare = pd.concat([table[table["dx"] != "df"], one])
    with pytest.raises(DataError, match="class"):
        make(rare, unit)


def test_five_folds_are_all_images_once(table):
    """Each fold is the test set of one split; the rest of the images are trained on."""
    each = [make(table, "fold", 0.2, 0.0, fold=fold) for fold in range(5)]
    tested = [split.rows(table, "test") for split in each]
    assert sorted(pd.concat(tested)["image_id"]) == sorted(table["image_id"])
    expected = table["dx"].value_counts(normalize=True)
    for split, rows in zip(each, tested, strict=True):
        assert split.counts().keys() == {"train", "test"}
        assert len(table) / 5 == pytest.approx(len(rows), rel=0.1)
        assert splits.lesions_on_both_sides(split) == []
        assert (rows["dx"].value_counts(normalize=True) - expected).abs().max() < 0.02


# The file; faults of it are F14 and F15


@pytest.mark.parametrize("unit", UNITS)
def test_a_split_comes_back_from_its_file(drawn, tmp_path, unit):
    split = drawn[unit]
    path = splits.save(split, tmp_path / "splits", f"set-{unit}-s0")
    assert path.name == f"set-{unit}-s0-{split.hash}.csv"
    again = splits.read(path)
    assert (again.unit, again.hash, again.counts()) == (unit, split.hash, split.counts())
    before = path.stat().st_mtime_ns
    assert splits.save(split, tmp_path / "splits", f"set-{unit}-s0") == path
    assert path.stat().st_mtime_ns == before


# Photographs of one lesion under two ids


def table_with_pairs():
    """All eighteen pairs, the other photographs of their lesions, and lesions for a split."""
    rows = []
    for number, (one, other) in enumerate(splits.same_lesion()):
        rows += [(one, f"L{number}a", "nv"), (other, f"L{number}b", "nv")]
        rows += [(f"more_{number}", f"L{number}b", "nv")]
    rows += [(f"x_{number}", f"X{number}", CLASSES[number % 7]) for number in range(400)]
    return pd.DataFrame(rows, columns=["image_id", "lesion_id", "dx"])


def test_a_pair_and_the_other_photographs_of_its_lesions_get_one_id():
    assert len({image for pair in splits.same_lesion() for image in pair}) == 36
    table = table_with_pairs()
    joined = splits.join_lesions(table).set_index("image_id")["lesion_id"]
    for number, (one, other) in enumerate(splits.same_lesion()):
        assert joined[one] == joined[other] == joined[f"more_{number}"] == f"L{number}a"
    assert joined["x_0"] == "X0"
    assert joined.nunique() == table["lesion_id"].nunique() - 18 == 418


def test_chains_of_pairs_become_one_lesion(monkeypatch):
    monkeypatch.setattr(splits, "same_lesion", lambda: (("b", "c"), ("a", "b"), ("z", "a")))
    table = pd.DataFrame({"image_id": list("abcd"), "lesion_id": list("3214")})
    assert list(splits.join_lesions(table)["lesion_id"]) == ["1", "1", "1", "4"]


def test_a_split_of_joined_lesions_fits_the_data_as_they_are():
    table = table_with_pairs()
    split = make(splits.join_lesions(table), "lesion", 0.2, 0.2)
    splits.check_images(split, table, "a.csv")
    table.loc[table["image_id"] == "x_0", "lesion_id"] = "another"
    with pytest.raises(IntegrityError, match=r"1 images of 'a\.csv'.*x_0"):
        splits.check_images(split, table, "a.csv")
