"""Sphinx extension: the first column of a table names its rows, also for a screen reader."""

from docutils import nodes


def _mark(app, doctree):
    for group in doctree.findall(nodes.tgroup):
        columns = list(group.findall(nodes.colspec))
        # A list of one column has nothing to be named.
        if len(columns) > 1:
            columns[0]["stub"] = 1


def _with_scope(translator):
    """Return a translator that writes ``scope="row"`` where docutils marks such a column only."""

    class Translator(translator):
        def starttag(self, node, tagname, *arguments, **attributes):
            if tagname == "th":
                attributes["scope"] = "col" if "head" in attributes.get("classes", ()) else "row"
            return super().starttag(node, tagname, *arguments, **attributes)

    return Translator


def _install(app):
    if app.builder.format == "html":
        app.set_translator(app.builder.name, _with_scope(app.builder.get_translator_class()), True)


def setup(app):
    """Mark the column once a page is read."""
    app.connect("doctree-read", _mark)
    # After the theme, which has a translator of its own.
    app.connect("builder-inited", _install, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
