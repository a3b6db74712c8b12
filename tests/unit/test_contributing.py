"""The examples of CONTRIBUTING.md do what it says: a backbone, a claim, a page."""

import ast
import re
import textwrap

import nbformat
import pytest
import yaml

from skinlib import paper
from skinlib.book import notebooks
from skinlib.common import paths
from skinlib.common.classes import HAM10000_COUNTS
from skinlib.models import backbones
from skinlib.paper import audit
from skinlib.paper.audit.verdicts import HOLDS, OWN_TABLE

TEXT = (paths.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def example(section, language):
    part = TEXT.partition(f"## {section}\n")[2].partition("\n## ")[0]
    (block,) = re.findall(rf"^ *```{language}\n(.*?)^ *```", part, re.MULTILINE | re.DOTALL)
    return textwrap.dedent(block)


def test_a_backbone_is_one_row(monkeypatch):
    from skinlib.experiments.recipes import get_recipe
    from skinlib.models.classifier import describe

    row = eval(example("Add a backbone", "python"), {"Backbone": backbones.Backbone})
    monkeypatch.setitem(backbones.BACKBONES, row.name, row)
    # Keras builds it with the attention at that layer; another shape than the row's is refused.
    found = describe(row.name, get_recipe("clean"), size=row.input_size)
    assert found["tap_layer"] == row.tap_layer
    assert found["tap_shape"] == list(row.tap_shape)


@pytest.mark.parametrize(("printed", "verdict"), [(None, HOLDS), ("6706", OWN_TABLE)])
def test_a_claim_is_one_entry_and_its_rule_finds_the_verdict(printed, verdict, monkeypatch):
    (entry,) = yaml.safe_load(example("Add a claim", "yaml"))
    assert int(entry["printed"]) == HAM10000_COUNTS["nv"]
    if printed:
        entry["printed"] = printed
    content = paper.load("claims")
    assert entry["group"] in content["groups"]
    monkeypatch.setattr(paper, "load", lambda name: {**content, "claims": [entry]})
    (claim,) = audit.claims()
    monkeypatch.undo()
    assert audit.check(claim, audit.gather()).result.verdict == verdict


def test_a_page_is_a_notebook_whose_sentence_has_its_number(tmp_path, monkeypatch):
    code = example("Add a page", "python")
    new = nbformat.v4
    cells = [new.new_markdown_cell("# Nevi\n\n{glue:text}`share` of the photographs."),
             new.new_code_cell(code, metadata={"tags": ["hide-input"]})]  # fmt: skip
    page = new.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )
    nbformat.write(page, tmp_path / "nevi.ipynb")
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    out = notebooks.execute("nevi", tmp_path / "out" / "nevi.ipynb", progress=False)
    outputs = nbformat.read(out, as_version=4).cells[1].outputs
    share = round(100 * HAM10000_COUNTS["nv"] / sum(HAM10000_COUNTS.values()))
    ((name, value),) = ((each.metadata["scrapbook"]["name"],
                         each.data["application/papermill.record/text/plain"])
                        for each in outputs if each.get("data"))  # fmt: skip
    assert name == "share"
    assert ast.literal_eval(value) == f"{share}\u00a0%"
    # A direction that does not hold fails on the committed results.
    wrong = code.replace("share > 0.5", "share < 0.5")
    page.cells[1].source = wrong
    nbformat.write(page, tmp_path / "nevi.ipynb")
    with pytest.raises(notebooks.NotebookError, match="most photographs show a nevus"):
        notebooks.execute("nevi", tmp_path / "out" / "nevi.ipynb", progress=False)
