"""The two splits of the leakage study differ in what was seen of the test lesions, and only in that."""

import numpy as np
import pandas as pd
import pytest

from skinlib.common.errors import DataError
from skinlib.data import leakage, splits, synthetic


@pytest.fixture(scope="module")
def table():
    return synthetic.metadata(2000, 3)


@pytest.fixture(scope="module")
def pair(table):
    options = {"test": 0.25, "validation": 0.1, "seed": 4}
    return [splits.make_split(table, unit=unit, **options) for unit in ("leaking", "sealed")]


def images(split, part):
    return set(split.table.loc[split.table["part"] == part, "image_id"])


def test_the_same_test_and_validation_images(pair):
    leaking, sealed = pair
    for part in ("test", "validation"):
        assert images(leaking, part) == images(sealed, part) != set()


def test_training_parts_have_the_same_size_and_classes(pair, table):
    dx = table.set_index("image_id")["dx"]
    one, other = (dx[sorted(images(split, "train"))].value_counts() for split in pair)
    pd.testing.assert_series_equal(one.sort_index(), other.sort_index())


def test_who_can_leak_is_counted_on_the_whole_data_set(pair, table):
    counts = table["lesion_id"].value_counts()
    lesion = table.set_index("image_id")["lesion_id"]
    for split in pair:
        found = leakage.with_siblings(split.table)
        assert (found == (lesion[found.index].map(counts) > 1)).all()


def test_one_test_image_a_lesion(pair):
    test = pair[0].table[pair[0].table["part"] == "test"]
    assert test["lesion_id"].is_unique


def test_all_siblings_are_seen_in_one_and_none_in_the_other(pair, table):
    lesion = table.set_index("image_id")["lesion_id"]
    for split, expected in zip(pair, (True, False), strict=True):
        seen = set(lesion[sorted(images(split, "train"))])
        asked = lesion[sorted(images(split, "test"))]
        can_leak = leakage.with_siblings(split.table)[asked.index]
        assert can_leak.any()
        assert not can_leak.all()
        found = asked.isin(seen)
        assert (found == (can_leak & expected)).all()
        # Nobody is asked about a lesion of the validation part either.
        validated = set(lesion[sorted(images(split, "validation"))])
        assert not validated & (seen | set(asked))
    both = splits.lesions_on_both_sides(pair[0])
    assert len(both) == leakage.with_siblings(pair[0].table).sum()
    assert splits.lesions_on_both_sides(pair[1]) == []


def test_only_the_siblings_and_their_substitutes_differ(pair, table):
    parts = [split.table.set_index("image_id")["part"] for split in pair]
    differ = parts[0][parts[0] != parts[1]]
    assert set(differ) == {"train", "unused"}
    assert (differ == "train").sum() == (differ == "unused").sum()


def test_a_sealed_split_with_a_shared_lesion_is_refused(pair):
    with pytest.raises(splits.IntegrityError, match="although the split is by"):
        splits.validate(splits.Split("sealed", pair[0].table))


def test_it_depends_on_the_seed_alone(table):
    options = {"unit": "leaking", "test": 0.25, "validation": 0.1}
    shuffled = table.sample(frac=1, random_state=np.random.default_rng(0))
    one = splits.make_split(table, **options, seed=4)
    assert one.hash == splits.make_split(shuffled, **options, seed=4).hash
    assert one.hash != splits.make_split(table, **options, seed=5).hash


def test_it_comes_back_from_its_file(pair, tmp_path):
    for split in pair:
        path = splits.save(split, tmp_path, f"synthetic-{split.unit}-s4")
        assert splits.read(path).hash == split.hash
        assert splits.read(path).unit == split.unit


def test_a_small_set_may_leave_a_class_out_of_what_is_not_used():
    """Rare lesions photographed once leave nothing behind; that part is of no metric."""
    small = synthetic.metadata(150, 1)
    dx = small.set_index("image_id")["dx"]
    left = []
    for seed in range(8):
        split = splits.make_split(small, unit="sealed", test=0.2, validation=0.0, seed=seed)
        assert dx[sorted(images(split, "test"))].nunique() == 7
        left.append(dx[sorted(images(split, "unused"))].nunique())
    assert min(left) < 7


def test_neither_part_shows_more_lesions_than_the_other(pair, table):
    facts = table.set_index("image_id")[["lesion_id", "dx"]]
    one, other = (
        facts.loc[sorted(images(split, "train"))].groupby("dx")["lesion_id"].nunique()
        for split in pair
    )
    assert (one - other).abs().max() <= 1
    assert abs(one.sum() - other.sum()) <= 2


