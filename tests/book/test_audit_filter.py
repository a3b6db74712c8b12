"""The filter of the claims audit in a real browser, and the table without it."""

import pytest

from skinlib.common import paths

ROW = """<tr><th class="stub"><span id="claim-{name}">{claim}</span></th>
<td><span class="verdict verdict-{verdict}">{verdict}</span> {part}</td><td>{reason}</td><td>Table 5</td></tr>"""
CLAIMS = (
    ("one", "gives 90 percent accuracy", "holds", "", "Printed 0.90, logged 0.8986."),
    ("two", "30 times faster", "open", "for a part", "Seconds of an epoch. " * 20),
    ("three", "contains 857 images", "holds", "", "Test images of the logs."),
)
PAGE = """<section id="all"><h2>The claims</h2>
<section id="first"><h3>First</h3><table><thead><tr><th>Claim</th></tr></thead><tbody>{}{}</tbody></table></section>
<section id="second"><h3>Second</h3><table><tbody>{}</tbody></table></section></section>
<table><tbody><tr><td><span class="verdict">holds</span></td></tr></tbody></table>"""


def page(chromium, *, scripts=True, anchor=""):
    """Open the claims as a page of the book has them."""
    opened = chromium.new_page(java_script_enabled=scripts)
    keys = ("name", "claim", "verdict", "part", "reason")
    rows = (ROW.format(**dict(zip(keys, claim, strict=True))) for claim in CLAIMS)
    script = (paths.ROOT / "book" / "_static" / "audit.js").read_text(encoding="utf-8")
    body = f"<!doctype html><body>{PAGE.format(*rows)}<script>{script}</script>"
    opened.route("http://book/*", lambda route: route.fulfill(body=body, content_type="text/html"))
    opened.goto(f"http://book/audit.html{anchor}")
    return opened


def shown(opened):
    return [name for name, *_ in CLAIMS if opened.locator(f"#claim-{name}").is_visible()]


@pytest.mark.parametrize(
    ("words", "verdict", "found"),
    [("", "", 3), ("LOGGED", "", 1), ("table 5", "holds", 2), ("epoch faster", "open", 1),
     ("epoch", "holds", 0)],
)  # fmt: skip
def test_rows_by_words_and_verdict(chromium, words, verdict, found):
    opened = page(chromium)
    opened.get_by_label("Find words").fill(words)
    opened.get_by_label("Verdict").select_option(verdict)
    assert len(shown(opened)) == found
    assert opened.get_by_role("status").inner_text() == f"{found} of 3 claims"


def test_a_section_without_claims_goes_with_its_heading(chromium):
    opened = page(chromium)
    opened.get_by_label("Find words").fill("857")
    assert not opened.locator("#first").is_visible()
    assert opened.locator("#second h3").is_visible()
    assert opened.locator("h2").is_visible()


def test_keys_are_enough(chromium):
    opened = page(chromium)
    opened.keyboard.press("Tab")
    opened.keyboard.type("faster")
    assert shown(opened) == ["two"]
    opened.keyboard.press("Tab")
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    assert opened.locator("details").evaluate("reason => reason.open")
    assert opened.get_by_role("button").inner_text() == "Fold all reasons"


def test_long_reasons_fold_and_an_anchor_unfolds_its_own(chromium):
    assert not page(chromium).locator("details").evaluate("reason => reason.open")
    opened = page(chromium, anchor="#claim-two")
    assert opened.locator("details").count() == 1
    assert opened.locator("details").evaluate("reason => reason.open")


def test_without_scripts_the_tables_are_complete(chromium):
    opened = page(chromium, scripts=False)
    assert shown(opened) == ["one", "two", "three"]
    assert opened.locator("form, details").count() == 0
