"""The numbers of a built book in one file, and what became of them in another build.

``python tests/book/golden.py record HTML_FOLDER OUT.json`` writes tables, numbers in prose and
hashes of figures; ``python tests/book/golden.py compare OLD.json NEW_HTML_FOLDER`` reports.
"""

import collections
import hashlib
import json
import re
import sys
from pathlib import Path

from bs4 import BeautifulSoup

THOUSANDS = re.compile(r"(?<![\w.])\d{1,3}(?:[,'’\u00a0\u2009\u202f]\d{3})+(?!\d)")
NUMBER = re.compile(r"(?<![\w.])(?<![^\W\d_]-)-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?: ?%)?")
SIGNS = str.maketrans("−‐‑\u00a0\u2009\u202f", "---   ")
NUMBERING = ".headerlink, .caption-number, .std-numref, .eqno, .section-number, .toctree-wrapper"
NO_PROSE = "script, style, nav, svg, summary, dt.sig, .cell_input, code, pre"
BLOCKS = "p, li, div, h1, h2, h3, h4, dt, dd, figcaption, br, mn, mi, mo, mtext"
# Numbers in prose are paired by page and words around them, then by the words, the page, alone.
PAIRS = (lambda one: tuple(one), lambda one: tuple(one[1:]), lambda one: (one[0], one[1]),
         lambda one: one[1])  # fmt: skip


def words(tag):
    """Return the text of an element with one kind of minus and space, no thousands separators."""
    for block in tag.select(BLOCKS) if tag else ():
        block.insert(0, " ")
        block.append(" ")
    text = THOUSANDS.sub(lambda m: re.sub(r"\D", "", m[0]), tag.get_text() if tag else "")
    return " ".join(text.translate(SIGNS).split())


def numbers(text):
    """Return the numbers in the text of `words`, ``95%`` for ``95 %`` and 0.0 for -0.0."""
    return [re.sub(r"^-(?=[0.]+%?$)", "", m.replace(" ", "")) for m in NUMBER.findall(text)]


def name_of(table, page):
    """Return a table's own id or that of what holds or precedes it, else its caption or heading."""
    holders = [table, *list(table.parents)[:5]]
    near = [*holders, *(one.find_previous_sibling() for one in holders)]
    for name in [str(one.get("id", "")) for one in near if one]:
        if name.startswith(("tab-", "paper-table-")):
            return name
    return words(table.caption) or f"{page}: {words(table.find_previous(['h1', 'h2', 'h3']))}"


def drawing(tag, folder):
    """Return the file or kind of a figure, its hash but for ids and metadata, and its numbers."""
    name, text = tag.name, tag.string or str(tag)
    if tag.name == "img":
        name = Path(tag["src"]).name
        text = (folder / "_images" / name).read_text("utf-8")
    text = re.sub(r"(?s)^.*?(?=<svg)|<metadata>.*?</metadata>", "", text)
    ids = {one: f"n{place}" for place, one in enumerate(re.findall(r'\bid="([^"]+)"', text))}
    text = re.sub(r'(?<=id="|ef="#|rl\(#)[^")]+', lambda m: ids.get(m[0], m[0]), text)
    said = words(BeautifulSoup(" ".join(re.findall(r"(?s)<text.*?</text>", text)), "html.parser"))
    return name, hashlib.sha256(" ".join(text.split()).encode()).hexdigest(), numbers(said)


def record(folder):
    """Return the tables, the numbers in prose (page, number, words around) and the figures."""
    tables, prose, figures, pages = {}, [], {}, []
    for path in sorted(folder.rglob("*.html")):
        page = path.relative_to(folder).with_suffix("").as_posix()
        body = BeautifulSoup(path.read_text("utf-8"), "html.parser").select_one(".bd-article")
        if body is None or page in ("genindex", "py-modindex"):
            continue
        pages.append(page)
        for tag in body.select('img[src$=".svg"], .cell_output svg, .interactive script'):
            name, digest, said = drawing(tag, folder)
            name = name if tag.name == "img" else f"{page}: {name} {digest[:8]}"
            holder = tag.find_parent("figure", id=True)
            figures[name] = {"page": page, "id": holder["id"] if holder else None,
                             "sha256": digest, "numbers": said}  # fmt: skip
        for tag in body.select(NUMBERING):
            tag.extract()
        for table in body.select("table"):
            name = base = name_of(table, page)
            while name in tables:
                name = f"{base} ({sum(one.startswith(base) for one in tables) + 1})"
            rows = [[words(cell) for cell in row.select("th, td")] for row in table.select("tr")]
            tables[name] = {"page": page, "rows": rows}
            table.replace_with(f" {words(table.caption)} ")
        for tag in body.select(NO_PROSE):
            if tag.name != "pre" or not tag.find_parent(class_="cell_output"):
                tag.replace_with(" ")
        text = words(body)
        for m in NUMBER.finditer(text):
            prose.append([page, *numbers(m[0]), text[max(0, m.start() - 30) : m.end() + 30]])
    return {"pages": pages, "tables": tables, "prose": prose, "figures": figures}
