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


def node(program, tmp_path, content=b""):
    """Run a module that imports the page's; `content` is the file whose name it is given."""
    program_path = tmp_path / "program.mjs"
    program_path.write_text(program, encoding="utf-8")
    (tmp_path / "content").write_bytes(content)
    # A copy: .js files are modules where a package.json says so, as the one in book/browser.
    shutil.copytree(SCRIPTS, tmp_path / "scripts", dirs_exist_ok=True)
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    done = subprocess.run(
        ["node", program_path, tmp_path / "content"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


RESIZE = """
import { readFileSync } from "node:fs";
import { centralSquare } from "./scripts/resize.js";
const [width, height, size] = [%d, %d, %d];
const data = new Uint8Array(readFileSync(process.argv[2]));
const read = (x, y, w, h) => {
  const part = new Uint8Array(w * h * 4);
  for (let row = 0; row < h; row++) {
    const start = ((y + row) * width + x) * 4;
    part.set(data.subarray(start, start + w * 4), row * w * 4);
  }
  return part;
};
process.stdout.write(centralSquare(read, width, height, size));
"""


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(341, 256, 128), (97, 130, 96), (64, 64, 64), (33, 32, 224), (450, 600, 71)],
)
def test_the_square_has_pillows_bytes(width, height, size, tmp_path):
    """Noise, where every weight shows; shrunk, enlarged, as it is; odd margins."""
    rng = np.random.default_rng(width)
    picture = rng.integers(0, 256, (height, width, 4), np.uint8)
    picture[..., 3] = 255
    found = node(RESIZE % (width, height, size), tmp_path, picture.tobytes())
    wanted = resize(Image.fromarray(np.ascontiguousarray(picture[..., :3])), size)
    found = np.frombuffer(found, np.uint8).reshape(size, size, 3)
    np.testing.assert_array_equal(found, wanted)


def test_the_eight_views_are_pythons(tmp_path):
    picture = np.arange(5 * 5 * 3, dtype=np.uint8).reshape(1, 5, 5, 3)
    found = node(
        """
        import { readFileSync } from "node:fs";
        import { eightViews } from "./scripts/views.js";
        const square = new Uint8Array(readFileSync(process.argv[2]));
        console.log(JSON.stringify(eightViews(square, 5).map((view) => [...view])));
        """,
        tmp_path,
        picture.tobytes(),
    )
    wanted = [view.ravel().tolist() for view in d4(picture)]
    assert json.loads(found) == wanted


HEADER = """
import { readFileSync } from "node:fs";
import { readHeader } from "./scripts/formats.js";
console.log(JSON.stringify(readHeader(new Uint8Array(readFileSync(process.argv[2])))));
"""


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
        found = json.loads(node(HEADER, tmp_path, path.read_bytes()))
        assert found["whole"]
        assert found.get("animated", False) == (count == 2)
    with pytest.raises(IntegrityError, match="an animation of 2 pictures; save one"):
        open_image(path)
    open_image(tmp_path / "1.png").close()


KIND = """
import { readFileSync } from "node:fs";
import { kindOf } from "./scripts/formats.js";
const start = new Uint8Array(readFileSync(process.argv[2]));
console.log(JSON.stringify(kindOf(start, %s) ?? null));
"""
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
    assert json.loads(node(KIND % json.dumps(KINDS), tmp_path, STARTS[kind])) == kind
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
    found = json.loads(node(HEADER, tmp_path, FILES[name]))
    assert (found["width"], found["height"], found["whole"]) == (37, 23, True)
    assert found.get("odd") == ("CMYK colours" if name == "CMYK" else None)


@pytest.mark.parametrize("name", ["baseline", "thumbnail", "progressive", "PNG"])
@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_truncated_file_has_no_end(name, kept, tmp_path):
    content = FILES[name][: int(kept * len(FILES[name]))]
    assert not json.loads(node(HEADER, tmp_path, content))["whole"]


@pytest.mark.parametrize("content", [b"", b"hello", b"GIF89a....", b"\xff\xd8", b"\x89PNG\r\n"])
def test_another_file_has_no_header(content, tmp_path):
    assert json.loads(node(HEADER, tmp_path, content)) is None


def test_probabilities_are_fitted_and_classes_named_as_in_python(tmp_path):
    """The mean of eight views; a class that the most probable one hides where all count alike."""
    rng = np.random.default_rng(3)
    decision = Decision(rng.dirichlet(np.ones(7)), -0.8, 1.3, 0.5, 0.1)
    views = rng.dirichlet(np.ones(7), (40, 8))
    found = node(
        """
        import { readFileSync } from "node:fs";
        import { calibrated, namedAlike } from "./scripts/answer.js";
        const { decision, views } = JSON.parse(readFileSync(process.argv[2], "utf8"));
        const fitted = views.map((each) => calibrated(each, decision));
        const alike = fitted.map((each) => namedAlike(each, decision));
        console.log(JSON.stringify({ fitted, alike }));
        """,
        tmp_path,
        json.dumps({"decision": decision.to_json(), "views": views.tolist()}).encode(),
    )
    wanted = decision.probabilities(views.mean(axis=1))
    np.testing.assert_allclose(json.loads(found)["fitted"], wanted, atol=1e-12)
    alike = decision.named(wanted, ALIKE)
    assert json.loads(found)["alike"] == alike.tolist()
    assert (alike != wanted.argmax(axis=1)).any()
