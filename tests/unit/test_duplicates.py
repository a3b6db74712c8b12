"""Files with the same bytes are found, and refused where they join what is to be apart."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from skinlib.common.errors import IntegrityError
from skinlib.data import duplicates
from skinlib.data.splits import Split


def digests(contents):
    found = b"".join(hashlib.sha256(content).digest() for content in contents)
    return np.frombuffer(found, np.uint8).reshape(-1, 32)


def split(parts, lesions, unit):
    names = [f"i{row}" for row in range(len(parts))]
    return Split(unit, pd.DataFrame({"image_id": names, "lesion_id": lesions, "part": parts}))


def test_copies_are_grouped_by_all_their_bytes():
    ids = [f"i{row}" for row in range(7)]
    assert duplicates.groups(ids, digests([b"a", b"b", b"a", b"c", b"b", b"d", b"a"])) == [
        ("i0", "i2", "i6"),
        ("i1", "i4"),
    ]
    assert duplicates.groups(ids, digests([b"%d" % row for row in range(7)])) == []
    assert duplicates.groups(ids[:1], digests([b"a"])) == []


def test_hashes_that_begin_alike_are_not_equal():
    found = digests([b"a", b"b", b"a"]).copy()
    found[1, :31] = found[0, :31]
    assert duplicates.groups(["i0", "i1", "i2"], found) == [("i0", "i2")]


def test_the_ids_are_those_of_the_rows_whatever_the_index():
    ids = pd.Series(["x", "y", "z"], index=[5, 0, 2])
    assert duplicates.groups(ids, digests([b"a", b"b", b"a"])) == [("x", "z")]


def test_a_warning_names_them(caplog):
    assert duplicates.warn(["i0", "i1"], digests([b"a", b"b"])) == []
    assert not caplog.records
    duplicates.warn(["i0", "i1"], digests([b"a", b"a"]))
    assert "i0 = i1" in caplog.text


@pytest.mark.parametrize(
    ("parts", "lesions", "unit", "refused"),
    [
        (["train", "train"], ["A", "B"], "lesion", False),
        (["train", "test"], ["A", "B"], "lesion", True),
        (["train", "validation"], ["A", "B"], "image", True),
        # The paper's split puts one lesion on both sides anyhow; HAM10000 has such copies.
        (["train", "test"], ["A", "A"], "image", False),
        (["train", "test"], ["A", "A"], "lesion", True),
    ],
)
def test_only_copies_that_join_what_is_apart_are_refused(parts, lesions, unit, refused):
    drawn = split(parts, lesions, unit)
    if not refused:
        return duplicates.refuse_across(drawn, [("i0", "i1")])
    with pytest.raises(IntegrityError, match=rf"i0 \({parts[0]}\) = i1 \({parts[1]}\)"):
        duplicates.refuse_across(drawn, [("i0", "i1")])


def test_a_copy_that_the_age_policy_dropped_is_on_no_side():
    duplicates.refuse_across(split(["train", "test"], ["A", "B"], "lesion"), [("i1", "gone")])
    duplicates.refuse_across(split(["train", "test"], ["A", "B"], "lesion"), [])
