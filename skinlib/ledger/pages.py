"""Turn ledger tables into MyST: a numbered table with its anchor, footnotes and notebook."""

import csv
import io
import re

# Where the notebook that computes a table lies, seen from a page of the book.
NOTEBOOK = "executed/ham10000-256px/report-ledger.ipynb"
# Characters from which a cell is a sentence.
LONG = 40


def markdown(entry, extra=()):
    """Return one table of the paper as MyST.

    Parameters
    ----------
    entry : skinlib.ledger.entry.Entry
    extra : sequence of str
        Further sentences below the table, what "ours" is for example.

    Returns
    -------
    str
        A ``csv-table`` whose anchor is `Entry.anchor`, footnotes, and a link to the
        notebook.
    """
    rows = io.StringIO()
    writer = csv.writer(rows, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow([escape(name) for name in entry.frame.columns])
    # A footnote's mark stays on the line of its number, and a sentence gets room to be one.
    writer.writerows([[_cell(cell) for cell in row] for row in entry.frame.to_numpy()])
    lines = [
        f":::{{csv-table}} {escape(entry.caption)}",
        f":name: {entry.anchor}",
        ":header-rows: 1",
        ":class: ledger",
        "",
        rows.getvalue().rstrip("\n"),
        ":::",
        "",
        "::::{container} notes",
    ]
    lines += [entry.note, *(f"{escape(line)}\n" for line in extra)]
    lines += [f"Computed in [the notebook *The ledger*]({NOTEBOOK}).", "::::", ""]
    return "\n".join(lines)


def _cell(cell):
    text = escape(cell).replace(r" \[", r"&nbsp;\[")
    return f"[{text}]{{.long}}" if len(cell) > LONG else text


def escape(text):
    """Escape what Markdown or HTML would take for markup."""
    text = " ".join(str(text).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]$|~^#])", r"\\\1", text)
