"""The two splits of a pair differ in what was seen of the test lesions, and only in that."""

import pandas as pd
import pytest

from skinlib.common.errors import DataError, IntegrityError
from skinlib.data import drawing, splits, synthetic

PAIRS = {"plain": ("leaking", "sealed"), "matched": ("leaking_matched", "sealed_matched")}
# Run identities depend on what is drawn.
HASHES = {
    "image": "7cbfaa5e903c", "lesion": "9cb827a60f88", "leaking": "c2c59eafa107",
    "sealed": "cefa7589ccb7", "leaking_matched": "541e40fe02bf", "sealed_matched": "0e46cf9423ba",
    "fold": "e3b83057d1c3",
}  # fmt: skip


@pytest.fixture(scope="module")
def table():
    """Facts of 1,200 images, and the number of photographs of their lesions."""
    table = synthetic.metadata(1200, 3)
    table["total"] = table.groupby("lesion_id")["dx"].transform("size")
    return table


@pytest.fixture(scope="module")
def drawn(table):
    """Return a split of each unit, drawn from a table in another order."""
    shuffled = table.sample(frac=1, random_state=0)
    options = {"test": 0.25, "validation": 0.1, "seed": 4, "fold": 1}
    return {unit: splits.make_split(shuffled, unit=unit, **options) for unit in HASHES}


@pytest.fixture(params=PAIRS)
def pair(request, drawn):
    return [drawn[unit] for unit in PAIRS[request.param]]


def trained(table, split):
    return split.rows(table, "train").set_index("image_id")


def test_splits_are_those_of_the_committed_runs(drawn):
    assert {unit: split.hash for unit, split in drawn.items()} == HASHES


def test_sets_have_the_same_images_sizes_and_classes(pair, table):
    for part in ("test", "validation"):
        one, other = (set(split.rows(table, part)["image_id"]) for split in pair)
        assert one == other != set()
    one, other = (trained(table, split)["dx"].value_counts() for split in pair)
    pd.testing.assert_series_equal(one.sort_index(), other.sort_index())
    parts = [split.table.set_index("image_id")["part"] for split in pair]
    differ = parts[0][parts[0] != parts[1]]
    assert set(differ) == {"train", "unused"}
    assert (differ == "train").sum() == (differ == "unused").sum()


def test_all_siblings_are_seen_in_one_and_none_in_the_other(pair, table):
    for split, leaks in zip(pair, (True, False), strict=True):
        seen = set(trained(table, split)["lesion_id"])
        test = split.rows(table, "test").set_index("image_id")
        assert test["lesion_id"].is_unique
        can_leak = splits.with_siblings(split.table)[test.index]
        assert (can_leak == (test["total"] > 1)).all()
        assert 0 < can_leak.sum() < len(can_leak)
        assert (test["lesion_id"].isin(seen) == (can_leak & leaks)).all()
        validated = set(split.rows(table, "validation")["lesion_id"])
        assert not validated & (seen | set(test["lesion_id"]))
        assert len(splits.lesions_on_both_sides(split)) == (can_leak.sum() if leaks else 0)
    with pytest.raises(IntegrityError, match="although the split is by"):
        splits.validate(splits.Split("sealed", pair[0].table))


def test_neither_side_shows_more_lesions_than_the_other(drawn, table):
    one, other = (
        trained(table, drawn[unit]).groupby("dx")["lesion_id"].nunique() for unit in PAIRS["plain"]
    )
    assert (one - other).abs().max() <= 1
    assert abs(one.sum() - other.sum()) <= 2


def test_matched_replacements_are_lesions_of_the_same_kind(drawn, table):
    leaking, sealed = (trained(table, drawn[unit]) for unit in PAIRS["matched"])
    siblings = leaking.loc[leaking.index.difference(sealed.index)]
    replacements = sealed.loc[sealed.index.difference(leaking.index)]
    assert len(siblings) == len(replacements) > 50
    assert (replacements["total"] > 1).all()
    kinds = ["dx", "dx_type", "total"]
    counts = [frame.groupby(kinds).size() for frame in (siblings, replacements)]
    assert counts[0].sub(counts[1], fill_value=0).abs().sum() / 2 <= 0.15 * len(siblings)
    # One photograph of each replacement lesion is used by neither.
    used = replacements.groupby("lesion_id").size()
    assert (replacements.groupby("lesion_id")["total"].first() > used).all()
    assert not set(used.index) & set(leaking["lesion_id"])


@pytest.mark.parametrize(
    ("lesions", "sizes", "counts"),
    [
        ("abbccddde", (1, 2, 3), [1, 2, 3]),
        # None has five photographs: three of one and two of another.
        ("abbccddde", (5,), [2, 3]),
        # A piece of a larger lesion, where no smaller one is left.
        ("bbcc", (1, 1, 1), [1, 2]),
    ],
)
def test_lesions_with_as_many_photographs_are_chosen(lesions, sizes, counts):
    others = pd.DataFrame({"lesion_id": list(lesions)}, index=range(10, 10 + len(lesions)))
    wanted = [f"t{row}" for row, size in enumerate(sizes) for _ in range(size)]
    chosen = drawing._like(others, pd.DataFrame({"lesion_id": wanted}))
    assert len(set(chosen)) == sum(sizes)
    assert sorted(others.loc[chosen, "lesion_id"].value_counts()) == counts


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
