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


def test_every_page_says_it_is_no_medical_device(html):
    for page in html.glob("*.html"):
        if page.name not in {"genindex.html", "search.html", "py-modindex.html"}:
            assert "Not a medical device" in page.read_text(encoding="utf-8"), page


def test_numbered_tables_and_figures_show_up(html):
    results = (html / "results.html").read_text(encoding="utf-8")
    assert re.search(r"caption-number\">Table \d", results)
    assert re.search(r"caption-number\">Fig\. \d", results)


def test_numbers_in_the_book_are_what_scikit_learn_computes(html):
    """Independent of skinlib: from predictions.csv to the cell of the rendered table."""
    page = (html / "results.html").read_text(encoding="utf-8")
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
def test_every_table_and_figure_of_the_paper_has_its_anchor_once(anchor, html):
    pages = [path for path in html.glob("*.html") if f'id="{anchor}"' in path.read_text("utf-8")]
    assert len(pages) == 1
    assert pages[0].read_text("utf-8").count(f'id="{anchor}"') == 1


def test_no_figure_is_without_words_for_those_who_do_not_see_it(html):
    for page in html.rglob("*.html"):
        for tag in re.findall(r"<img [^>]*_images[^>]*>", page.read_text("utf-8")):
            alt = re.search(r'alt="([^"]*)"', tag)
            assert alt, (page.name, tag)
            assert len(alt[1]) > 20, (page.name, tag)
            # What Sphinx puts there when nobody wrote any.
            assert "_images/" not in alt[1], (page.name, tag)


def test_every_claim_stands_on_its_page_with_a_badge(html):
    page = (html / "audit.html").read_text("utf-8")
    ids = set(re.findall(r'id="([\w-]+)"', page))
    assert {f"claim-{claim.id}" for claim in audit.claims()} <= ids
    assert page.count('class="verdict ') >= len(audit.claims())


def test_launch_buttons_open_the_notebook_that_a_page_was_made_from(html):
    for source in paths.NOTEBOOKS.glob("*.ipynb"):
        page = html / f"{source.stem}.html"
        if page.is_file():
            found = re.findall(
                r'href="https://colab[^"]*/blob/main/([^"]*)"', page.read_text("utf-8")
            )
            assert set(found) == {f"notebooks/{source.name}"}, page.name


def test_rows_of_tables_are_named_for_a_screen_reader(html):
    page = (html / "ledger-models.html").read_text("utf-8")
    bodies = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    assert bodies
    for row in re.findall(r"<tr.*?</tr>", "".join(bodies), re.DOTALL):
        assert len(re.findall(r'<th class="[^"]*stub[^"]*" scope="row">', row)) == 1


def test_formulas_need_no_script(html):
    page = (html / "formulas.html").read_text("utf-8")
    assert page.count("<math") > 10
    assert r"\frac" not in re.sub(r"<[^>]*>", "", page.split("<article")[1].split("</article")[0])


def test_nothing_is_said_to_be_missing(html):
    for page in html.glob("*.html"):
        article = page.read_text("utf-8").partition("<article")[2]
        assert not re.search(r"<p>not (run|measured)</p>", article, re.IGNORECASE), page.name


def test_parameter_counts_in_the_book_are_the_committed_ones(html):
    page = (html / "method.html").read_text("utf-8")
    for entry in json.loads((paths.RESULTS / "describe.json").read_text(encoding="utf-8")):
        assert f"{entry['parameters']:,}" in page, entry["backbone"]


def test_old_addresses_lead_to_the_merged_pages(html):
    for old, new in yaml.safe_load((paths.ROOT / "_config.yml").read_text("utf-8"))["sphinx"][
        "config"
    ]["redirects"].items():
        page = (html / f"{old}.html").read_text("utf-8")
        assert f'content="0; url={new}.html"' in page
        assert (html / f"{new}.html").is_file()


def test_no_sentence_lacks_its_number(html):
    # The API explains the role by its name.
    for page in set(html.glob("*.html")) - set(html.glob("api-*.html")):
        article = page.read_text("utf-8").partition("<article")[2].partition("</article")[0]
        assert "{glue" not in article, page.name
        assert "{numref}" not in article, page.name
