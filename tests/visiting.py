"""A server of a folder, a tab of a browser with the page that asks the model, and pictures for it."""

import contextlib
import functools
import http.server
import io
import os
import shutil
import threading

import numpy as np
import pytest
from PIL import Image

from skinlib.common.classes import CLASSES
from skinlib.common.process import switched_on
from skinlib.data import synthetic

PATIENCE = 120_000  # milliseconds; long, for a machine that trains beside it


def encode(picture, format, **options):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format=format, **options)
    return buffer.getvalue()


def drawn(dx, lesion, width=341, height=256):
    return synthetic.photograph(dx, lesion, 0, 1, width, height)


NOISE = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)


def missing(what):
    """Skip the test; in continuous integration a browser that is not there is a failure."""
    (pytest.fail if switched_on("SKINLIB_REQUIRE_BROWSER") else pytest.skip)(what)


def chromium_program():
    name = os.environ.get("SKINLIB_CHROMIUM", "chromium")
    return shutil.which(name) or missing(f"'{name}' is not installed")


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(folder):
    """Yield the address of a plain server of a folder on this machine; it ends in a slash."""
    handler = functools.partial(_Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


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
