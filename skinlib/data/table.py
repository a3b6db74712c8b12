"""Read a CSV file without guessing, and name what is wrong with it by row and value.

pandas would fill a row that is too short, take the first column of rows that are
too long for row names, and count past blank lines.
"""

import csv
import io
import re
from types import MappingProxyType

import pandas as pd

from skinlib.common.errors import DataError


def read_text(path, columns, optional=(), also=MappingProxyType({})):
    """Read a CSV file as stripped text: all its columns, their names in small letters.

    Accepts a byte-order mark, any line ends, comma, semicolon or tab, Excel's line ``sep=;``, and
    capitals in names of columns. `columns` must, and `optional` ones may be there, once; `also` has
    other names of columns, and what they are called here. The index is the line in the file
    (header = 1).

    Raises
    ------
    DataError
        If the file is no CSV, lacks a column or has it twice, has no rows, or has a row of
        more or fewer fields than the header.
    """
    rows = _rows(path)
    if not rows:
        msg = f"'{path}' is empty; expected a first line with {', '.join(columns)}"
        raise DataError(msg)
    found = rows.pop(0)[1]
    names = [also.get(name.lower(), name.lower()) for name in found]
    if lacking := [name for name in columns if name not in names]:
        msg = f"'{path}' lacks the columns {lacking}, its header has {found[:20]}; add them there"
        raise DataError(msg)
    if twice := [name for name in (*columns, *optional) if names.count(name) > 1]:
        msg = f"'{path}' has {twice} more than once, its first line has {found[:20]}; keep one each"
        raise DataError(msg)
    if not rows:
        msg = f"'{path}' has no rows; expected one row an image"
        raise DataError(msg)
    for line, row in rows:
        if len(row) != len(names):
            msg = (
                f"{path.name} row {line}: {len(row)} fields, expected {len(names)} as in the "
                f"header; correct the file '{path}'"
            )
            raise DataError(msg)
    lines, fields = zip(*rows, strict=True)
    return pd.DataFrame(fields, index=lines, columns=names, dtype=str)


def _rows(path):
    """Return line and fields of all rows that are not blank, the header among them."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        msg = f"'{path}' is not a readable CSV file: it is not text in UTF-8; save it as CSV, UTF-8"
        raise DataError(msg)
    told = re.match(r'\s*"?sep=(.)"?[^\S\n]*\n', text, re.IGNORECASE)
    # The line stays, empty, so that rows keep their numbers.
    text = "\n" * told[0].count("\n") + text[told.end() :] if told else text
    header = text.lstrip().partition("\n")[0]
    separator = told[1] if told else max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    rows = []
    try:
        for row in reader:
            rows.append((reader.line_num, [field.strip() for field in row]))
    except csv.Error as error:
        msg = (
            f"'{path}' is not a readable CSV file: {error} in row "
            f"{rows[-1][0] + 1 if rows else 1}; close the quotation marks there"
        )
        raise DataError(msg) from error
    return [(line, row) for line, row in rows if any(row)]
