"""The bibliography parses, is complete, and agrees with the paper's numbering."""

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

pytest.importorskip("pybtex", reason="pybtex comes with the book extra")

from pybtex import errors
from pybtex.database import parse_file
from pybtex.plugin import find_plugin

ROOT = Path(__file__).resolve().parents[2]
BIB = ROOT / "book" / "references.bib"
KEYS = ROOT / "skinlib" / "paper" / "reference_keys.yaml"

# The printed list runs from 1 to 37, has no 26 and uses 31 twice.
NUMBERS = {str(n) for n in range(1, 38)} - {"26", "31"} | {"31a", "31b"}


@pytest.fixture(scope="module")
def bibliography():
    with errors.capture() as found:
        parsed = parse_file(BIB, bib_format="bibtex", encoding="utf-8")
    assert [str(error) for error in found] == []
    return parsed


@pytest.fixture(scope="module")
def numbers():
    return yaml.safe_load(KEYS.read_text(encoding="utf-8"))


def test_keys_are_unique_and_all_parsed(bibliography):
    written = re.findall(r"^\s*@\w+\{([^,\s]+),", BIB.read_text(encoding="utf-8"), re.MULTILINE)
    assert [key for key, n in Counter(map(str.lower, written)).items() if n > 1] == []
    assert sorted(written) == sorted(bibliography.entries)


def test_keys_are_first_author_year_keyword(bibliography):
    odd = [key for key in bibliography.entries if not re.fullmatch(r"[a-z]+\d{4}[a-z0-9]+", key)]
    assert odd == []
    for key, entry in bibliography.entries.items():
        assert entry.fields["year"] in key, key


def test_entries_have_author_title_year(bibliography):
    for key, entry in bibliography.entries.items():
        assert entry.persons.get("author"), key
        assert entry.fields.get("title", "").strip(), key
        assert re.fullmatch(r"(19|20)\d\d", entry.fields.get("year", "")), key


def test_identifiers_are_bare_and_unique(bibliography):
    fields = [entry.fields for entry in bibliography.entries.values()]
    dois = [field["doi"].lower() for field in fields if "doi" in field]
    eprints = [field["eprint"] for field in fields if "eprint" in field]
    assert all(re.fullmatch(r"10\.\d{4,9}/\S+", doi) for doi in dois)
    assert all(re.fullmatch(r"\d{4}\.\d{4,5}", eprint) for eprint in eprints)
    assert len(set(dois)) == len(dois)
    assert len(set(eprints)) == len(eprints)


def test_every_number_of_the_paper_has_an_entry(bibliography, numbers):
    assert set(numbers) == NUMBERS
    assert set(numbers.values()) <= set(bibliography.entries)


def test_only_the_repeated_reference_shares_a_key(numbers):
    assert numbers["29"] == numbers["31b"]
    assert len(set(numbers.values())) == len(numbers) - 1


def test_comments_in_the_file_give_the_same_numbers(numbers):
    text = BIB.read_text(encoding="utf-8")
    commented = {
        number: key
        for comment, key in re.findall(r"^% (\[.*\])\n@\w+\{([^,\s]+),", text, re.MULTILINE)
        for number in re.findall(r"\[(\d+[ab]?)\]", comment)
    }
    assert commented == numbers


def test_the_style_of_the_book_can_format_every_entry(bibliography):
    style = find_plugin("pybtex.style.formatting", "unsrt")()
    with errors.capture() as found:
        formatted = list(style.format_entries(bibliography.entries.values()))
    assert [str(error) for error in found] == []
    assert len(formatted) == len(bibliography.entries)
