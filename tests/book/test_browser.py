"""The page in a real browser: what Python says, at two sizes, by keyboard, offline, with bad files."""

import colours
import numpy as np
import pytest
from PIL import Image
from visiting import NOISE, drawn, encode

from skinlib.common.classes import CLASSES
from skinlib.predict import released
from skinlib.predict.abstention import UNLIKE
from skinlib.predict.requests import table

FACTS = {"age": 71, "sex": "female", "site": "lower extremity"}


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
    points = visit.page.locator("#try [data-part=points]")
    assert points.get_attribute("data-alike") == CLASSES[wanted.alike[0]]
    assert points.is_visible() == (status != UNLIKE)
    flagged = "above" if wanted.flagged[0] else "not above"
    assert f"\u00a0%, {flagged} the threshold of" in points.text_content()
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
    for key in ("given", "without facts"):
        for name in ("coverage", "risk"):
            assert f"{100 * measured[key][name][0]:.0f}\u00a0%" in said
    visit.choose(71, "unknown", "lower extremity")
    said = page.inner_text("#try [data-part=lost]")
    assert "You do not know sex." in said
    for key in ("given", "without sex"):
        for name in ("coverage", "risk"):
            assert f"{100 * measured[key][name][0]:.0f}\u00a0%" in said
    assert "was not measured" not in said
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
    from skinlib.predict.predict import alternatives

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
    wanted = alternatives(tuple(FACTS.values()), classifier.encoder)
    assert [name for name, _, _ in found] == list(wanted)
    picture = classifier.prepare(tmp_path / "a.png")[None].repeat(len(wanted), axis=0)
    expected = classifier.classify(picture, table(list(wanted.values())), views="one")
    for (_, best, share), row in zip(found, expected.probabilities, strict=True):
        assert share == pytest.approx(row.max(), abs=2e-3)
        assert best == CLASSES[row.argmax()]
    assert visit.sideways() <= 0
    page.click("#try [data-part=what-if] summary")


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
