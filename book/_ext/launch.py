"""Sphinx extension: the launch buttons of a page open the notebook it was made from.

A page is an executed copy. It is not in the repository; its source is, and runs anywhere.
"""

from pathlib import Path

EXECUTED, SOURCES = "executed/", "notebooks"
# How the Snakefile names what is no run.
PREFIX = "about-"
OF_A_RUN = "train"


def source_of(page):
    """Return the name of the notebook that a page was made from, if it was made from one."""
    if not page.startswith(EXECUTED):
        return page
    name = page.rpartition("/")[2]
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else OF_A_RUN


def _point_to_source(app, page, template, context, doctree):
    path = f"{SOURCES}/{source_of(page)}.ipynb"
    if not (Path(app.srcdir).parent / path).is_file():
        return
    for group in context.get("header_buttons", ()):
        if group.get("label") == "launch-buttons":
            for button in group["buttons"]:
                # The page lies in the book's folder, the source beside it.
                button["url"] = button["url"].replace(f"{Path(app.srcdir).name}/{page}.ipynb", path)


def _without_thebe(app, page, template, context, doctree):
    """Leave out the scripts of Thebe, which nothing uses and which are loaded twice."""
    context["script_files"] = [
        script
        for script in context.get("script_files", ())
        if "thebe" not in str(script).lower()
        and "THEBE" not in str(getattr(script, "attributes", {}).get("body", ""))
    ]


def setup(app):
    """Correct the buttons after the theme has made them, at priority 501."""
    app.connect("html-page-context", _without_thebe, priority=950)
    app.connect("html-page-context", _point_to_source, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
