"""Sphinx extension: the address of a page that was merged into another leads there.

``redirects: {old: new}`` in the configuration, names of pages without ending; `new` may
have an anchor.
"""

from pathlib import Path
from string import Template

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>This page has moved</title>
<meta http-equiv="refresh" content="0; url=$target">
<link rel="canonical" href="$target">
</head>
<body>
<p>This page has moved: <a href="$target">$target</a>.</p>
<p>Research companion to a paper. Not a medical device; not for diagnosis.</p>
</body>
</html>
""")


def write(app, error):
    """Write a page for each old address."""
    if error or app.builder.format != "html":
        return
    for old, new in app.config.redirects.items():
        page, _, anchor = new.partition("#")
        if page not in app.env.found_docs or old in app.env.found_docs:
            msg = (
                f"redirect from '{old}' to '{new}': expected an old address and a page of the book"
            )
            raise ValueError(msg)
        target = f"{page}.html{'#' + anchor if anchor else ''}"
        path = Path(app.outdir) / f"{old}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAGE.substitute(target=target), encoding="utf-8")


def setup(app):
    """Write the pages after the others."""
    app.add_config_value("redirects", {}, "env", [dict])
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
