"""Files with the same bytes are found, kept once, and refused where they join what is apart."""

import json
import shutil

import pandas as pd
import pytest

from skinlib.common import paths
from skinlib.common.errors import IntegrityError
from skinlib.data import duplicates, ham10000
from skinlib.data.splits import Split


def test_copies_are_grouped_whatever_the_index_of_the_ids(caplog):
    ids = pd.Series([f"i{row}" for row in range(7)], index=range(9, 2, -1))
    assert duplicates.warn(ids, "abcdefg") == []
    assert not caplog.records
    assert duplicates.warn(ids, "abacbda") == [("i0", "i2", "i6"), ("i1", "i4")]
    assert "i0 = i2 = i6, i1 = i4" in caplog.text


@pytest.mark.parametrize(
    ("parts", "lesions", "unit", "refused"),
    [
        (["train", "train"], ["A", "B"], "lesion", False),
        (["train", "test"], ["A", "B"], "lesion", True),
        (["train", "validation"], ["A", "B"], "image", True),
        # The paper's split has one lesion in both sets anyhow; HAM10000 has such copies.
        (["train", "test"], ["A", "A"], "image", False),
    ],
)
def test_only_copies_that_join_what_is_apart_are_refused(parts, lesions, unit, refused):
    rows = {"image_id": ["i0", "i1"], "lesion_id": lesions, "part": parts}
    split = Split(unit, pd.DataFrame(rows))
    # An age policy may have dropped one of a pair.
    duplicates.refuse_across(split, [("i1", "gone")])
    if not refused:
        return duplicates.refuse_across(split, [("i0", "i1")])
    with pytest.raises(IntegrityError, match=rf"i0 \({parts[0]}\) = i1 \({parts[1]}\)"):
        duplicates.refuse_across(split, [("i0", "i1")])


def test_the_copies_of_a_data_set_are_kept(synthetic_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    folder = shutil.copytree(synthetic_folder, tmp_path / "set")
    expected = []
    table = ham10000.load(folder, decode=False).table
    for rows in ([2, 5, 11], [3, 19]):
        same = table.loc[rows]
        for copy in same["path"][1:]:
            shutil.copy(same["path"].iloc[0], copy)
        lesions = sorted(set(same["lesion_id"]))
        expected.append({"image_ids": list(same["image_id"]), "lesion_ids": lesions})
    data = ham10000.load(folder, decode=False)
    assert json.loads(duplicates.keep(data).read_text()) == {
        "name": "synthetic", "fingerprint": data.fingerprint, "images": 70, "copies": expected,
    }  # fmt: skip


def test_the_committed_record_is_of_the_committed_data():
    found = json.loads((paths.ROOT / "results" / "copies" / "ham10000-256px.json").read_text())
    assert found["images"] == 10015
    run = paths.ROOT / "results/runs/ham10000-256px/MobileNetV2-clean-160px-s0/run.json"
    assert json.loads(run.read_text())["data"]["fingerprint"] == found["fingerprint"]
