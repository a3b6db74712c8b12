"""Read a CSV file without guessing, and name what is wrong with it by row and value.

pandas would fill a row that is too short, take the first column of rows that are
too long for row names, and count past blank lines.
"""

import csv

import pandas as pd

from skinlib.errors import DataError


def read_text(path, columns):
    """Read columns of a CSV file as stripped text.

    Accepts a byte-order mark, Windows line ends, comma or semicolon.

    Parameters
    ----------
    path : pathlib.Path
    columns : sequence of str
        Those to return, in this order; the file may have more.

    Returns
    -------
    pandas.DataFrame
        Strings. The index is the line in the file as an editor numbers it (header = 1).

    Raises
    ------
    DataError
        If the file is no CSV, lacks a column or has it twice, has no rows, or has a row of
        more or fewer fields than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            separator = ";" if header.count(";") > header.count(",") else ","
            reader = csv.reader(file, delimiter=separator, strict=True)
            rows = [(reader.line_num, [field.strip() for field in row]) for row in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        msg = f"'{path}' is not a readable CSV file: {error}"
        raise DataError(msg) from error
    rows = [(line, row) for line, row in rows if any(row)]
    names = rows.pop(0)[1] if rows else []
    wrong = [name for name in columns if names.count(name) != 1]
    if wrong:
        msg = f"'{path}' lacks the columns {wrong}, or has them twice; found {names[:20]}"
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
    return pd.DataFrame(fields, index=lines, columns=names, dtype=str)[list(columns)]


def refuse(table, path, column, bad, expected):
    """Refuse a table for what stands in some of its rows.

    Parameters
    ----------
    table : pandas.DataFrame
        From `read_text`.
    path : pathlib.Path
        Where it was read, for the message.
    column : str
        The one at fault.
    bad : pandas.Series of bool
        The rows at fault; nothing happens where there are none.
    expected : str
        What the message says should have stood there.

    Raises
    ------
    DataError
        Naming the first of these rows, its value and how many more there are.
    """
    if not bad.any():
        return
    rows = table.index[bad]
    more = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
    msg = (
        f"{path.name} row {rows[0]}: {column} is {table.loc[rows[0], column]!r}, "
        f"expected {expected}{more}; correct the file '{path}'"
    )
    raise DataError(msg)
