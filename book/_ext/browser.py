"""Sphinx extension: the directive ``{browser}`` puts our own markup and scripts on a page.

Raw HTML is switched off in the book, since text from data ends up in it. This markup is a file
of ours, book/browser/try.html, and holds nothing else. What ``python -m skinlib browser`` made
is copied beside the scripts; where it made nothing, the page says so.
"""

import json
import os
import shutil
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

PLACE = "try"
# The reader's browser itself sees to it that nothing leaves it.
POLICY = "connect-src 'self'; img-src 'self' blob: data:; form-action 'none'; object-src 'none'"


def _built(app):
    """Return the folder with model and runtime, and whether they were built, and why not."""
    root = Path(app.srcdir).parent
    folder = Path(os.environ.get("SKINLIB_BROWSER", root / "_build" / "browser"))
    state = folder / "state.json"
    if not state.is_file():
        return folder, {"built": False, "text": "`python -m skinlib browser` was not run"}
    return folder, json.loads(state.read_text(encoding="utf-8"))


class Browser(Directive):
    """The demonstration, or the reason why it was not built."""

    def run(self):
        env = self.state.document.settings.env
        folder, state = _built(env.app)
        source = Path(env.srcdir) / "browser" / "try.html"
        for path in (folder / "state.json", source):
            env.note_dependency(str(path))
        env.metadata[env.docname]["browser"] = state["built"]
        if state["built"]:
            markup = nodes.raw("", source.read_text(encoding="utf-8"), format="html")
            return [markup]
        commands = "python -m skinlib browser\nmake book"
        parts = (
            nodes.title("", "Not built here"),
            nodes.paragraph("", f"This copy of the book has no demonstration: {state['text']}."),
            nodes.paragraph("", "Where Node.js is installed, these two commands build it:"),
            nodes.literal_block(commands, commands, language="bash"),
        )
        return [nodes.admonition("", *parts, classes=["warning"])]


def _copy(app):
    """Put scripts, model and runtime among the static files, before those are given hashes."""
    folder, state = _built(app)
    target = Path(app.outdir) / "_static" / PLACE
    shutil.rmtree(target, ignore_errors=True)
    if state["built"]:
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("state.json", ".*"))
        for path in (Path(app.srcdir) / "browser").glob("*.[cj]s*"):
            if path.suffix != ".json":
                shutil.copy(path, target)


def _page(app, name, template, context, doctree):
    """Load scripts and styles on the page that has the demonstration, and on no other."""
    if app.env.metadata[name].get("browser"):
        app.add_css_file(f"{PLACE}/try.css")
        app.add_js_file(f"{PLACE}/page.js", type="module")
        policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        context["metatags"] = context.get("metatags", "") + policy


def setup(app):
    app.add_directive("browser", Browser)
    app.connect("builder-inited", _copy)
    app.connect("html-page-context", _page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
