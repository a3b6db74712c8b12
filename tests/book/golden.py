"""Record the numbers of a built book, ``golden.py record HTML_FOLDER OUT.json``, and report what
differs in another build of it, ``golden.py compare OLD.json NEW_HTML_FOLDER``.
"""

import hashlib
import json
import re
import sys
from collections import Counter
from pathlib import Path

from bs4 import BeautifulSoup

THOUSANDS = re.compile(r"(?<![\w.])\d{1,3}(?:[,'’\u00a0\u2009\u202f]\d{3})+(?!\d)")
NUMBER = re.compile(r"(?<![\w.])(?<![^\W\d_]-)-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?: ?%)?")
SIGNS = str.maketrans("−‐‑\u00a0\u2009\u202f", "---   ")
NUMBERING = ".headerlink, .caption-number, .std-numref, .eqno, .section-number, .toctree-wrapper"
NO_PROSE = "script, style, nav, svg, summary, dt.sig, .cell_input, code, pre"
BLOCKS = "p, li, div, h1, h2, h3, h4, dt, dd, figcaption, br, mn, mi, mo, mtext"


def words(tag):
    """Return the text of an element with one kind of minus and space, no thousands separators."""
    for block in tag.select(BLOCKS) if tag else ():
        block.insert(0, " ")
        block.append(" ")
    text = THOUSANDS.sub(lambda m: re.sub(r"\D", "", m[0]), tag.get_text() if tag else "")
    return " ".join(text.translate(SIGNS).split())


def numbers(*texts):
    """Return how often each number is in texts of `words`; 95 % is 95%, -0.0 is 0.0."""
    found = (one.replace(" ", "") for text in texts for one in NUMBER.findall(text))
    return Counter(re.sub(r"^-(?=[0.]+%?$)", "", one) for one in found)


def figure(tag, page, folder):
    """Return the name of a figure, its file's where it has one; page, numbers in it and hash."""
    text = tag.string if tag.name == "script" else str(tag)
    if file := Path(tag.get("src", "")).name:
        text = (folder / "_images" / file).read_text("utf-8")
    text = " ".join(re.sub(r"(?s)^.*?(?=<svg)|<metadata>.*?</metadata>", "", text).split())
    said = [re.findall(">([^<>]+)</text>", text)]
    digest = hashlib.sha256(text.encode()).hexdigest()
    return file or f"{page}: {tag.name} {digest[:8]}", [page, said, digest]


def record(folder):
    """Return tables and figures by name, and each number in prose: page, number, words around."""
    tables, figures, prose, seen = {}, {}, [], Counter()
    for path in sorted(folder.rglob("*.html")):
        page = path.relative_to(folder).with_suffix("").as_posix()
        body = BeautifulSoup(path.read_text("utf-8"), "html.parser").select_one(".bd-article")
        if body is None or page in ("genindex", "py-modindex"):
            continue
        drawn = body.select('img[src$=".svg"], .cell_output svg, .interactive script')
        figures |= dict(figure(tag, page, folder) for tag in drawn)
        for tag in body.select(NUMBERING):
            tag.extract()
        for table in body.select("table"):
            # Named by its own id, that of what holds or precedes it, its caption, its heading.
            near = [table, *list(table.parents)[:5]]
            near += [before for one in near if (before := one.find_previous_sibling())]
            ids = [i for one in near if (i := one.get("id", "")).startswith(("tab-", "paper-t"))]
            told = words(table.caption) or f"{page}: {words(table.find_previous(['h1', 'h2']))}"
            name = ids[0] if ids else told
            seen[name] += 1
            rows = [[words(cell) for cell in row.select("th, td")] for row in table.select("tr")]
            if [row[:1] for row in rows] == [[""], *([str(i)] for i in range(len(rows) - 1))]:
                rows = [row[1:] for row in rows]  # without the index that pandas writes
            tables[f"{name} ({seen[name]})" if seen[name] > 1 else name] = [page, rows]
            table.replace_with(f" {words(table.caption)} ")
        for tag in body.select(NO_PROSE):
            if tag.name != "pre" or not tag.find_parent(class_="cell_output"):
                tag.replace_with(" ")
        text = words(body)
        for m in NUMBER.finditer(text):
            prose.append([page, *numbers(m[0]), text[max(0, m.start() - 30) : m.end() + 30]])
    return {"tables": tables, "figures": figures, "prose": prose}


def differing(was, now):
    """Return the cells whose numbers differ; for unlike shapes, the numbers that differ."""
    if [len(row) for row in was] != [len(row) for row in now]:
        one, two = (numbers(*(cell for row in rows for cell in row)) for rows in (was, now))
        return [f"{len(was)} -> {len(now)} rows; gone {dict(one - two)}; new {dict(two - one)}"]
    return [f"{row[0]} | {title}: {one} -> {two}" for row, other in zip(was, now, strict=True)
            for title, one, two in zip(was[0], row, other, strict=True)
            if numbers(one) != numbers(two)]  # fmt: skip


def compare(old, new):
    """Yield the lines of the report; what has another name now is found by what is in it."""
    for what in ("tables", "figures"):
        for name, (page, *was) in old[what].items():
            place, *now = new[what].get(name, [page])
            same = [other for other, one in new[what].items() if one[1:] == was]
            if not now:
                yield f"{what} {name} [{page}] VANISHED; the same under other names: {same}"
            elif now != was:
                lines = differing(was[0], now[0]) + ["drawn anew"] * (what == "figures")
                yield from (f"{what} {name} [{place}] {line}" for line in lines)
        yield from (f"{what} {name} is NEW" for name in new[what] if name not in old[what])
    known = {around for _, _, around in new["prose"]}
    for page in dict.fromkeys(one[0] for one in old["prose"]):
        had, has = (Counter(n for p, n, _ in book["prose"] if p == page) for book in (old, new))
        if gone := had - has:
            yield f"prose {page}: vanished {dict(gone)}"
        for p, n, around in old["prose"]:
            if p == page and n in gone and around not in known:
                yield f"    {n}: {around}"


if __name__ == "__main__":
    command, first, second = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if command == "record":
        second.write_text(json.dumps(record(first), ensure_ascii=False, indent=1), "utf-8")
    else:
        print(*compare(json.loads(first.read_text("utf-8")), record(second)), sep="\n")