def test_lesions_with_as_many_photographs_are_chosen():
    rng = np.random.default_rng(0)
    names = ["a", "b", "b", "c", "c", "d", "d", "d", "e"]
    others = pd.DataFrame({"lesion_id": names}, index=np.arange(9) + 10)
    chosen = leakage._like(others, np.array([1, 2, 3]), rng)
    sizes = sorted(others.loc[chosen, "lesion_id"].value_counts())
    assert sizes == [1, 2, 3]
    drawn = {tuple(leakage._like(others, np.array([1]), rng)) for _ in range(50)}
    assert drawn == {(10,), (18,)}
    # Five of one lesion: there is none; three and two together. Eight: all but one.
    assert sorted(others.loc[leakage._like(others, np.array([5]), rng), "lesion_id"]) in (
        ["b", "b", "d", "d", "d"], ["c", "c", "d", "d", "d"],
    )  # fmt: skip
    assert len(set(leakage._like(others, np.array([8]), rng))) == 8
    # A piece of a larger lesion, where no smaller one is left.
    pairs = others[others["lesion_id"].isin(["b", "c"])]
    assert len(set(leakage._like(pairs, np.array([1, 1, 1]), rng))) == 3


@pytest.fixture(scope="module")
def matched(table):
    """The matched pair of splits, and the facts of each image."""
    options = {"test": 0.25, "validation": 0.1, "seed": 4}
    both = [
        splits.make_split(table, unit=unit, **options)
        for unit in ("leaking_matched", "sealed_matched")
    ]
    facts = table.set_index("image_id")
    facts["total"] = facts.groupby("lesion_id")["dx"].transform("size")
    return *both, facts


def test_matched_replacements_are_lesions_of_the_same_kind(matched):
    leaking, sealed, facts = matched
    seen, instead = images(leaking, "train"), images(sealed, "train")
    siblings, replacements = facts.loc[sorted(seen - instead)], facts.loc[sorted(instead - seen)]
    assert len(siblings) == len(replacements) > 50
    assert (replacements["total"] > 1).all()
    pd.testing.assert_series_equal(
        siblings["dx"].value_counts().sort_index(), replacements["dx"].value_counts().sort_index()
    )
    kinds = ["dx", "dx_type", "total"]
    counts = [frame.groupby(kinds).size() for frame in (siblings, replacements)]
    apart = counts[0].sub(counts[1], fill_value=0).abs().sum() / 2
    assert apart <= 0.15 * len(siblings)


def test_matched_splits_differ_in_siblings_and_replacements_alone(matched):
    leaking, sealed, facts = matched
    for part in ("test", "validation"):
        assert images(leaking, part) == images(sealed, part) != set()
    asked = set(facts.loc[sorted(images(leaking, "test")), "lesion_id"])
    assert set(facts.loc[sorted(images(leaking, "train")), "lesion_id"]) & asked
    assert not set(facts.loc[sorted(images(sealed, "train")), "lesion_id"]) & asked
    # One photograph of each replacement lesion is used by neither.
    replaced = sorted(images(sealed, "train") - images(leaking, "train"))
    lesions = facts.loc[replaced].groupby("lesion_id").size()
    totals = facts["lesion_id"].value_counts()
    assert (totals[lesions.index] > lesions).all()
    unused = facts[facts["lesion_id"].isin(lesions.index)].index.difference(replaced)
    assert not set(unused) & (images(leaking, "train") | images(sealed, "train"))
    splits.validate(sealed)


def test_a_replacement_is_the_nearest_lesion_there_is():
    rng = np.random.default_rng(0)
    others = pd.DataFrame(
        {
            "lesion_id": list("aabbbccccd"),
            "dx_type": ["histo"] * 5 + ["follow_up"] * 4 + ["histo"],
            "dx": "nv",
        }
    )

    def chosen(*siblings):
        wanted = pd.DataFrame(siblings, columns=["lesion_id", "dx_type"]).assign(dx="nv")
        picked = others.loc[leakage._matched(others, wanted, rng), "lesion_id"]
        return picked.value_counts().to_dict()

    # One further photograph: the lesion with two. Two: the one with three.
    assert chosen(("t", "histo")) == {"a": 1}
    assert chosen(("t", "histo"), ("t", "histo")) == {"b": 2}
    assert chosen(*[("t", "follow_up")] * 3) == {"c": 3}
    # The way of diagnosis before the number; two lesions where one is too small.
    assert chosen(("t", "follow_up")) == {"c": 1}
    assert chosen(*[("t", "histo")] * 3) == {"b": 2, "a": 1}
    with pytest.raises(DataError, match="no lesion with several photographs of class 'nv'"):
        chosen(*[("t", "histo")] * 7)
