"""The book as one PDF: Chromium prints its pages, pypdf puts them together.

With a contents page, page numbers, bookmarks, and links from page to page.
"""

import functools
import html
import io
import os
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

from skinlib import __version__
from skinlib.common import NOT_A_DEVICE
from skinlib.common.errors import DataError
from skinlib.common.files import atomic_path
from skinlib.common.process import need

# Where the browser sees the book: its files come from the folder, and other hosts are not asked.
ADDRESS = "https://book/"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
SIDES = {"top": "18mm", "bottom": "20mm", "left": "16mm", "right": "16mm"}
PAPER = {"format": "A4", "margin": SIDES}
SCALE = 0.8
# The entries of the table of contents, in order, with their depth.
CONTENTS = """() => [...document.querySelectorAll("nav.bd-links a.reference.internal")].map(a => [
    new URL(a.href).pathname.slice(1), a.textContent.trim(),
    (a.closest("li").className.match(/toctree-l(\\d)/) || [0, 1])[1] - 1])"""
# On paper nothing scrolls: wide tables and code become smaller or wrap.
STYLE = """
.bd-content, .bd-article-container, .bd-main, .bd-article, main { max-width: none !important;
    width: auto !important; padding: 0 !important; overflow: visible !important }
.pst-scrollable-table-container, .cell_output, .output, .highlight { overflow: visible !important;
    max-width: none !important }
table { font-size: 9pt !important; width: 100% !important }
td, th { padding: 2px 4px !important; min-width: 0 !important; overflow-wrap: anywhere }
td .long { min-width: 0 !important }
pre { white-space: pre-wrap !important; overflow-wrap: anywhere; font-size: 9pt !important }
figure, tr, .admonition, .sd-card { break-inside: avoid }
img, svg { max-width: 100% !important }
.prev-next-footer, .bd-footer-article, .headerlink, .bd-header-article, .toggle-button,
    .bd-sidebar-secondary, .above-input, .copybtn, #jb-print-toc,
    button { display: none !important }
"""
SHEET = """<style>body { font: 10.5pt sans-serif; margin: 0 } h1 { margin-top: 60mm }
    h2 { break-before: page } .row { display: flex; break-inside: avoid }
    .row i { flex: 1; border-bottom: 1px dotted #888; margin: 0 6px 4px }
    .number { break-after: page; height: 250mm; position: relative }
    .number span { position: absolute; bottom: -6mm; width: 100%; text-align: center; color: #555 }
    </style>"""


def write(folder, output):
    """Print a built book; return the number of pages.

    Parameters
    ----------
    folder : str or pathlib.Path
        With ``index.html``.
    output : str or pathlib.Path

    Raises
    ------
    DataError
        There is no book, no Chromium (``SKINLIB_CHROMIUM`` names another), or a package is missing.
    """
    need("playwright", "test")
    need("pypdf", "publish")
    from playwright.sync_api import sync_playwright

    if not (Path(folder) / "index.html").is_file():
        msg = f"there is no book in '{folder}': 'index.html' is missing; run `make book` first"
        raise DataError(msg)
    name = os.environ.get("SKINLIB_CHROMIUM", "chromium")
    if (program := shutil.which(name)) is None:
        msg = f"'{name}' is not installed; install Chromium, or name a browser by SKINLIB_CHROMIUM"
        raise DataError(msg)

    def answer(route):
        path = Path(folder, unquote(urlsplit(route.request.url).path).lstrip("/"))
        route.fulfill(path=path) if path.is_file() else route.fulfill(status=404)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        page = browser.new_page()
        page.route("**", lambda route: route.abort())
        page.route(f"{ADDRESS}**", answer)
        writer = _bound(_chapters(page), functools.partial(_sheet, page))
        browser.close()
    with atomic_path(output) as temporary:
        writer.write(temporary)
    return len(writer.pages)


def _chapters(page):
    """Return for each page of the book its file, title, depth and PDF."""
    page.emulate_media(media="print", color_scheme="light")
    page.goto(f"{ADDRESS}index.html")
    front = page.title().partition(" — ")[0]
    listed, found = [("index.html", front, 0), *page.evaluate(CONTENTS)], []
    for name, title, depth in listed:
        if name in {each[0] for each in found}:
            continue
        page.goto(f"{ADDRESS}{name}")
        page.add_style_tag(content=STYLE)
        pdf = page.pdf(**PAPER, scale=SCALE, print_background=True, outline=True)
        found.append((name, title, depth, pdf))
    return found


def _sheet(page, body):
    page.set_content(SHEET + body)
    return page.pdf(**PAPER)


def _bound(chapters, sheet):
    """Return a `pypdf.PdfWriter` of all chapters behind a title and contents.

    `sheet` prints the HTML of a body.
    """
    from pypdf import PdfReader, PdfWriter

    readers = [PdfReader(io.BytesIO(pdf)) for *_, pdf in chapters]
    # The contents take as many pages whatever the numbers in them.
    front = len(PdfReader(io.BytesIO(sheet(_front(chapters, [0] * len(chapters))))).pages)
    starts, place = [], front
    for reader in readers:
        starts.append(place)
        place += len(reader.pages)
    writer = PdfWriter()
    writer.append(io.BytesIO(sheet(_front(chapters, starts))), outline_item="Contents")
    for (_, title, *_), reader in zip(chapters, readers, strict=True):
        writer.append(reader, outline_item=title)
    numbers = PdfReader(io.BytesIO(sheet(_numbers(place))))
    inside = {name: start for (name, *_), start in zip(chapters, starts, strict=True)}
    for page, number in zip(writer.pages, numbers.pages, strict=True):
        page.merge_page(number)
        page.compress_content_streams()
        _link(writer, page, inside)
    writer.add_metadata({"/Title": chapters[0][1], "/Author": "The skinlib authors"})
    writer.compress_identical_objects()
    return writer


def _front(chapters, starts):
    """Return the HTML of title and contents; `starts` are pages from 0."""
    rows = [
        f'<div class="row" style="margin-left: {6 * int(depth)}mm">'
        f"<span>{html.escape(title)}</span><i></i><span>{start + 1}</span></div>"
        for (_, title, depth, _), start in zip(chapters, starts, strict=True)
    ]
    title = f"<h1>{html.escape(chapters[0][1])}</h1><p>skinlib {__version__}</p>"
    return f"{title}<p>{NOT_A_DEVICE}</p><h2>Contents</h2>{''.join(rows)}"


def _numbers(count):
    return "".join(f'<div class="number"><span>{each + 1}</span></div>' for each in range(count))


def _link(writer, page, inside):
    """Let links to pages of the book lead to their first page here."""
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject

    for note in page.get("/Annots") or ():
        url = str(note.get_object().get("/A", {}).get("/URI", ""))
        name = url.removeprefix(ADDRESS).partition("#")[0]
        if url.startswith(ADDRESS) and name in inside:
            target = writer.pages[inside[name]].indirect_reference
            there = ArrayObject([target, NameObject("/Fit")])
            note.get_object()[NameObject("/A")] = DictionaryObject(
                {NameObject("/S"): NameObject("/GoTo"), NameObject("/D"): there}
            )
