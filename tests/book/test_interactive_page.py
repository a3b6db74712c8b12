"""The interactive figures of a page: in a real browser, on paper, and where they cannot be."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from skinlib.common import npm, paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import SkinlibError
from skinlib.plots import interactive
from skinlib.stats import curve_points as points

# As the real configuration has it, without the theme, which takes its time.
CONFIGURATION = """
import sys
sys.path.insert(0, {extensions!r})
extensions = ["myst_parser", "interactive"]
html_static_path = ["_static"]
html_css_files = ["interactive.css"]
"""
PAGE = """# Title

```{figure} static.svg
:name: fig-static
:alt: Curves, drawn once and for all.

A caption.
```

```{interactive} curves.json
```
"""
STATIC = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><path d="M0 0h9"/></svg>'
EVIL = "</script><script>document.title = 'broken'</script>"


def build(folder, specification, environment=None):
    """Build a book of two pages; return what Sphinx printed."""
    book = folder / "book"
    (book / "_static").mkdir(parents=True)
    shutil.copytree(paths.ROOT / "book" / "interactive", book / "interactive")
    shutil.copy(paths.ROOT / "book" / "_static" / "interactive.css", book / "_static")
    extensions = str(paths.ROOT / "book" / "_ext")
    files = {
        "conf.py": CONFIGURATION.format(extensions=extensions),
        "index.md": PAGE,
        "other.md": "---\norphan: true\n---\n# Other\n",
        "static.svg": STATIC,
        "curves.json": json.dumps(specification),
    }
    for name, text in files.items():
        (book / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-b", "html", "-n", "-W", book, folder / "html"],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def texts(folder):
    return [(folder / "html" / f"{page}.html").read_text("utf-8") for page in ("index", "other")]


def test_without_npm_the_static_figure_stays(tmp_path):
    printed = build(tmp_path, {"description": "Curves"}, environment={"PATH": ""})
    assert "figures stay static: npm is not installed" in printed
    page, _ = texts(tmp_path)
    assert "static.svg" in page
    assert "vega" not in re.sub("interactive.css", "", page)
    assert not (tmp_path / "html" / "_static" / "interactive").exists()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A page with a real ROC figure of two models, one of which has a hostile name."""
    folder = tmp_path_factory.mktemp("interactive")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 7, 300)
    sure = rng.dirichlet(np.ones(7), 300)
    models = [(labels, sure), (labels, 0.7 * np.eye(7)[labels] + 0.3 * sure)]
    made = interactive.roc(*points.roc(models), ["plain", EVIL])
    kept = paths.ROOT / "_build" / "interactive"
    extension = (paths.ROOT / "book" / "_ext" / "interactive.py").read_text(encoding="utf-8")
    scripts = re.findall(r'"(vega[\w-]*/build/[\w.-]+)"', extension)
    try:
        npm.fetch(paths.ROOT / "book" / "interactive", kept, scripts)
    except SkinlibError as error:
        pytest.skip(str(error))
    # What the real book has installed serves here too.
    shutil.copytree(kept, folder / "_build" / "interactive")
    build(folder, made)
    return folder, models


def test_scripts_are_local_and_only_where_they_are_needed(built):
    folder, _ = built
    page, other = texts(folder)
    scripts = re.findall(r'<script[^>]* src="([^"]*)"', page)
    assert len([src for src in scripts if src.startswith("_static/interactive/")]) == 4
    assert not [src for src in scripts if "//" in src]
    assert "_static/interactive/" not in other
    assert "<img" in page
    assert EVIL not in page
    offered = {path.name for path in (folder / "html" / "_static" / "interactive").iterdir()}
    assert {"vega.LICENSE.txt", "vega-lite.LICENSE.txt", "vega-embed.LICENSE.txt"} <= offered
    assert npm.LOCK not in offered


@pytest.fixture
def visit(chromium, built):
    """Return a function that opens the page, and the list of what it asked of others."""
    opened, foreign = [], []

    def visit(width=1200, **options):
        opened.append(chromium.new_context(viewport={"width": width, "height": 900}, **options))
        page = opened[-1].new_page()
        page.on("request", lambda r: r.url.startswith("file:") or foreign.append(r.url))
        page.goto((built[0] / "html" / "index.html").as_uri())
        return page

    yield visit, foreign
    for context in opened:
        context.close()


@pytest.mark.parametrize("width", [1200, 390])
def test_the_interactive_figure_takes_the_place_of_the_static_one(visit, width):
    open_page, foreign = visit
    page = open_page(width)
    drawn = page.locator("figure .vega-place svg")
    drawn.wait_for()
    assert not page.locator("figure > img, figure > a").first.is_visible()
    assert page.locator("figcaption").is_visible()
    assert page.title() != "broken"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".vega-place [aria-label*='ROC curves'], .vega-place[aria-label]").count()
    page.emulate_media(media="print")
    assert page.locator("figure > img, figure > a").first.is_visible()
    assert not drawn.is_visible()
    assert [url for url in foreign if not url.startswith(("data:", "blob:"))] == []


def test_a_reader_without_a_mouse_gets_the_numbers(visit, built):
    labels, probabilities = built[1][1]
    page = visit[0]()
    page.locator("figure .vega-place svg").wait_for()
    page.locator("select").select_option(index=1)
    slider = page.locator("input[type=range]")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    cut = float(slider.input_value())
    assert cut == pytest.approx(0.6)
    for index, name in enumerate(CLASSES):
        called, positive = probabilities[:, index] >= cut, labels == index
        wanted = (
            f"{name}  {called[positive].mean():.3f} / {1 - called[~positive].mean():.3f}, "
            f"n = {positive.sum()}"
        )
        assert page.locator("svg text", has_text=re.compile(f"^{re.escape(wanted)}$")).count()


def test_without_scripts_the_static_figure_is_shown(visit):
    page = visit[0](java_script_enabled=False)
    assert page.locator("figure img").is_visible()
    assert not page.locator("div.interactive").is_visible()
