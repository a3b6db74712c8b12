"""Colours of a photograph in a real browser are those that Python reads, within one step of 255."""

import base64
import io

import colours
import numpy as np
import pytest
from PIL import Image
from visiting import serving

from skinlib.common import paths
from skinlib.data import images, synthetic

SIDE = 160
# A square of its own size is read as it is.
READ = """async ([content, name, size]) => {
    const { readPhotograph } = await import("/photograph.js");
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const page = { limits: { side: 32, pixels: 1e7, bytes: 1e7 }, others: {} };
    try {
        const found = await readPhotograph(new Blob([bytes]), name, page, size);
        return { ...found, square: [...found.square], preview: undefined };
    } catch (error) {
        return { refused: error.message };
    }
}"""


@pytest.fixture(scope="module")
def tab(chromium):
    """A page with the scripts alone, no model."""
    with serving(paths.ROOT / "book" / "browser") as address:
        tab = chromium.new_page()
        tab.goto(f"{address}try.html")
        yield tab
        tab.close()


@pytest.fixture(scope="module")
def read(tab):
    """Return a function that reads a file in the browser."""
    return lambda content, name: tab.evaluate(
        READ, [base64.b64encode(content).decode(), name, SIDE]
    )


PICTURE = synthetic.photograph("mel", 2, 0, 1, SIDE, SIDE)
NOISE = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 4), np.uint8)
FILES = colours.encodings(PICTURE)


def saved(values, format="PNG", **options):
    buffer = io.BytesIO()
    image = values if isinstance(values, Image.Image) else Image.fromarray(values)
    image.save(buffer, format, **options)
    return buffer.getvalue()


PROFILES = {name: {"icc_profile": colours.rgb_profile(name)} for name in colours.PRIMARIES}
FILES |= {f"noise {name}": saved(NOISE[..., :3], **each) for name, each in PROFILES.items()}
GREY = {"icc_profile": colours.grey_profile(1.8)}
FILES |= {
    "transparent": saved(NOISE),
    "transparent p3": saved(NOISE, **PROFILES["p3"]),
    "opaque p3": saved(NOISE | np.uint8([0, 0, 0, 255]), **PROFILES["p3"]),
    "transparent grey": saved(Image.fromarray(NOISE[..., :2].copy(), "LA"), **GREY),
    "grey": saved(NOISE[..., 0], **GREY),
    "grey.jpg": saved(PICTURE[..., 0], "JPEG", quality=95, **GREY),
    "palette p3": saved(Image.fromarray(NOISE[..., :3]).quantize(200), **PROFILES["p3"]),
    "one colour transparent": saved(PICTURE, transparency=tuple(map(int, PICTURE[0, 0]))),
    "damaged": saved(PICTURE, icc_profile=b"no profile at all" * 20),
    "of another kind": saved(PICTURE, **GREY),
    "grey with rgb profile": saved(NOISE[..., 0], **PROFILES["adobe"]),
}


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"press.jpg"}))
def test_the_browser_reads_the_colours_that_python_reads(name, read):
    found = read(FILES[name], name)
    image = images.decode(io.BytesIO(FILES[name]), name)
    wanted = np.asarray(image).astype(int)
    values = np.reshape(found["square"], (SIDE, SIDE, 3))
    # Two roundings where colours are converted and then laid over another.
    behind, converted = bool(found.get("behind")), bool(found.get("profile"))
    assert np.abs(values - wanted).max() <= 1 + (behind and converted)
    assert ("transparent" in image.info["note"]) == behind
    if name in ("p3.png", "adobe.png", "sixteen.png"):
        assert np.abs(values - PICTURE).max() <= 1
        assert found["profile"]


def pressed(black, profile, **options):
    inks = Image.fromarray(np.round(255 * colours.inked(PICTURE, black)).astype(np.uint8), "CMYK")
    return saved(inks, "JPEG", quality=100, icc_profile=profile, **options)


@pytest.mark.parametrize("black", [0, 0.5, 1])
@pytest.mark.parametrize("wide", [False, True])
def test_inks_are_converted_with_their_black_which_browsers_leave_out(black, wide, read):
    """Two engines interpolate in the table differently, by a step more."""
    content = pressed(black, colours.press_profile(wide=wide), progressive=wide, subsampling=0)
    found = read(content, "a.jpg")
    wanted = np.asarray(images.decode(io.BytesIO(content), "a.jpg")).astype(int)
    values = np.reshape(found["square"], (SIDE, SIDE, 3))
    assert np.abs(values - wanted).max() <= 2
    assert np.abs(values - wanted).mean() < 0.7


@pytest.mark.parametrize(
    "profile", [colours.rgb_profile("p3"), colours.press_profile()[:5000], b"none" * 50]
)
def test_inks_with_another_profile_are_refused(profile, read):
    assert "save it as RGB" in read(pressed(0.5, profile), "press.jpg")["refused"]


def test_inks_that_this_browser_decodes_otherwise_are_refused(read, tab):
    """As one would whose decoder takes a table of zeros for something else."""
    tab.evaluate("""() => {
        globalThis.plain = createImageBitmap;
        const first = {};
        globalThis.createImageBitmap = (blob, options) => {
            first.blob ??= blob;
            return plain(first.blob, options);
        };
    }""")
    said = read(pressed(0.5, colours.press_profile()), "press.jpg")["refused"]
    tab.evaluate("() => { globalThis.createImageBitmap = globalThis.plain; }")
    assert "save it as RGB" in said
