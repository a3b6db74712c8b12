"""The book builds from committed results, without warnings and without a backend."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn import metrics as sk

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.experiments.study import load_study
from skinlib.paper import audit


@pytest.fixture(scope="module")
def pages(html):
    """The text of each page by its name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in html.glob("*.html")}


def test_every_page_is_complete_and_says_it_is_no_medical_device(pages):
    for name, page in pages.items():
        if name not in {"genindex", "search", "py-modindex"}:
            assert "Not a medical device" in page, name
        article = page.partition("<article")[2].partition("</article")[0]
        assert not re.search(r"<p>not (run|measured)</p>", article, re.IGNORECASE), name
        # The API explains the role by its name.
        if not name.startswith("api-"):
            assert "{glue" not in article, name
            assert "{numref}" not in article, name


def test_numbered_tables_and_figures_show_up(pages):
    assert re.search(r"caption-number\">Table \d", pages["results"])
    assert re.search(r"caption-number\">Fig\. \d", pages["results"])


def test_numbers_in_the_book_are_what_scikit_learn_computes(pages):
    """Independent of skinlib: from predictions.csv to the cell of the rendered table."""
    page = pages["results"]
    runs = [*load_study("ham10000-256px").finished(), *load_study("ham10000-256px-96px").finished()]
    assert len(runs) == 4
    for run in runs:
        frame = pd.read_csv(run.folder / "predictions.csv")
        frame = frame[frame["part"] == "test"]
        probabilities = frame[list(CLASSES)].to_numpy()
        predicted = np.array(CLASSES)[probabilities.argmax(axis=1)]
        truth = frame["label"]
        scores = [
            sk.accuracy_score(truth, predicted),
            sk.balanced_accuracy_score(truth, predicted),
            sk.roc_auc_score(truth, probabilities, multi_class="ovr", labels=list(CLASSES)),
        ]
        # The run that diverged is not in the table that has this score.
        if "clean-160px" not in run.name:
            scores.append(sk.f1_score(truth, predicted, average="macro"))
        for value in scores:
            assert f"<p>{value:.3f}\u00a0[" in page, (run.name, value)


ANCHORS = [f"paper-table-{n}" for n in (*range(1, 9), "a1", "a2", "a3", "a4", "a5")]
ANCHORS += [f"paper-figure-{n}" for n in range(1, 16)]


@pytest.mark.parametrize("anchor", ANCHORS)
def test_every_table_and_figure_of_the_paper_has_its_anchor_once(anchor, pages):
    assert sum(page.count(f'id="{anchor}"') for page in pages.values()) == 1


def test_no_figure_is_without_words_for_those_who_do_not_see_it(html):
    for page in html.rglob("*.html"):
        for tag in re.findall(r"<img [^>]*_images[^>]*>", page.read_text("utf-8")):
            alt = re.search(r'alt="([^"]*)"', tag)
            assert alt, (page.name, tag)
            assert len(alt[1]) > 20, (page.name, tag)
            # What Sphinx puts there when nobody wrote any.
            assert "_images/" not in alt[1], (page.name, tag)


def test_every_claim_stands_on_its_page_with_a_badge(pages):
    page = pages["audit"]
    ids = set(re.findall(r'id="([\w-]+)"', page))
    assert {f"claim-{claim.id}" for claim in audit.claims()} <= ids
    assert page.count('class="verdict ') >= len(audit.claims())


def test_launch_buttons_open_the_notebook_that_a_page_was_made_from(pages):
    for source in paths.NOTEBOOKS.glob("*.ipynb"):
        if page := pages.get(source.stem):
            found = re.findall(r'href="https://colab[^"]*/blob/main/([^"]*)"', page)
            assert set(found) == {f"notebooks/{source.name}"}, source.name


def test_rows_of_tables_are_named_for_a_screen_reader(pages):
    bodies = re.findall(r"<tbody>(.*?)</tbody>", pages["ledger-models"], re.DOTALL)
    assert bodies
    for row in re.findall(r"<tr.*?</tr>", "".join(bodies), re.DOTALL):
        assert len(re.findall(r'<th class="[^"]*stub[^"]*" scope="row">', row)) == 1


def test_formulas_need_no_script(pages):
    page = pages["formulas"]
    assert page.count("<math") > 10
    assert r"\frac" not in re.sub(r"<[^>]*>", "", page.split("<article")[1].split("</article")[0])


def test_parameter_counts_in_the_book_are_the_committed_ones(pages):
    for entry in json.loads((paths.RESULTS / "describe.json").read_text(encoding="utf-8")):
        assert f"{entry['parameters']:,}" in pages["method"], entry["backbone"]


def test_old_addresses_lead_to_the_merged_pages(pages):
    config = yaml.safe_load((paths.ROOT / "_config.yml").read_text("utf-8"))
    for old, new in config["sphinx"]["config"]["redirects"].items():
        assert f'content="0; url={new}.html"' in pages[old]
        assert new in pages
