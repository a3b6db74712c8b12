"""One table of the ledger, in the order of the arguments of `skinlib.book.Table`."""

import typing

import pandas as pd


class Entry(typing.NamedTuple):
    """A table of the paper, regenerated: ``book.Table(*entry)``.

    Attributes
    ----------
    frame : pandas.DataFrame
        Cells as text.
    anchor : str
        In the book: ``paper-table-5``.
    caption : str
    markdown : tuple of str
        Columns whose cells are Markdown.
    note : str
        What is to be said about single cells; Markdown.
    """

    frame: pd.DataFrame
    anchor: str
    caption: str
    markdown: tuple = ()
    note: str = ""


def entry(number, rows, caption, *notes):
    """Return the entry of a table of the paper.

    Parameters
    ----------
    number : str
        As in the paper: ``1`` to ``8``, ``A1`` to ``A5``.
    rows : list of dict
    caption : str
        Without the number.
    *notes : str
        Paragraphs or lists; empty ones are left out.
    """
    return Entry(
        pd.DataFrame(rows),
        f"paper-table-{number.lower()}",
        f"Table {number} of the paper: {caption}",
        (),
        "\n\n".join(note for note in notes if note),
    )
