"""Sphinx extension: tables and figures of the paper keep the paper's numbers.

The book numbers its own tables and figures. Those whose anchor begins with ``paper-`` show the
paper's and say so in their captions ("Table 5 of the paper"); a second number would collide.
"""

from sphinx.domains.std import StandardDomain

PREFIX = "paper-"


class Domain(StandardDomain):
    """The standard domain, in which what shows the paper's is not counted."""

    def get_enumerable_node_type(self, node):
        """Return the kind of number that a node takes, or None."""
        if any(name.startswith(PREFIX) for name in (*node["names"], *node["ids"])):
            return None
        return super().get_enumerable_node_type(node)


def setup(app):
    """Put the domain in the place of Sphinx' own."""
    app.add_domain(Domain, override=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
