"""What the page is built from: the locked runtime, and a book that says so where it is missing."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from skinlib import cli
from skinlib.common import npm, paths
from skinlib.predict import browser

LOCK = json.loads((browser.SOURCES / npm.LOCK).read_text(encoding="utf-8"))


def test_every_locked_package_has_a_hash_and_no_address():
    packages = {name: entry for name, entry in LOCK["packages"].items() if name}
    assert "node_modules/onnxruntime-web" in packages
    for name, entry in packages.items():
        assert entry["integrity"].startswith("sha512-"), name
        assert "resolved" not in entry, name


@pytest.mark.parametrize(
    ("program", "code", "reason"),
    [(None, 2, "npm is not installed"), ("echo no such host >&2; exit 1", 75, "no such host")],
)
def test_without_npm_the_page_says_so_and_loads_nothing(
    program, code, reason, tmp_path, monkeypatch, capsys
):
    """In a book of one page, by the extension of the real one."""
    if program:
        (tmp_path / "npm").write_text(f"#!/bin/sh\n{program}\n")
        (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    made = tmp_path / "made"
    assert cli.main(["browser", "-o", str(made)]) == code
    assert "the book says so" in capsys.readouterr().err
    book = tmp_path / "book"
    book.mkdir()
    extensions = paths.ROOT / "book" / "_ext"
    (book / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(extensions)!r})\nextensions = ['browser']\n"
    )
    (book / "index.rst").write_text("Title\n=====\n\n.. browser::\n")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-n", "-W", book, tmp_path / "html"],
        env={**os.environ, "SKINLIB_BROWSER": str(made)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
    assert "Not built here" in page
    assert reason in page
    assert "python -m skinlib browser" in re.sub(r"<[^>]*>", "", page)
    assert "page.js" not in page
    assert not list(Path(tmp_path / "html").rglob("*.wasm"))
