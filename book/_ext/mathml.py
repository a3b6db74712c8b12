"""Sphinx extension: formulas as MathML, which browsers render themselves.

The usual script comes from another server: a book read offline would show raw TeX.
"""

from docutils import nodes
from latex2mathml.converter import convert


def _inline(self, node):
    text = node.astext()
    formula = convert(_supported(text))
    if r"\displaystyle" in text:
        formula = formula.replace("<math ", '<math displaystyle="true" ', 1)
    self.body.append(formula)
    raise nodes.SkipNode


def _block(self, node):
    number = ""
    if node.get("number"):
        number = f'<span class="eqno">({node["number"]})</span>'
    anchor = f' id="{node["ids"][0]}"' if node.get("ids") else ""
    formula = convert(_supported(node.astext()), display="block")
    self.body.append(f'<div class="math notranslate"{anchor}>{number}{formula}</div>\n')
    raise nodes.SkipNode


def _supported(text):
    """Drop what only asks for a larger fraction: the converter knows other ways."""
    return text.replace(r"\displaystyle", "").replace(r"\dfrac", r"\frac")


def setup(app):
    """Offer the renderer; ``html_math_renderer: mathml`` in _config.yml chooses it."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
