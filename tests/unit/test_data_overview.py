"""What the page on the data shows: counted from the data, or read from what is kept."""

import pandas as pd
import pytest

from skinlib.common.classes import CLASSES, HAM10000_COUNTS
from skinlib.experiments import data_overview, identities
from skinlib.experiments.study import load_study


def test_a_split_by_hand():
    table = pd.DataFrame(
        [("a", "L1", "train"), ("b", "L1", "test"), ("c", "L1", "test"), ("d", "L2", "test"),
         ("e", "L3", "validation"), ("f", "L4", "unused")],
        columns=["image_id", "lesion_id", "part"],
    )  # fmt: skip
    assert data_overview.describe_split(table) == {
        "Training": 1, "Validation": 1, "Test": 3, "Shared lesions": 1, "Shared photographs": 2,
    }  # fmt: skip
    assert data_overview.describe_split(table[table["part"] != "validation"])["Validation"] is None


def test_drawn_data_are_counted():
    found = data_overview.count("synthetic:140")
    assert found.name == "synthetic"
    assert found.counts["images"].sum() == 140
    assert list(found.counts.index) == list(CLASSES)
    assert found.copies == []
    by_image, by_lesion = found.splits.to_dict("records")
    assert (by_image["Split"], by_lesion["Split"]) == ("by photograph", "by lesion")
    assert by_image["Shared photographs"] > 0 == by_lesion["Shared photographs"]
    assert by_image["Training"] + by_image["Validation"] + by_image["Test"] == 140


def test_what_is_kept_of_the_real_data():
    if not identities.committed():
        pytest.skip("other runs than the committed ones")
    found = data_overview.kept(load_study("ham10000-256px").finished())
    assert found.counts["images"].to_dict() == HAM10000_COUNTS
    assert found.name == "ham10000-256px"
    assert [len(ids) for ids in found.copies] == [2, 2]
    assert (found.one_lesion, found.missing_age) == (True, 57)
    assert found.splits["Test"].tolist() == [996, 1503]
    assert found.splits["Shared lesions"].tolist() == [397, 0]
