"""The table of faults in the book, read off the names and docstrings of their tests."""

import ast
import inspect
import re

import pandas as pd

from skinlib import paths


def faults():
    """Return one row a fault test, in the order of the fault matrix.

    Returns
    -------
    pandas.DataFrame
        ``Fault`` (F01 to F35), ``What is done, and what must come of it``, ``Test``.
    """
    rows = []
    for path in sorted((paths.ROOT / "tests" / "faults").glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            name = getattr(node, "name", "")
            match = re.match(r"test_(f\d\d)_(.*)", name)
            if isinstance(node, ast.FunctionDef) and match:
                words = match[2].replace("_", " ")
                rows.append(
                    (match[1].upper(), words[0].upper() + words[1:] + _told(node), path.name)
                )
    frame = pd.DataFrame(rows, columns=["Fault", "What is done, or must come of it", "Test"])
    return frame.sort_values("Fault", kind="stable", ignore_index=True)


def _told(node):
    """Return the docstring of a test on one line, after a full stop."""
    text = ast.get_docstring(node)
    return f". {' '.join(inspect.cleandoc(text).split())}" if text else "."
