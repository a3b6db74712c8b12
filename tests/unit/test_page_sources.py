"""The sources of the pages keep the rules of the house: short, without Keras, without typed results."""

import ast
import json
import re
import subprocess
import sys

import pytest

from skinlib.common import paths

SOURCES = sorted(paths.NOTEBOOKS.glob("*.ipynb"))
# The notebooks that build networks; all others read results.
NETWORKS = {"train", "architecture"}
# Those with parameters.
PARAMETERS = {"architecture", "data", "results", "train"}
BACKENDS = {"keras", "tensorflow", "jax", "torch"}
TOC = (paths.ROOT / "book" / "_toc.yml").read_text(encoding="utf-8")
PAGES = re.findall(r"(?:file|root): ([a-z0-9-]+)\s", TOC)


def imports(path):
    """Return the import statements of a notebook."""
    nodes = [node for code in cells(path, "code") for node in ast.walk(ast.parse(code))]
    return [ast.unparse(n) for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)]


def cells(path, kind):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == kind]


def test_there_are_as_many_notebooks_as_a_reader_can_hold():
    assert len(SOURCES) <= 28


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_code_is_short_and_without_output(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert not any(cell.get("outputs") for cell in notebook["cells"])
    tagged = [c for c in notebook["cells"] if "parameters" in c["metadata"].get("tags", [])]
    assert len(tagged) == (path.stem in PARAMETERS)
    lines = [len(code.splitlines()) for code in cells(path, "code")]
    if path.stem not in NETWORKS:
        assert sum(lines) <= 120
    assert max(lines) <= 25


def test_pages_import_no_backend():
    lines = [line for path in SOURCES if path.stem not in NETWORKS for line in imports(path)]
    assert len(lines) > 50
    code = "\n".join(
        ["import sys", *sorted(set(lines)), f"print(sorted({BACKENDS!r} & set(sys.modules)))"]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.stem not in NETWORKS], ids=lambda path: path.stem
)
def test_a_page_opens_with_its_title_and_says_what_it_reads(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    first = notebook["cells"][0]
    assert first["cell_type"] == "markdown"
    assert "".join(first["source"]).startswith("# ")
    lead = "".join("".join(cell["source"]) for cell in notebook["cells"][:3])
    assert len(lead) > 120
    found = [list(paths.ROOT.glob(each)) for each in notebook["metadata"]["skinlib"]["reads"]]
    assert any(found), f"{path.stem} reads nothing that is there"


def test_a_page_is_either_text_or_a_notebook_and_every_notebook_has_its_place():
    notebooks = {path.stem for path in SOURCES}
    texts = {path.stem for path in paths.BOOK.glob("*.md")}
    assert not notebooks & texts
    assert notebooks - NETWORKS <= set(PAGES) <= notebooks | texts
