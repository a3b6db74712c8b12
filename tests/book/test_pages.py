"""Pages with numbers: which are executed again."""

import os

import pytest
import written

from skinlib.book import pages
from skinlib.cli import main
from skinlib.common import paths


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Make a clone with three pages, of which two read results, and a notebook that is none."""
    for name, folder in {"ROOT": "", "NOTEBOOKS": "notebooks", "BOOK": "book"}.items():
        monkeypatch.setattr(paths, name, tmp_path / folder)
        (tmp_path / folder).mkdir(exist_ok=True)
    monkeypatch.setenv("SKINLIB_ROOT", str(tmp_path))
    for folder in ("results", "skinlib"):
        (tmp_path / folder).mkdir()
    (tmp_path / "skinlib" / "library.py").write_text("")
    (tmp_path / "results" / "a.json").write_text("{}")
    (tmp_path / "book" / "_toc.yml").write_text(
        "root: all\nchapters:\n- file: one\n- file: none\n- file: text\n"
    )
    write("all", "1 + 1")
    write("one", "2 + 2", reads=["results/a.json"])
    write("none", "3 + 3", reads=[])
    write("train", "4 + 4")
    pages._files.cache_clear()
    yield tmp_path
    pages._files.cache_clear()


def write(name, code, **metadata):
    """Write a notebook; what it reads is in its metadata."""
    metadata = {"skinlib": metadata} if metadata else {}
    written.write(paths.NOTEBOOKS / f"{name}.ipynb", "# Title", code, **metadata)


def later(path):
    """Write a file after everything that was made so far."""
    path.write_text("{}")
    os.utime(path, (2**32, 2**32))
    pages._files.cache_clear()


def due():
    return [name for name in pages.named() if pages.out_of_date(name)]


def test_only_what_is_older_than_its_sources_is_executed(small):
    assert pages.named() == ["all", "one", "none"]
    assert due() == ["all", "one", "none"]
    assert pages.make(due(), 2) == {}
    shown = [written.outputs(pages.page(name))[0][0].data for name in pages.named()]
    assert [each["text/plain"] for each in shown] == ["2", "4", "6"]
    assert due() == []
    later(small / "results" / "b.csv")
    assert due() == ["all"]
    later(small / "results" / "a.json")
    assert due() == ["all", "one"]
    later(small / "skinlib" / "library.py")
    assert due() == ["all", "one", "none"]


def test_a_page_that_fails_is_named_and_the_others_are_made(small):
    write("one", "import math\nmath.sqrt(-1)")
    failed = pages.make(pages.named(), 2)
    assert set(failed) == {"one"}
    assert "'one' failed in cell 1: ValueError: math domain error" in str(failed["one"])
    assert due() == ["one"]


@pytest.mark.parametrize("count", ["0", "-1", "two"])
def test_a_number_of_workers_that_is_none_is_refused(count, capsys):
    with pytest.raises(SystemExit):
        main(["pages", f"--workers={count}"])
    assert f"'{count}' is no count, expected a whole number above 0" in capsys.readouterr().err
