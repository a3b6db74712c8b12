"""What a page of the book needs: numbered tables, numbers for its sentences, guarded sentences.

A page is a notebook. Its code cells compute; its Markdown cells say what came out, with numbers
that a cell has handed over by `numbers`, and directions that a cell has checked by `expect`.
"""

import dataclasses
import html
import io
import json
import math
import re

import numpy as np
import pandas as pd

from skinlib.book import archive
from skinlib.experiments import identities

# A page that was downloaded alone reads the results of its release.
archive.bring()

NBSP, MINUS = "\u00a0", "\u2212"
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
# Cells with more characters wrap, and have a least width.
LONG = 40


def text(value, form=".3f"):
    """Format a number, or an estimate with its interval, as the book prints it.

    Parameters
    ----------
    value : float, int, None or skinlib.stats.bootstrap.Estimate
    form : str
        A format specification; ``.1%`` gives ``74.7 %``, ``,`` gives thousands separators,
        ``.3g`` three significant digits, with ``· 10⁻⁶`` for tiny numbers.

    Returns
    -------
    str
        With a real minus sign and spaces that do not break; ``–`` for None and NaN. An estimate
        is written ``0.086 [0.029, 0.137]``.
    """
    plain = form.replace("%", "f")
    percent = form.endswith("%")
    if hasattr(value, "low"):
        scale = 100 if percent else 1
        low, high = (text(scale * bound, plain) for bound in (value.low, value.high))
        return f"{text(value.value, form)}{NBSP}[{low},{NBSP}{high}]"
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    digits = re.search(r"\.(\d+)", form)
    shown = 100 * value if percent else value
    if form.endswith("g"):
        shown = float(format(shown, digits[0] + "g"))
        plain = plain.replace(digits[0], ".15")
    elif digits:
        # A value that rounds to nothing has no sign worth showing.
        shown = round(float(shown), int(digits[1])) + 0.0
    written = re.sub(r"e-0*(\d+)$", _power, format(shown, plain)).replace("-", MINUS)
    return f"{written}{NBSP}%" if percent else written


def _power(exponent):
    return f"{NBSP}·{NBSP}10⁻{exponent[1].translate(RAISED)}"


def texts(frame, form=".3f", forms=None):
    """Return a frame with its cells formatted by `text`, in the `form` of their column.

    Text stays as it is; whole numbers get thousands separators. `forms` has columns with a form
    of their own.
    """

    def write(value, form):
        if isinstance(value, str):
            return value
        return text(value, "," if isinstance(value, int | np.integer) else form)

    used = dict.fromkeys(frame, form) | (forms or {})
    cells = {name: [write(cell, used[name]) for cell in frame[name]] for name in frame}
    return pd.DataFrame(cells, dtype=object)


def numbers(**values):
    r"""Hand numbers, or texts, to the sentences of the page by name.

    A Markdown cell shows them with ``{glue:text}`\ ``name`\ ```; format them here, with `text`, so
    that a sentence holds no format.
    """
    from IPython.display import display

    for name, value in values.items():
        written = value if isinstance(value, str) else text(value, ",")
        # The form in which MyST-NB stores glued values, which the page itself does not show. As a
        # Python literal: it would read 7,470 as a tuple.
        display(
            {"application/papermill.record/text/plain": repr(written)},
            metadata={"scrapbook": {"name": name, "mime_prefix": "application/papermill.record/"}},
            raw=True,
        )


def expect(condition, sentence):
    """Guard a sentence that names a direction; return a `Note` for the reader if it does not hold.

    Raises
    ------
    AssertionError
        When the sentence does not hold on the committed results.
    """
    if condition:
        return None
    if identities.committed():
        msg = f"the page says '{sentence}', which does not hold on the committed results"
        raise AssertionError(msg)
    return Note(f"This page was written for other results; here it does not hold that {sentence}.")


@dataclasses.dataclass(frozen=True)
class Note:
    """A box of plain text in the page."""

    content: str

    def _repr_html_(self):
        return f"<div><b>Note.</b> {html.escape(self.content)}</div>"

    def _repr_markdown_(self):
        return f":::{{warning}}\n{escape(self.content)}\n:::\n"


@dataclasses.dataclass(frozen=True)
class Interactive:
    """A Vega-Lite figure with its data, in the place of the static one where scripts run."""

    specification: dict

    def _repr_html_(self):
        return "<p>In the book this figure is interactive.</p>"

    def _repr_markdown_(self):
        return f"`````{{interactive}}\n{json.dumps(self.specification)}\n`````\n"


@dataclasses.dataclass(frozen=True)
class Table:
    """A numbered, linked table.

    Attributes
    ----------
    frame : pandas.DataFrame
        Numbers are written as they are, so format them before; NaN and None become ``–``.
    name : str
        Anchor, unique in the book. One that begins with ``paper-`` is a table of the paper and
        has no number of the book's own.
    caption : str
        Markdown.
    markdown : tuple of str
        Columns whose cells are Markdown (links, for example). All other cells are plain text.
    note : str
        Markdown below the table.
    """

    frame: pd.DataFrame
    name: str
    caption: str
    markdown: tuple = ()
    note: str = ""

    def cells(self):
        """Return the table as strings."""
        frame = self.frame.astype(object).where(self.frame.notna(), "–")
        return frame.map(_typeset)

    def _repr_html_(self):
        return self.cells().to_html(index=False)

    def _repr_markdown_(self):
        frame = self.cells()
        for column in frame:
            if column not in self.markdown:
                frame[column] = frame[column].map(_plain)
        frame.columns = [escape(str(column)) for column in frame]
        file = io.StringIO()
        frame.to_csv(file, index=False)
        options = f":name: {self.name}\n:header-rows: 1\n:class: ledger"
        note = f"\n{self.note}\n" if self.note else ""
        return f"::::{{csv-table}} {self.caption}\n{options}\n\n{file.getvalue()}::::\n{note}"


def _plain(cell):
    """Return a cell of plain text; the style sheet gives long ones room."""
    return f"[{escape(cell)}]{{.long}}" if len(cell) > LONG else escape(cell)


def _typeset(cell):
    """Return a cell on one line, with real minus signs and intervals that do not break."""
    written = re.sub(r"\s*\n\s*", " ", str(cell))
    written = re.sub(r"(?<![\w.\-])-(?=\.?\d)", MINUS, written)
    return re.sub(r" ?\[([^\[\]]*\d), ([^\[\]]*\d)\]", rf"{NBSP}[\1,{NBSP}\2]", written)


def escape(cell):
    """Return text whose characters mean nothing in Markdown."""
    escaped = re.sub(r"([\\`*_\[\]<>${}~|^])", r"\\\1", cell)
    # At the start of a cell these would begin a list, a heading or a quotation.
    escaped = re.sub(r"^([-+#:=])", r"\\\1", escaped)
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", escaped)
