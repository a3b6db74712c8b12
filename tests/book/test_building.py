"""A small book: what is built again, and what is not, after each kind of change."""

import pytest
import yaml

from skinlib.book.building import build

# Where it still stands, the page was not written again.
OLD = "<!-- of the last build -->"


@pytest.fixture
def book(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "_config.yml").write_text("title: small\nexecute: {execute_notebooks: 'off'}\n")
    pages = {"index": "# First\n\nA [link](other.md).\n", "other": "# Other\n\nWords.\n",
             "third": "# Third\n\nWords.\n"}  # fmt: skip
    for name, text in pages.items():
        (tmp_path / "book" / f"{name}.md").write_text(text)
    contents(tmp_path, "other", "third")
    assert build(tmp_path, tmp_path) == 0
    for page in (tmp_path / "_build" / "html").glob("*.html"):
        page.write_text(page.read_text("utf-8") + OLD, "utf-8")
    return tmp_path


def contents(folder, *names):
    toc = {"format": "jb-book", "root": "index", "chapters": [{"file": name} for name in names]}
    (folder / "book" / "_toc.yml").write_text(yaml.safe_dump(toc))


def written(folder):
    """Return the pages that the last build wrote."""
    names = ("index", "other", "third")
    found = {name: folder / "_build" / "html" / f"{name}.html" for name in names}
    return {name for name, page in found.items() if OLD not in page.read_text("utf-8")}


def test_a_changed_sentence_writes_its_page_and_a_changed_title_all(book):
    (book / "book" / "other.md").write_text("# Other\n\nMore words.\n")
    assert build(book, book) == 0
    assert written(book) == {"index", "other"}, "the front page lists the others"
    assert "More words" in (book / "_build/html/other.html").read_text("utf-8")
    (book / "book" / "other.md").write_text("# Another\n\nMore words.\n")
    assert build(book, book) == 0
    assert written(book) == {"index", "other", "third"}
    assert "Another" in (book / "_build/html/third.html").read_text("utf-8")


def test_a_removed_page_is_gone_and_a_broken_one_breaks_every_build(book):
    contents(book, "other")
    (book / "book" / "third.md").unlink()
    assert build(book, book) == 0
    assert not (book / "_build/html/third.html").exists()
    (book / "book" / "other.md").write_text("# Other\n\n```{nothing}\n```\n")
    for _ in range(2):
        assert build(book, book) != 0
        assert not (book / "_build/html").exists()
