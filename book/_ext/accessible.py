"""Sphinx extension: what the theme leaves out for screen readers and for search engines."""

from html import escape
from textwrap import shorten

from docutils import nodes

LONGEST = 160
# The items of a list are items. What unfolds code has its own text as its name.
CORRECTED = {
    ' role="doc-biblioentry"': ' role="listitem"',
    '<summary aria-label="Toggle hidden content">': "<summary>",
}


def description_of(doctree):
    """Return the first paragraph of a page, cut to what a list of results shows."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section):
            return shorten(paragraph.astext(), LONGEST, placeholder="…")
    return ""


def _describe(app, page, template, context, doctree):
    text = description_of(doctree) if doctree else ""
    if text:
        tag = f'<meta name="description" content="{escape(text)}"/>'
        context["metatags"] = context.get("metatags", "") + tag


def _correct(app, page, template, context, doctree):
    if "body" in context:
        for written, wanted in CORRECTED.items():
            context["body"] = context["body"].replace(written, wanted)


def _name_arrows(app, page, template, context, doctree):
    """Give each arrow of the sidebar the name of the chapter that it unfolds."""
    written = context.get("generate_toctree_html")

    def named(*arguments, **options):
        tree = written(*arguments, **options)
        for arrow in tree.select("summary") if tree else ():
            chapter = arrow.find_previous("a")
            arrow["aria-label"] = f"Pages of {chapter.get_text(strip=True)}"
        return tree

    if written:
        context["generate_toctree_html"] = named


def setup(app):
    """Correct a page after the theme has prepared it."""
    for correct in (_describe, _correct, _name_arrows):
        app.connect("html-page-context", correct, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
