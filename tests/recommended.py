"""The commands that messages, pages and comments recommend, found where they are written."""

import ast
import itertools
import json
import re
from pathlib import Path

from skinlib.common import paths

ROOT = paths.ROOT
# What stands for a value that is put in later, in f-strings and in prose.
VALUES = {"dataset": "ham10000", "option": "--json", "name": "train", "study": "leakage"}
SHELL = re.compile(r"\s(?:[|>&]|\d>)|[`;]|, |\)|\\n|\$")


def strings(path):
    """Yield the texts of a Python file, with something in the place of what they are filled with."""
    inside = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            inside.update(map(id, node.values))
            yield "".join(
                part.value if isinstance(part, ast.Constant)
                else next((VALUES[word] for word in re.findall(r"\w+", ast.unparse(part))
                           if word in VALUES), "1")
                for part in node.values
            )  # fmt: skip
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in inside
        ):
            yield node.value


def texts():
    """Yield ``(file, text)`` of everything that a person may read."""
    for path in sorted(ROOT.glob("skinlib/**/*.py")):
        yield from ((path, text) for text in strings(path))
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            yield path, "".join(cell["source"])
    patterns = ("*.md", "book/*.md", "book/_ext/*.py", "book/browser/*.js", "models/*/*.md",
                "skinlib/**/*.md", "Makefile", "Snakefile", "studies/*.yaml",
                "profiles/*/*")  # fmt: skip
    for path in sorted(itertools.chain.from_iterable(map(ROOT.glob, patterns))):
        if path.is_file():
            yield path, path.read_text(encoding="utf-8")


def commands():
    """Yield ``(file, words after skinlib)`` of every command of ours that is written somewhere."""
    for path, text in texts():
        text = re.sub(r"\\\n\s*(?:#\s*)?", " ", text)
        for found in re.finditer(r"(?:python -m |`)skinlib +((?:[a-z]|<)[^\n]*)", text):
            line = SHELL.split(found[1].split("  #")[0])[0].strip().rstrip(".:'\"")
            yield Path(path).relative_to(ROOT).as_posix(), line


# The rest of this one is put behind it; tests/unit/test_cli.py parses it whole, for every run.
CONTINUED = "train --study mine --backbone"
FOUND = sorted({each for each in commands() if each[1] != CONTINUED and each[1][0] != "<"})
