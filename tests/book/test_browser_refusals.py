"""The page in a real browser: bad files, no model, no WebAssembly, and the keyboard alone."""

import pytest
import snippets
from PIL import Image
from visiting import NOISE, drawn, encode

WHOLE = encode(drawn("mel", 2), "PNG")
REFUSED = {
    "notes.txt": (b"hello", "not an image in JPEG or PNG"),
    "renamed.png": (b"GIF89a" + bytes(100), "a picture in the format GIF; save it as JPEG or PNG"),
    "half.png": (WHOLE[:5000], "broken or not complete"),
    "bomb.png": (snippets.bomb(20_000), "more than the limit of 64 million"),
    "moving.png": (
        encode(NOISE, "PNG", save_all=True, append_images=[Image.fromarray(NOISE[::-1])]),
        "an animation of several pictures",
    ),
    "dot.png": (encode(NOISE[:1, :1], "PNG"), "1 × 1 pixels, expected 32 a side"),
    "large.png": (b"\x89PNG\r\n\x1a\n" + bytes(65_000_000), "65 MB, more than the limit of 64 MB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_gets_a_message_and_the_page_goes_on(name, visit, tmp_path):
    content, message = REFUSED[name]
    visit.upload(tmp_path, name, content)
    said = visit.error()
    assert message in said
    assert name in said
    assert not visit.page.is_visible("#try [data-part=result]")
    visit.upload(tmp_path, "a.png", WHOLE)
    visit.answer()
    assert visit.page.inner_text("[data-part=error]") == ""


def test_keyboard_alone_is_enough(fresh):
    """From the file field on: every control in the order of the page, and an answer."""
    page = fresh.open().page
    choosers = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    page.focus("#try-file")
    # Chromium ignores a key that it handles more than 5 seconds after it was pressed.
    for _ in range(10):
        page.keyboard.press("Space")
        page.wait_for_timeout(1000)
        if choosers:
            break
    assert choosers
    page.keyboard.press("Tab")
    focused = "document.activeElement.closest('button') !== null"
    assert page.evaluate(focused)
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("Enter")
    fresh.answer()
    for _ in range(3):
        page.keyboard.press("Tab")
    for name in ("try-age", "try-age-unknown", "try-sex", "try-site", "try-opacity"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == name
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.part") == "measure"
    page.keyboard.press("Enter")
    page.wait_for_function(
        "document.querySelector('[data-part=speed]').textContent.includes('answers: 5')"
    )
    assert fresh.sideways() <= 0


def test_a_model_that_is_missing_or_another(fresh, demonstration):
    """Each is said, and the next picture tries again."""
    content = (demonstration[0] / "model.onnx").read_bytes()
    place, page = "**/model.onnx", fresh.open().page
    for reply, words in (
        (lambda route: route.fulfill(status=404), "is missing"),
        (lambda route: route.fulfill(body=content[:-1]), "SHA-256"),
    ):
        page.route(place, reply)
        page.click("#try [data-part=samples] button")
        page.wait_for_function(
            f"document.querySelector('[data-part=error]').textContent.includes('{words}')"
        )
        page.unroute(place)
    page.click("#try [data-part=samples] button")
    fresh.answer()


def test_a_model_that_says_something_else_is_not_used(fresh):
    """As a faulty driver of a graphics card would make it."""
    fresh.page.route(
        "**/page.json",
        lambda route: route.fulfill(
            body=route.fetch().text().replace('"probabilities": [', '"probabilities": [0.5,', 1)
        ),
    )
    fresh.open().page.click("#try [data-part=samples] button")
    assert "other numbers than Python" in fresh.error()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("delete globalThis.WebAssembly", "has no WebAssembly"),
        (
            "const read = CanvasRenderingContext2D.prototype.getImageData;"
            "CanvasRenderingContext2D.prototype.getImageData = function (...area) {"
            "const found = read.apply(this, area); found.data[5] ^= 1; return found; }",
            "changes the pixels",
        ),
    ],
)
def test_a_browser_that_cannot_is_told_so(script, message, fresh):
    fresh.page.add_init_script(script)
    page = fresh.open().page
    if page.is_visible("#try form"):
        page.click("#try [data-part=samples] button")
    assert message in fresh.error()


def test_the_browser_itself_forbids_to_send_anything_elsewhere(visit):
    """Even a script that went astray could not."""
    tried = "fetch('http://localhost:9/').then(() => 'sent', (error) => error.name)"
    with visit.page.expect_console_message(
        lambda message: "Content Security Policy" in message.text
    ):
        assert visit.page.evaluate(tried) == "TypeError"
