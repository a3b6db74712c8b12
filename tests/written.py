"""Notebooks that tests write."""

import nbformat

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def tagged(source, tag):
    """Return a code cell with a tag."""
    return nbformat.v4.new_code_cell(source, metadata={"tags": [tag]})


def write(path, *cells, **metadata):
    """Write a notebook. A cell is made, or a text: Markdown where it has a title, else code."""
    new = nbformat.v4
    made = [
        cell if not isinstance(cell, str)
        else new.new_markdown_cell(cell) if cell.startswith("# ")
        else new.new_code_cell(cell)
        for cell in cells
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new.new_notebook(cells=made, metadata={"kernelspec": KERNEL} | metadata), path)


def outputs(path):
    """Return the outputs of each code cell of a notebook."""
    cells = nbformat.read(path, as_version=4).cells
    return [cell.outputs for cell in cells if cell.cell_type == "code"]
