"""The page's scripts on their own: the same bytes as Pillow, the same views, the same headers."""

import io
import json
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from skinlib.common import paths
from skinlib.common.errors import IntegrityError
from skinlib.data.images import open_image
from skinlib.data.pixels import resize
from skinlib.models.prediction import d4
from skinlib.predict.browser import KINDS
from skinlib.stats.points import ALIKE, Decision

SCRIPTS = paths.ROOT / "book" / "browser"


PROGRAM = """
import { readFileSync } from "node:fs";
import { calibrated, namedAlike } from "./scripts/answer.js";
import { kindOf, readHeader } from "./scripts/formats.js";
import { centralSquare } from "./scripts/resize.js";
import { eightViews } from "./scripts/views.js";
const content = new Uint8Array(readFileSync(process.argv[2]));
console.log(JSON.stringify(VALUE));
"""


def node(value, folder, content):
    """Return what an expression with the scripts' functions gives; `content` is that of a file."""
    (folder / "program.mjs").write_text(PROGRAM.replace("VALUE", value), encoding="utf-8")
    (folder / "content").write_bytes(content)
    # A copy: .js files are modules where a package.json says so, as the one in book/browser.
    shutil.copytree(SCRIPTS, folder / "scripts", dirs_exist_ok=True)
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    command = ["node", folder / "program.mjs", folder / "content"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Reads a part of the picture, of %d pixels a row, as the page does from a canvas.
RESIZE = """[...centralSquare((x, y, width, height) => {
  const rows = Array.from({ length: height }, (_, row) => 4 * ((y + row) * %d + x));
  return new Uint8Array(rows.flatMap((start) => [...content.subarray(start, start + 4 * width)]));
}, %d, %d, %d)]"""


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(341, 256, 128), (97, 130, 96), (64, 64, 64), (33, 32, 224), (450, 600, 71)],
)
def test_the_square_has_pillows_bytes(width, height, size, tmp_path):
    """Noise, where every weight shows; shrunk, enlarged, as it is; odd margins."""
    rng = np.random.default_rng(width)
    picture = rng.integers(0, 256, (height, width, 4), np.uint8)
    picture[..., 3] = 255
    found = node(RESIZE % (width, width, height, size), tmp_path, picture.tobytes())
    wanted = resize(Image.fromarray(np.ascontiguousarray(picture[..., :3])), size)
    np.testing.assert_array_equal(np.reshape(found, (size, size, 3)), wanted)


def test_the_eight_views_are_pythons(tmp_path):
    picture = np.arange(5 * 5 * 3, dtype=np.uint8).reshape(1, 5, 5, 3)
    found = node("eightViews(content, 5).map((view) => [...view])", tmp_path, picture.tobytes())
    assert found == [view.ravel().tolist() for view in d4(picture)]


HEADER = "readHeader(content)"


def encoded(mode="RGB", size=(37, 23), **options):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 256, (size[1], size[0], len(mode)), np.uint8).squeeze()
    buffer = io.BytesIO()
    Image.fromarray(values, mode=mode).save(buffer, **options)
    return buffer.getvalue()


def test_an_animation_is_found_by_both(tmp_path):
    """Pillow writes it; of one picture it is none."""
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    for count in (1, 2):
        path = tmp_path / f"{count}.png"
        frames[0].save(path, save_all=True, append_images=frames[1:count])
        found = node(HEADER, tmp_path, path.read_bytes())
        assert found["whole"]
        assert found.get("animated", False) == (count == 2)
    with pytest.raises(IntegrityError, match="an animation of 2 pictures; save one"):
        open_image(path)
    open_image(tmp_path / "1.png").close()


# What a file begins with, from the registers of the formats; not from the expressions.
STARTS = {
    "GIF": b"GIF89a",
    "WebP": b"RIFF\x10\xff\n\0WEBPVP8 ",
    "HEIC": b"\0\0\0\x18ftypheic",
    "AVIF": b"\0\0\0\x1cftypavif",
    "TIFF": b"MM\0*\0\0\0\x08",
    "BMP": b"BM\x36\x00\x0c\0\0\0\0\0\x36\0",
    "DICOM": bytes(128) + b"DICM",
    None: b"GIMP",
}


@pytest.mark.parametrize("kind", STARTS)
def test_other_formats_are_named_as_python_names_them(kind, tmp_path):
    """One table of expressions serves both languages."""
    named = node(f"kindOf(content, {json.dumps(KINDS)}) ?? null", tmp_path, STARTS[kind])
    assert named == kind
    path = tmp_path / "file"
    path.write_bytes(STARTS[kind])
    with pytest.raises(IntegrityError, match=f"the format {kind};" if kind else "not a whole"):
        open_image(path)


FILES = {
    "baseline": encoded(format="JPEG"),
    "progressive": encoded(format="JPEG", progressive=True),
    "restarts": encoded(format="JPEG", restart_marker_blocks=1),
    "thumbnail": encoded(format="JPEG", exif=b"Exif\0\0" + encoded(size=(8, 8), format="JPEG")),
    "trailing bytes": encoded(format="JPEG") + b"\0\0\0",
    "grey": encoded("L", format="JPEG"),
    "CMYK": encoded("CMYK", format="JPEG"),
    "PNG": encoded(format="PNG"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_header_tells_size_and_end(name, tmp_path):
    found = node(HEADER, tmp_path, FILES[name])
    assert (found["width"], found["height"], found["whole"]) == (37, 23, True)
    assert found.get("odd") == ("CMYK colours" if name == "CMYK" else None)


@pytest.mark.parametrize("name", ["baseline", "thumbnail", "progressive", "PNG"])
@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_truncated_file_has_no_end(name, kept, tmp_path):
    content = FILES[name][: int(kept * len(FILES[name]))]
    assert not node(HEADER, tmp_path, content)["whole"]


@pytest.mark.parametrize("content", [b"", b"hello", b"GIF89a....", b"\xff\xd8", b"\x89PNG\r\n"])
def test_another_file_has_no_header(content, tmp_path):
    assert node(HEADER, tmp_path, content) is None


def test_probabilities_are_fitted_and_classes_named_as_in_python(tmp_path):
    """The mean of eight views; a class that the most probable one hides where all count alike."""
    rng = np.random.default_rng(3)
    decision = Decision(rng.dirichlet(np.ones(7)), -0.8, 1.3, 0.5, 0.1)
    views = rng.dirichlet(np.ones(7), (40, 8))
    given = {"decision": decision.to_json(), "views": views.tolist()}
    value = """(({ decision, views }) => views.map((each) => calibrated(each, decision)).map(
        (fitted) => [fitted, namedAlike(fitted, decision)]
    ))(JSON.parse(new TextDecoder().decode(content)))"""
    fitted, alike = zip(*node(value, tmp_path, json.dumps(given).encode()), strict=True)
    wanted = decision.probabilities(views.mean(axis=1))
    np.testing.assert_allclose(fitted, wanted, atol=1e-12)
    np.testing.assert_array_equal(alike, decision.named(wanted, ALIKE))
    assert (alike != wanted.argmax(axis=1)).any()
