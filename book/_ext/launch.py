"""Sphinx extension: the launch buttons of an executed notebook open the notebook it was made from.

An executed copy carries the parameters and the data of the machine that ran it, and some copies
are not in the repository at all. The source runs anywhere, its first cell installs skinlib.
"""

from pathlib import Path

EXECUTED, SOURCES = "executed/", "notebooks"
# How the Snakefile names what is no run.
PREFIXES = ("about-", "report-")
OF_A_RUN = "train"


def source_of(page):
    """Return the name of the notebook that an executed page was made from."""
    name = page.rpartition("/")[2]
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return OF_A_RUN


def _point_to_source(app, page, template, context, doctree):
    if not page.startswith(EXECUTED):
        return
    path = f"{SOURCES}/{source_of(page)}.ipynb"
    if not (Path(app.srcdir).parent / path).is_file():
        return
    for group in context.get("header_buttons", ()):
        if group.get("label") == "launch-buttons":
            for button in group["buttons"]:
                # The page lies in the book's folder, the source beside it.
                button["url"] = button["url"].replace(f"{Path(app.srcdir).name}/{page}.ipynb", path)


def setup(app):
    """Correct the buttons after the theme has made them, at priority 501."""
    app.connect("html-page-context", _point_to_source, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
