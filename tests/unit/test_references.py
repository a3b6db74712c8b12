"""The bibliography parses, is complete, and agrees with the paper's numbering."""

import re
from collections import Counter

import pytest

from skinlib import paper
from skinlib.common import paths

database = pytest.importorskip("pybtex.database", reason="pybtex comes with the book extra")

BIB = paths.BOOK / "references.bib"

# The printed list runs from 1 to 37, has no 26 and uses 31 twice.
NUMBERS = {str(n) for n in range(1, 38)} - {"26", "31"} | {"31a", "31b"}


@pytest.fixture(scope="module")
def bibliography():
    return database.parse_file(BIB, bib_format="bibtex", encoding="utf-8")


def test_keys_are_unique_and_say_author_and_year(bibliography):
    written = re.findall(r"^\s*@\w+\{([^,\s]+),", BIB.read_text(encoding="utf-8"), re.MULTILINE)
    assert [key for key, n in Counter(map(str.lower, written)).items() if n > 1] == []
    assert sorted(written) == sorted(bibliography.entries)
    for key, entry in bibliography.entries.items():
        assert re.fullmatch(r"[a-z]+\d{4}[a-z0-9]+", key), key
        assert entry.fields["year"] in key, key
        assert entry.persons.get("author"), key
        assert entry.fields.get("title", "").strip(), key


@pytest.mark.parametrize(
    ("field", "form"), [("doi", r"10\.\d{4,9}/\S+"), ("eprint", r"\d{4}\.\d{4,5}")]
)
def test_identifiers_are_bare_and_unique(bibliography, field, form):
    found = [e.fields[field].lower() for e in bibliography.entries.values() if field in e.fields]
    assert all(re.fullmatch(form, each) for each in found)
    assert len(set(found)) == len(found)


def test_every_number_of_the_paper_has_an_entry(bibliography):
    """One key each, but for the reference that is printed twice; comments say the same."""
    numbers = paper.load("reference_keys")
    assert set(numbers) == NUMBERS
    assert set(numbers.values()) <= set(bibliography.entries)
    assert numbers["29"] == numbers["31b"]
    assert len(set(numbers.values())) == len(numbers) - 1
    text = BIB.read_text(encoding="utf-8")
    commented = {
        number: key
        for comment, key in re.findall(r"^% (\[.*\])\n@\w+\{([^,\s]+),", text, re.MULTILINE)
        for number in re.findall(r"\[(\d+[ab]?)\]", comment)
    }
    assert commented == numbers
