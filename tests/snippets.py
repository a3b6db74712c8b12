"""Run the blocks of code of the page ``export`` as they stand there; photographs for tests."""

import json
import re
import struct
import zlib

from PIL import Image

from skinlib.common import paths

# What a reader would change by hand.
FACTS = '{"age": None, "sex": "unknown", "site": "unknown"}'
WORDS = "model.onnx.json"


def blocks():
    """Return the Python blocks of the page by the heading above them."""
    page = json.loads((paths.NOTEBOOKS / "export.ipynb").read_text(encoding="utf-8"))
    text = "\n".join(
        "".join(cell["source"]) for cell in page["cells"] if cell["cell_type"] == "markdown"
    )
    parts = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    found = {name: re.findall(r"^```python\n(.*?)^```", body, re.M | re.S) for name, body in pairs}
    return {name: code for name, (code,) in ((key, each) for key, each in found.items() if each)}


def photograph(path, upright):
    """Save a photograph as a camera held on its side does: turned, and saying so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif, quality=95)


def follow(runtime, facts, name="model.onnx"):
    """Ask about ``photo.jpg`` in this folder; return the names that the blocks leave behind."""
    page, found = blocks(), {}
    before = page["All of it in Python"]
    assert before.count(FACTS) == before.count(WORDS) == 1
    if facts:
        before = before.replace(FACTS, repr(facts))
    for code in (before.replace(WORDS, f"{name}.json"), page[runtime], page["The answer"]):
        exec(compile(code, "export.ipynb", "exec"), found)
    return found


def png(width, height, depth, rows, **chunks):
    """Return a PNG of rows of bytes, RGB, each behind a zero; `chunks` come before them by name."""
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    chunks = {"IHDR": header, **chunks, "IDAT": zlib.compress(rows), "IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name.encode() + data
        + struct.pack(">I", zlib.crc32(name.encode() + data))
        for name, data in chunks.items()
    )  # fmt: skip


def bomb(side):
    """Return a PNG of a few bytes that declares `side` × `side` pixels."""
    return png(side, side, 8, b"")
