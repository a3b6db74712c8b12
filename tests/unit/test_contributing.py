"""The examples of CONTRIBUTING.md do what it says: a backbone, a claim, a page."""

import ast
import re
import textwrap

import pytest
import written
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
    code, title = example("Add a page", "python"), "# Nevi\n\n{glue:text}`share` of them."
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    written.write(tmp_path / "nevi.ipynb", title, code)
    out = notebooks.execute("nevi", tmp_path / "out" / "nevi.ipynb")
    (output,) = (each for each in written.outputs(out)[0] if each.get("data"))
    share = round(100 * HAM10000_COUNTS["nv"] / sum(HAM10000_COUNTS.values()))
    assert output.metadata["scrapbook"]["name"] == "share"
    value = output.data["application/papermill.record/text/plain"]
    assert ast.literal_eval(value) == f"{share}\u00a0%"
    # A direction that does not hold fails on the committed results.
    written.write(tmp_path / "nevi.ipynb", title, code.replace("share > 0.5", "share < 0.5"))
    with pytest.raises(notebooks.NotebookError, match="most photographs show a nevus"):
        notebooks.execute("nevi", tmp_path / "out" / "nevi.ipynb")
