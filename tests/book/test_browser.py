"""The page in a real browser: what Python says, at two sizes, by keyboard, offline, with bad files."""

import io

import colours
import numpy as np
import pytest
import snippets
from PIL import Image

from skinlib.common.classes import CLASSES
from skinlib.data import synthetic
from skinlib.predict import released
from skinlib.predict.abstention import UNLIKE
from skinlib.predict.requests import table

SIZES = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
FACTS = {"age": 71, "sex": "female", "site": "lower extremity"}
PATIENCE = 120_000  # milliseconds; long, for a machine that trains beside it


def encode(picture, format, **options):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format=format, **options)
    return buffer.getvalue()


def drawn(dx, lesion, width=341, height=256):
    return synthetic.photograph(dx, lesion, 0, 1, width, height)


NOISE = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
TURNED = Image.Exif()
TURNED[0x0112] = 6
# A file, and how far the probabilities may be from Python's: a browser has a JPEG decoder of its own.
PICTURES = {
    "a.png": (encode(drawn("mel", 2), "PNG"), 1e-3),
    "upright.png": (encode(drawn("bkl", 4, 256, 341), "PNG"), 1e-3),
    "noise.png": (encode(NOISE, "PNG"), 1e-3),
    "grey.png": (encode(drawn("nv", 3)[..., 1], "PNG"), 1e-3),
    "a.jpg": (encode(drawn("bcc", 5), "JPEG", quality=92), 0.01),
    "turned.jpg": (encode(drawn("vasc", 6), "JPEG", quality=92, exif=TURNED), 0.01),
    **{name: (content, 0.02) for name, content in colours.encodings(drawn("bkl", 4)).items()},
}


@pytest.fixture(scope="module")
def python():
    """Ask the released model in Python, as `skinlib predict` does; a function of file and facts."""
    classifier = released.load(released.newest())

    def ask(path, age=None, sex="unknown", site="unknown"):
        return classifier.classify(classifier.prepare(path)[None], table([(age, sex, site)]))

    return ask


class Visit:
    """A tab with the page, and what it asked for."""

    def __init__(self, chromium, address, **options):
        self.requests = []
        self.context = chromium.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.address = address

    def open(self):
        self.page.goto(self.address)
        self.page.wait_for_function("document.querySelector('[data-part=start]').hidden")
        return self

    def upload(self, folder, name, content):
        (folder / name).write_bytes(content)
        self.page.set_input_files("#try-file", folder / name)

    def choose(self, age, sex, site):
        self.page.fill("#try-age", str(age))
        self.page.select_option("#try-sex", sex)
        self.page.select_option("#try-site", site)

    def answer(self):
        """Wait for the answer; return probabilities in the order of classes, distance, status."""
        ready = "#try:not([aria-busy]) "
        status = self.page.wait_for_selector(
            f"{ready} [data-part=status][data-status], {ready} [data-part=error]:not(:empty)"
        )
        assert status.get_attribute("data-status"), status.inner_text()
        values = self.page.eval_on_selector_all(
            "#try td[data-value]", "cells => cells.map(c => [c.dataset.name, +c.dataset.value])"
        )
        assert [value for _, value in values] == sorted((v for _, v in values), reverse=True)
        found = dict(values)
        distance = float(status.get_attribute("data-distance"))
        return [found[name] for name in CLASSES], distance, status.get_attribute("data-status")

    def error(self):
        return self.page.wait_for_selector("[data-part=error]:not(:empty)").inner_text()

    def sideways(self):
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def close(self):
        assert all(url.startswith(("http://127.0.0.1:", "data:", "blob:")) for url in self.requests)
        self.context.close()


@pytest.fixture(scope="module", params=SIZES)
def visit(request, chromium, address):
    """The page at a size, its model loaded by a sample."""
    visit = Visit(chromium, address, **SIZES[request.param]).open()
    visit.page.click("#try [data-part=samples] button")
    visit.answer()
    yield visit
    visit.close()


@pytest.fixture
def fresh(chromium, address):
    """The page at the narrowest size, nothing loaded."""
    visit = Visit(chromium, address, viewport={"width": 360, "height": 740})
    yield visit
    visit.close()


@pytest.mark.parametrize("name", PICTURES)
def test_the_page_says_what_python_says(name, visit, python, tmp_path):
    content, tolerance = PICTURES[name]
    visit.choose(**FACTS)
    visit.upload(tmp_path, name, content)
    probabilities, distance, status = visit.answer()
    wanted = python(tmp_path / name, **FACTS)
    np.testing.assert_allclose(probabilities, wanted.probabilities[0], atol=tolerance)
    assert distance == pytest.approx(wanted.distances[0], rel=10 * tolerance)
    assert status == wanted.status[0]
    assert (status == UNLIKE) >= (name == "noise.png")
    assert visit.sideways() <= 0


def test_facts_change_the_answer_as_in_python_also_without_a_network(visit, python, tmp_path):
    content, tolerance = PICTURES["a.png"]
    visit.context.set_offline(True)
    visit.choose("", "unknown", "unknown")
    visit.upload(tmp_path, "a.png", content)
    visit.answer()
    assert "not given" in visit.page.inner_text("#try [data-part=notes]")
    for age, sex, site in ((20, "male", "face"), (85, "female", "unknown")):
        visit.choose(age, sex, site)
        visit.page.keyboard.press("Tab")
        visit.page.wait_for_timeout(300)
        found, _, _ = visit.answer()
        wanted = python(tmp_path / "a.png", age=age, sex=sex, site=site).probabilities[0]
        np.testing.assert_allclose(found, wanted, atol=tolerance)
    visit.page.type("#try-age", "13")
    visit.page.fill("#try-age", "130")
    # While it is typed, and the verdict about another age is gone.
    assert "between 0 and 120" in visit.page.inner_text("#try-age-fault")
    assert visit.page.get_attribute("#try-age", "aria-invalid") == "true"
    assert not visit.page.is_visible("#try [data-part=result]")
    visit.page.keyboard.press("Tab")
    assert "between 0 and 120" in visit.error()
    assert not visit.page.is_visible("#try [data-part=result]")
    visit.choose(**FACTS)
    visit.page.keyboard.press("Tab")
    visit.answer()
    assert visit.page.inner_text("#try-age-fault") == ""
    visit.context.set_offline(False)


