"""What pages are made of: numbers as the book prints them, tables, guarded sentences."""

import io
import math

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from skinlib import book
from skinlib.experiments import identities
from skinlib.stats.bootstrap import Estimate

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (0.7468, ".3f", "0.747"),
        (-0.0123, ".3f", "\u22120.012"),
        (-0.0001, ".3f", "0.000"),
        (0.05, "+.2f", "+0.05"),
        (0.7468, ".1%", f"74.7{NBSP}%"),
        (-0.011, "+.1%", f"\u22121.1{NBSP}%"),
        (10015, ",", "10,015"),
        (98765.4, ",.3g", "98,800"),
        (0.012345, ".3g", "0.0123"),
        (5.0, ".3g", "5"),
        (2.34e-6, ".2g", f"2.3{NBSP}·{NBSP}10⁻⁶"),
        (None, ".3f", "–"),
        (math.nan, ".1%", "–"),
        (Estimate(0.0861, 0.0291, 0.1371), "+.3f", f"+0.086{NBSP}[+0.029,{NBSP}+0.137]"),
        (Estimate(0.5, -0.25, 1.0), ".0%", f"50{NBSP}%{NBSP}[\u221225,{NBSP}100]"),
    ],
)
def test_numbers_are_written_as_the_book_prints_them(value, form, expected):
    assert book.text(value, form) == expected


def test_numbers_are_stored_for_sentences(monkeypatch):
    stored = []
    monkeypatch.setattr("IPython.display.display", lambda *args, **options: stored.append(args))
    book.numbers(gain=book.text(0.1234, "+.2f"), images=10015)
    key = "application/papermill.record/text/plain"
    # Python literals, as MyST-NB reads them.
    assert stored == [({key: "'+0.12'"},), ({key: "'10,015'"},)]


def table(cells, **options):
    return book.Table(pd.DataFrame({"a": cells}), "tab-x", "A caption.", **options)


def shown(cell):
    """What a Markdown parser shows of a cell."""
    lines = table([cell])._repr_markdown_().split("\n\n", 1)[1].removesuffix("::::\n")
    (content,) = pd.read_csv(io.StringIO(lines), dtype=str)["a"]
    tokens = MarkdownIt().disable(["html_inline", "html_block"]).parse(content)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert all(child.type == "text" for child in tokens[1].children)
    return "".join(child.content for child in tokens[1].children)


@pytest.mark.parametrize(
    "cell",
    ["x <b>", "*stress*", "a_b_c", "[link](x)", "`code`", "$x$ and {role}", "# heading", "- item",
     "+ item", "1. item", "> quoted", "a, b and \"c\"", "back\\slash", "~~gone~~", "a | b"],
)  # fmt: skip
def test_a_cell_is_plain_text(cell):
    assert shown(cell) == cell


def test_cells_are_typeset():
    assert shown("-0.051 [-0.1, 0.2]") == f"\u22120.051{NBSP}[\u22120.1,{NBSP}0.2]"
    assert shown("two\nlines") == "two lines"
    assert shown(None) == "–"
    assert shown("ISIC-0024306") == "ISIC-0024306"


def test_a_table_has_an_anchor_a_caption_and_a_note():
    found = table(["[x](y.md)"], markdown=("a",), note="Below.")._repr_markdown_()
    assert found.startswith("::::{csv-table} A caption.\n:name: tab-x\n:header-rows: 1\n")
    assert "[x](y.md)" in found
    assert found.endswith("::::\n\nBelow.\n")
    assert "<b>" not in table(["<b>"])._repr_html_()
    # A long cell has room.
    assert (
        "\n[" + "word " * 10 + "\\<b\\>]{.long}\n"
        in table(["word " * 10 + "<b>"])._repr_markdown_()
    )


def test_a_sentence_that_does_not_hold_fails_the_committed_book_and_is_marked_in_others(
    monkeypatch,
):
    monkeypatch.setattr(identities, "committed", lambda: True)
    assert book.expect(True, "it holds") is None
    with pytest.raises(AssertionError, match="'a gains on b', which does not hold"):
        book.expect(False, "a gains on b")
    monkeypatch.setattr(identities, "committed", lambda: False)
    note = book.expect(False, "a <gains> on b")
    assert ":::{warning}" in note._repr_markdown_()
    assert "does not hold that a \\<gains\\> on b" in note._repr_markdown_()
    assert "&lt;gains&gt;" in note._repr_html_()


def test_an_interactive_figure_carries_its_specification():
    found = book.Interactive({"mark": "bar"})._repr_markdown_()
    assert found == '`````{interactive}\n{"mark": "bar"}\n`````\n'
