"""Every page of the book as axe-core and the browser's console see it."""

import pytest

from skinlib.common import npm, paths
from skinlib.common.errors import SkinlibError

AXE = "axe-core/axe.min.js"
SOURCE = paths.ROOT / "tests" / "book"
WIDE, PHONE = 1280, 390
# Code is folded at first, and axe passes over what is folded, or half faded in.
UNFOLD = """
  document.head.append(Object.assign(document.createElement("style"), {
    textContent: "* { animation: none !important; transition: none !important; }",
  }));
  document.querySelectorAll("details").forEach((part) => { part.open = true; });
"""
RUN = """async (colours) => {
  const { violations } = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa"],
    rules: { "color-contrast": { enabled: colours } },
    resultTypes: ["violations"],
  });
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).flatMap(
    ({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`)
  );
}"""
# Long pages of one look: their colours, which take most of the time, are seen on this one.
LIKE, ONE = "api-", "api-paper"


@pytest.fixture(scope="module")
def axe():
    """The text of the script, of the locked version."""
    folder = paths.ROOT / "_build" / "axe"
    try:
        npm.fetch(SOURCE, folder, [AXE])
    except SkinlibError as error:
        pytest.skip(str(error))
    return (folder / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def complaints(chromium, site, axe):
    """Return a function that lists what is wrong with pages, in a theme and at a width."""
    opened = []

    def complaints(names, theme="light", width=WIDE):
        context = chromium.new_context(viewport={"width": width, "height": 900})
        opened.append(context)
        context.add_init_script(
            f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')"
        )
        page = context.new_page()
        found = []
        page.on("console", lambda said: said.type == "error" and found.append(said.text))
        page.on("pageerror", lambda error: found.append(str(error)))
        page.on("request", lambda asked: foreign(asked.url) and found.append(asked.url))
        wrong = {}
        for name in names:
            found.clear()
            page.goto(f"{site}{name}.html")
            page.evaluate(f"() => {{ {UNFOLD} }}")
            page.evaluate(axe)
            found += page.evaluate(RUN, name == ONE or not name.startswith(LIKE))
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append("scrolls sideways")
            if found:
                wrong[name] = list(found)
        return wrong

    def foreign(url):
        return not url.startswith((site, "data:", "blob:"))

    yield complaints
    for context in opened:
        context.close()


def test_every_page_is_accessible_and_asks_only_its_own_server(complaints, html):
    names = [
        path.stem for path in sorted(html.glob("*.html"))
        if 'http-equiv="refresh"' not in path.read_text(encoding="utf-8")
    ]  # fmt: skip
    assert len(names) > 20
    # All code of the package has one look, too.
    assert complaints([*names, "_modules/skinlib/stats/scores"]) == {}


@pytest.mark.parametrize("look", [{"theme": "dark"}, {"width": PHONE}], ids=["dark", "phone"])
def test_some_pages_also_in_the_dark_and_on_a_phone(complaints, look):
    assert complaints(["results", "ledger-models", ONE], **look) == {}
