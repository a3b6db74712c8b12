"""A small book is printed: contents, page numbers, bookmarks and links agree."""

import re
import subprocess
import sys

import pytest
from visiting import chromium_program

from skinlib.cli import main

pypdf = pytest.importorskip("pypdf", reason="comes with the extra publish")
pytest.importorskip("playwright", reason="comes with the extra test")
PAGES = {
    "index.html": ("The front", 1, "<p>See <a href='second.html#there'>the second</a>.</p>"),
    "first.html": ("First page", 1, "<div style='height: 2000px'></div><p>below</p>"),
    "second.html": ("Second page", 2, "<p id='there'>hidden in print: <button>no</button></p>"),
}


@pytest.fixture
def book(tmp_path):
    """Three pages with the navigation of the theme; the second is longer than a sheet."""
    folder = tmp_path / "html"
    folder.mkdir()
    links = "".join(
        f'<li class="toctree-l{depth}"><a class="reference internal" href="{name}">{title}</a></li>'
        for name, (title, depth, _) in PAGES.items()
    )
    for name, (title, _, body) in PAGES.items():
        text = f"<meta charset=utf-8><title>{title} — Book</title><nav class='bd-links'>{links}</nav><h1>{title}</h1>"
        (folder / name).write_text(text + body, encoding="utf-8")
    return folder


def test_contents_numbers_bookmarks_and_links(book, tmp_path):
    chromium_program()
    output = tmp_path / "book.pdf"
    # In a process of its own: other tests have a browser open in this one.
    command = [sys.executable, "-m", "skinlib", "pdf", str(book), "-o", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reader = pypdf.PdfReader(output)
    texts = [page.extract_text() for page in reader.pages]
    assert f"{len(texts)} pages" in done.stdout
    marks = {each.title: reader.get_destination_page_number(each)
             for each in reader.outline if not isinstance(each, list)}  # fmt: skip
    titles = [title for title, *_ in PAGES.values()]
    assert list(marks) == ["Contents", *titles]
    for title in titles:
        assert title in texts[marks[title]]
        (number,) = re.findall(rf"{title}\s*(\d+)", texts[1])
        assert int(number) == marks[title] + 1
    assert marks["Second page"] - marks["First page"] >= 2
    for place, text in enumerate(texts):
        assert text.strip().endswith(str(place + 1))
    assert "no" not in texts[marks["Second page"]].split()
    notes = [note.get_object() for note in reader.pages[marks["The front"]]["/Annots"]]
    assert {note["/A"]["/S"] for note in notes} == {"/GoTo"}
    assert notes[-1]["/A"]["/D"][0] == reader.pages[marks["Second page"]].indirect_reference


def test_what_is_missing_is_said(book, tmp_path, monkeypatch, capsys):
    assert main(["pdf", str(tmp_path), "-o", str(tmp_path / "book.pdf")]) == 2
    assert "make book" in capsys.readouterr().err
    monkeypatch.setenv("SKINLIB_CHROMIUM", "no-such-browser")
    assert main(["pdf", str(book), "-o", str(tmp_path / "book.pdf")]) == 2
    assert "SKINLIB_CHROMIUM" in capsys.readouterr().err
    assert not (tmp_path / "book.pdf").exists()
