"""Sphinx extension: an interactive figure takes the place of a static one where it can.

The directive ``interactive`` has a Vega-Lite specification as its content
(`skinlib.book.Interactive` writes it) and follows the figure it is about. Without scripts, on
paper, in a PDF, and where the drawing library could not be installed, the static figure stays.
"""

import json
import shutil
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.util import logging

from skinlib.common import npm
from skinlib.common.errors import SkinlibError

# In the order in which they need each other.
SCRIPTS = (
    "vega/build/vega.min.js",
    "vega-lite/build/vega-lite.min.js",
    "vega-embed/build/vega-embed.min.js",
)
FOLDER = "interactive"


class Interactive(nodes.General, nodes.Element):
    """A specification in Vega-Lite, data included."""


class InteractiveDirective(Directive):
    """Read a specification: JSON as the content, or the path of a file as the argument."""

    optional_arguments = 1
    has_content = True

    def run(self):
        environment = self.state.document.settings.env
        written = "\n".join(self.content)
        if self.arguments:
            name, path = environment.relfn2path(self.arguments[0])
            environment.note_dependency(name)
            written = Path(path).read_text(encoding="utf-8")
        specification = json.loads(written)
        if not specification:
            return []
        environment.metadata[environment.docname]["interactive"] = True
        return [Interactive("", specification=specification)]


def _visit(self, node):
    # A text that ends the element would end it here too.
    text = json.dumps(node["specification"], separators=(",", ":")).replace("<", "\\u003c")
    self.body.append(
        f'<div class="interactive" hidden><script type="application/json">{text}</script></div>\n'
    )
    raise nodes.SkipNode


def _leave_out(self, node):
    raise nodes.SkipNode


def _collect(app, environment):
    """Put the scripts where the pages will load them from, if there is such a page."""
    if not any("interactive" in known for known in environment.metadata.values()):
        return
    source = Path(app.srcdir) / FOLDER
    packages = source.parents[1] / "_build" / FOLDER
    target = Path(app.outdir) / "_static" / FOLDER
    shutil.rmtree(target, ignore_errors=True)
    try:
        npm.fetch(source, packages, SCRIPTS)
    except SkinlibError as error:
        # Said, not warned of: the book is whole without.
        logging.getLogger(__name__).info("figures stay static: %s", error)
        return
    shutil.copytree(packages, target, ignore=shutil.ignore_patterns(npm.LOCK))
    shutil.copy(source / "show.js", target)


def _load(app, page, template, context, doctree):
    """Load the scripts on pages that show such a figure, and on no others."""
    if "interactive" in app.env.metadata[page]:
        target = Path(app.outdir) / "_static" / FOLDER
        for name in (*(Path(path).name for path in SCRIPTS), "show.js"):
            if (target / name).is_file():
                app.add_js_file(f"{FOLDER}/{name}", loading_method="defer")


def setup(app):
    """Offer the directive ``interactive``."""
    others = dict.fromkeys(("latex", "text", "man", "texinfo"), (_leave_out, None))
    app.add_node(Interactive, html=(_visit, None), **others)
    app.add_directive("interactive", InteractiveDirective)
    app.connect("env-updated", _collect)
    app.connect("html-page-context", _load)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
