"""The two splits of a pair differ in what was seen of the test lesions, and only in that."""

import numpy as np
import pandas as pd
import pytest

from skinlib.common.errors import DataError, IntegrityError
from skinlib.data import drawing, splits, synthetic

PAIRS = {"plain": ("leaking", "sealed"), "matched": ("leaking_matched", "sealed_matched")}
OPTIONS = {"test": 0.25, "validation": 0.1, "seed": 4}


@pytest.fixture(scope="module")
def table():
    """Facts of 1,200 images, and the number of photographs of their lesions."""
    table = synthetic.metadata(1200, 3)
    table["total"] = table.groupby("lesion_id")["dx"].transform("size")
    return table


@pytest.fixture(scope="module", params=PAIRS)
def pair(request, table):
    units = PAIRS[request.param]
    return [splits.make_split(table, unit=unit, **OPTIONS) for unit in units]


def rows(table, split, part):
    """Return the rows of a table in a part of a split, by image."""
    chosen = split.table.loc[split.table["part"] == part, "image_id"]
    return table.set_index("image_id").loc[sorted(chosen)]


def test_sets_have_the_same_images_sizes_and_classes(pair, table):
    for part in ("test", "validation"):
        one, other = (set(rows(table, split, part).index) for split in pair)
        assert one == other != set()
    one, other = (rows(table, split, "train")["dx"].value_counts() for split in pair)
    pd.testing.assert_series_equal(one.sort_index(), other.sort_index())
    parts = [split.table.set_index("image_id")["part"] for split in pair]
    differ = parts[0][parts[0] != parts[1]]
    assert set(differ) == {"train", "unused"}
    assert (differ == "train").sum() == (differ == "unused").sum()


def test_all_siblings_are_seen_in_one_and_none_in_the_other(pair, table):
    for split, leaks in zip(pair, (True, False), strict=True):
        seen = set(rows(table, split, "train")["lesion_id"])
        test = rows(table, split, "test")
        assert test["lesion_id"].is_unique
        can_leak = splits.with_siblings(split.table)[test.index]
        assert (can_leak == (test["total"] > 1)).all()
        assert 0 < can_leak.sum() < len(can_leak)
        assert (test["lesion_id"].isin(seen) == (can_leak & leaks)).all()
        validated = set(rows(table, split, "validation")["lesion_id"])
        assert not validated & (seen | set(test["lesion_id"]))
        assert len(splits.lesions_on_both_sides(split)) == (can_leak.sum() if leaks else 0)
    with pytest.raises(IntegrityError, match="although the split is by"):
        splits.validate(splits.Split("sealed", pair[0].table))


def test_neither_side_shows_more_lesions_than_the_other(table):
    both = [splits.make_split(table, unit=unit, **OPTIONS) for unit in PAIRS["plain"]]
    one, other = (
        rows(table, split, "train").groupby("dx")["lesion_id"].nunique() for split in both
    )
    assert (one - other).abs().max() <= 1
    assert abs(one.sum() - other.sum()) <= 2


def test_matched_replacements_are_lesions_of_the_same_kind(table):
    leaking, sealed = (
        rows(table, splits.make_split(table, unit=unit, **OPTIONS), "train")
        for unit in PAIRS["matched"]
    )
    siblings = leaking.loc[leaking.index.difference(sealed.index)]
    replacements = sealed.loc[sealed.index.difference(leaking.index)]
    assert len(siblings) == len(replacements) > 50
    assert (replacements["total"] > 1).all()
    kinds = ["dx", "dx_type", "total"]
    counts = [frame.groupby(kinds).size() for frame in (siblings, replacements)]
    assert counts[0].sub(counts[1], fill_value=0).abs().sum() / 2 <= 0.15 * len(siblings)
    # One photograph of each replacement lesion is used by neither.
    used = replacements.groupby("lesion_id").size()
    totals = replacements.groupby("lesion_id")["total"].first()
    assert (totals > used).all()
    assert not set(used.index) & set(leaking["lesion_id"])


def test_pairs_depend_on_the_seed_alone_and_come_back_from_their_files(table, tmp_path):
    small = table[:400]
    options = {"unit": "leaking_matched", "test": 0.2, "validation": 0.0}
    one = splits.make_split(small, **options, seed=4)
    shuffled = small.sample(frac=1, random_state=np.random.default_rng(0))
    assert one.hash == splits.make_split(shuffled, **options, seed=4).hash
    assert one.hash != splits.make_split(small, **options, seed=5).hash
    again = splits.read(splits.save(one, tmp_path, f"synthetic-{one.unit}-s4"))
    assert (again.hash, again.unit) == (one.hash, one.unit)


def test_lesions_with_as_many_photographs_are_chosen():
    names = ["a", "b", "b", "c", "c", "d", "d", "d", "e"]
    others = pd.DataFrame({"lesion_id": names}, index=np.arange(9) + 10)

    def chosen(*sizes, others=others):
        wanted = [f"t{row}" for row, size in enumerate(sizes) for _ in range(size)]
        picked = drawing._like(others, pd.DataFrame({"lesion_id": wanted}))
        assert len(set(picked)) == sum(sizes)
        return sorted(others.loc[picked, "lesion_id"].value_counts())

    assert chosen(1, 2, 3) == [1, 2, 3]
    # Five of one lesion: there is none; three and two together.
    assert chosen(5) == [2, 3]
    # A piece of a larger lesion, where no smaller one is left.
    assert chosen(1, 1, 1, others=others[others["lesion_id"].isin(["b", "c"])]) == [1, 2]


def test_a_replacement_is_the_nearest_lesion_there_is():
    others = pd.DataFrame(
        {
            "lesion_id": list("aabbbccccd"),
            "dx_type": ["histo"] * 5 + ["follow_up"] * 4 + ["histo"],
            "dx": "nv",
        }
    )

    def chosen(*siblings):
        wanted = pd.DataFrame(siblings, columns=["lesion_id", "dx_type"]).assign(dx="nv")
        return others.loc[drawing._matched(others, wanted), "lesion_id"].value_counts().to_dict()

    # One further photograph: the lesion with two. Two: the one with three.
    assert chosen(("t", "histo")) == {"a": 1}
    assert chosen(("t", "histo"), ("t", "histo")) == {"b": 2}
    assert chosen(*[("t", "follow_up")] * 3) == {"c": 3}
    # The way of diagnosis before the number; two lesions where one is too small.
    assert chosen(("t", "follow_up")) == {"c": 1}
    assert chosen(*[("t", "histo")] * 3) == {"b": 2, "a": 1}
    with pytest.raises(DataError, match="no lesion with several photographs of class 'nv'"):
        chosen(*[("t", "histo")] * 7)
