"""Photographs of one lesion under two ids count as one lesion."""

import pandas as pd
import pytest

from skinlib.common.errors import IntegrityError
from skinlib.data import same_lesion, splits
from skinlib.experiments.recipes import RECIPES, Recipe, get_recipe


def table_with_pairs():
    """All eighteen pairs, the other photographs of their lesions, and lesions for a split."""
    rows = []
    for number, (one, other) in enumerate(same_lesion.pairs()):
        rows += [(one, f"L{number}a", "nv"), (other, f"L{number}b", "nv")]
        rows += [(f"more_{number}", f"L{number}b", "nv")]
    for number in range(400):
        rows.append(
            (
                f"x_{number}",
                f"X{number}",
                ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")[number % 7],
            )
        )
    return pd.DataFrame(rows, columns=["image_id", "lesion_id", "dx"])


def test_the_pairs_are_eighteen_and_their_ids_photographs_of_ham10000():
    ids = [image for pair in same_lesion.pairs() for image in pair]
    assert len(same_lesion.pairs()) == 18
    assert len(set(ids)) == 36
    assert all(len(image) == 12 and image.startswith("ISIC_00") for image in ids)


def test_a_pair_and_the_other_photographs_of_its_lesions_get_one_id():
    table = table_with_pairs()
    joined = same_lesion.join(table).set_index("image_id")["lesion_id"]
    for number, (one, other) in enumerate(same_lesion.pairs()):
        assert joined[one] == joined[other] == joined[f"more_{number}"] == f"L{number}a"
    assert joined["x_0"] == "X0"
    assert joined.nunique() == table["lesion_id"].nunique() - 18
    # The table handed in is left as it was.
    assert table["lesion_id"].nunique() == 436


def test_chains_of_pairs_become_one_lesion(monkeypatch):
    monkeypatch.setattr(same_lesion, "pairs", lambda: (("b", "c"), ("a", "b"), ("z", "a")))
    table = pd.DataFrame({"image_id": list("abcd"), "lesion_id": list("3214")})
    assert list(same_lesion.join(table)["lesion_id"]) == ["1", "1", "1", "4"]


@pytest.mark.parametrize("seed", range(5))
def test_no_split_by_lesion_tears_a_joined_pair(seed):
    options = {"unit": "lesion", "test": 0.2, "validation": 0.2, "seed": seed}
    joined = splits.make_split(same_lesion.join(table_with_pairs()), **options)
    assert same_lesion.torn(joined) == []
    parts = joined.table.set_index("image_id")["part"]
    assert all(parts[one] == parts[other] for one, other in same_lesion.pairs())


def test_torn_pairs_are_named_with_their_sets():
    one, other = same_lesion.pairs()[0]
    third, fourth = same_lesion.pairs()[1]
    parts = {one: "train", other: "test", third: "unused", fourth: "test"}
    frame = pd.DataFrame({"image_id": list(parts), "lesion_id": "L", "part": parts.values()})
    assert same_lesion.torn(splits.Split("image", frame)) == [(one, other, "train", "test")]


def test_a_split_of_joined_lesions_fits_the_data_it_was_drawn_from():
    table = table_with_pairs()
    options = {"unit": "lesion", "test": 0.2, "validation": 0.2, "seed": 0}
    split = splits.make_split(same_lesion.join(table), **options)
    splits.check_images(split, table, "a.csv")
    table.loc[table["image_id"] == "x_0", "lesion_id"] = "another"
    with pytest.raises(IntegrityError, match="1 images of 'a.csv'.*x_0"):
        splits.check_images(split, table, "a.csv")


def test_new_clean_runs_join_them_and_old_records_do_not():
    assert get_recipe("clean").lesion_pairs == "joined"
    assert get_recipe("best").lesion_pairs == "joined"
    assert Recipe("clean").lesion_pairs == "apart"
    for name in ("md-as-logged", "md-as-described", "ad-as-logged", "ad-as-described"):
        assert RECIPES[name].lesion_pairs == "apart", name