def test_what_is_lost_without_facts_is_said_and_each_can_be_unknown(visit, tmp_path):
    """With the measured shares of the model; every fact has an “I don't know”."""
    page = visit.page
    visit.choose(**FACTS)
    assert page.inner_text("#try [data-part=lost]") == ""
    assert not page.is_checked("#try-age-unknown")
    visit.upload(tmp_path, "a.png", PICTURES["a.png"][0])
    visit.answer()
    page.check("#try-age-unknown")
    assert page.input_value("#try-age") == ""
    page.select_option("#try-site", label="I don't know")
    visit.answer()
    said = page.inner_text("#try [data-part=lost]")
    assert "You do not know age and place." in said
    assert "with some of them was not measured" in said
    measured = released.read(released.newest())["without_facts"]
    for key in ("given", "none"):
        for name in ("coverage", "risk"):
            assert f"{100 * measured[key][name][0]:.0f}\u00a0%" in said
    assert "guessed age, sex or place" in page.inner_text("#try-guess")
    assert visit.sideways() <= 0


def test_the_verdict_comes_into_view_and_is_announced(visit, tmp_path):
    """After a picture was chosen; not after a fact was, whose field stays where it is."""
    page = visit.page
    inside = """() => {
        const box = document.querySelector("#try [data-part=status]").getBoundingClientRect();
        return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight;
    }"""
    page.evaluate("scrollTo(0, 0)")
    visit.choose(**FACTS)
    visit.upload(tmp_path, "a.png", PICTURES["a.png"][0])
    visit.answer()
    page.wait_for_function(inside)
    assert page.get_attribute("#try [data-part=status]", "role") == "status"
    # The page glides there.
    page.wait_for_timeout(1000)
    page.focus("#try-sex")
    place = "scrollY"
    before = page.evaluate(place)
    page.select_option("#try-sex", "male")
    visit.answer()
    page.wait_for_timeout(500)
    assert page.evaluate(place) == before


def test_what_if_says_what_python_says(visit, python, tmp_path):
    """One fact at a time is another; from one view of the picture."""
    from skinlib.predict import what_if

    page = visit.page
    visit.choose(**FACTS)
    visit.upload(tmp_path, "a.png", PICTURES["a.png"][0])
    visit.answer()
    page.click("#try [data-part=what-if] summary")
    page.wait_for_function(
        "document.querySelector('[data-part=what-if-says]').textContent.includes('cases')"
    )
    found = page.eval_on_selector_all(
        "#try [data-part=what-if-rows] tr",
        "rows => rows.map(r => [r.cells[0].textContent, r.cells[1].dataset.best, "
        "+r.cells[1].dataset.value])",
    )
    classifier = released.load(released.newest())
    wanted = what_if.alternatives(tuple(FACTS.values()), classifier.encoder)
    assert [name for name, _, _ in found] == list(wanted)
    picture = classifier.prepare(tmp_path / "a.png")[None].repeat(len(wanted), axis=0)
    expected = classifier.classify(picture, table(list(wanted.values())), views="one")
    for (_, best, share), row in zip(found, expected.probabilities, strict=True):
        assert share == pytest.approx(row.max(), abs=2e-3)
        assert best == CLASSES[row.argmax()]
    assert visit.sideways() <= 0
    page.click("#try [data-part=what-if] summary")


def test_the_attention_is_off_and_pictures_have_words(fresh):
    page = fresh.open().page
    assert page.input_value("#try-opacity") == "0"
    words = page.eval_on_selector_all("#try [data-part=samples] img", "all => all.map(i => i.alt)")
    assert len(set(words)) == len(words) > 1
    assert all(words)
    page.click("#try [data-part=samples] button")
    fresh.answer()
    assert "attention is largest" not in page.inner_text("#try figcaption")
    assert "does not follow the lesion" in page.inner_text("#try-attention")


def test_the_attention_is_drawn_over_the_square_only(visit, tmp_path):
    """Strong enough it hides the square; the darkened margins stay as they were."""
    visit.upload(tmp_path, "a.png", PICTURES["a.png"][0])
    visit.answer()
    changed = visit.page.evaluate("""() => {
        const canvas = document.querySelector("#try canvas");
        const [plain, covered] = [0, 100].map((opacity) => {
            const slider = document.getElementById("try-opacity");
            slider.value = opacity;
            slider.dispatchEvent(new Event("input"));
            return canvas.getContext("2d").getImageData(0, 128, canvas.width, 1).data;
        });
        return Array.from({length: canvas.width}, (_, x) => plain[4 * x] !== covered[4 * x]);
    }""")
    changed = np.array(changed)
    assert len(changed) == 341
    assert not changed[:42].any()
    assert not changed[-42:].any()
    assert changed[50:-50].mean() > 0.9
    assert "attention is largest in row" in visit.page.inner_text("#try figcaption")


REFUSED = {
    "notes.txt": (b"hello", "not an image in JPEG or PNG"),
    "renamed.png": (b"GIF89a" + bytes(100), "a picture in the format GIF; save it as JPEG or PNG"),
    "half.png": (PICTURES["a.png"][0][:5000], "broken or not complete"),
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
    visit.upload(tmp_path, "a.png", PICTURES["a.png"][0])
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
