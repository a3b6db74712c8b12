"""Every file of the registry can be asked for and checked."""

import urllib.parse

import pytest

from skinlib.data.registry import DATASETS, HOST, WITHOUT_IMAGE


@pytest.mark.parametrize("row", [row for rows in DATASETS.values() for row in rows])
def test_every_row_is_complete(row):
    place = urllib.parse.urlsplit(row.url)
    assert (place.scheme, place.netloc) == ("https", HOST)
    assert place.path.rpartition("/")[2].isdigit()
    assert (row.kind == "csv") == (place.query == "format=original")
    assert row.name.endswith(f".{row.kind}")
    # Either a hash, or enough to judge the content by.
    if row.hash is None:
        assert row.members
    else:
        algorithm, _, digest = row.hash.partition(":")
        assert len(bytes.fromhex(digest)) == {"md5": 16, "sha256": 32}[algorithm]


def test_the_registry_adds_up():
    for rows in DATASETS.values():
        total = {kind: sum(r.members for r in rows if r.kind == kind) for kind in ("csv", "zip")}
        assert total["csv"] - total["zip"] in (0, len(WITHOUT_IMAGE))
    numbers = [row.url for rows in DATASETS.values() for row in rows]
    assert len(set(numbers)) == len(numbers)
