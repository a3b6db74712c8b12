"""The book, built once, a server of it, and a browser that looks at it."""

import os
import shutil
import subprocess
import sys

import pytest
from visiting import Visit, chromium_program, missing, serving

from skinlib.common import paths
from skinlib.predict import released
from skinlib.predict.requests import table

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

SIZES = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory):
    """What ``python -m skinlib browser`` makes, and what it said."""
    folder = tmp_path_factory.mktemp("browser")
    done = subprocess.run(
        [sys.executable, "-m", "skinlib", "browser", "-o", folder],
        cwd=paths.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return folder, done


@pytest.fixture(scope="session")
def html(tmp_path_factory, demonstration):
    """Execute the pages that are not up to date, and build into a temporary folder."""
    out, cores = tmp_path_factory.mktemp("book"), str(os.cpu_count() or 1)
    options = ("--workflow-profile", "profiles/local", "--cores", cores, "--", "pages")
    for program in (("snakemake", *options), ("skinlib.book.building", out)):
        done = subprocess.run(
            [sys.executable, "-m", *program],
            cwd=paths.ROOT, capture_output=True, text=True, check=False,
            env={**os.environ, "SKINLIB_BROWSER": str(demonstration[0])},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    yield out / "_build" / "html"
    shutil.rmtree(out, ignore_errors=True)


@pytest.fixture(scope="session")
def site(html):
    """Where a plain static server shows the book."""
    with serving(html) as address:
        yield address


@pytest.fixture(scope="session")
def address(site, demonstration):
    """The page of the demonstration; without it there is nothing to test."""
    done = demonstration[1]
    if done.returncode:
        missing(f"no demonstration: {done.stderr[-500:]}")
    return f"{site}try.html"


@pytest.fixture(scope="session")
def chromium():
    """Debian's browser, driven by Playwright; it downloads none of its own."""
    program = chromium_program()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def python():
    """Ask the released model in Python, as `skinlib predict` does; a function of file and facts."""
    classifier = released.load(released.newest())

    def ask(path, age=None, sex="unknown", site="unknown"):
        return classifier.classify(classifier.prepare(path)[None], table([(age, sex, site)]))

    return ask


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
