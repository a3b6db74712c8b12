"""The book builds from committed results, without warnings and without a backend."""

import csv
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from skinlib import audit, paths, rendering
from skinlib.classes import CLASSES
from skinlib.studies import load_study


def test_pages_of_the_table_of_contents_are_there(html):
    for page in ("index", "data", "method", "training", "results", "demo", "api", "bibliography"):
        assert (html / f"{page}.html").is_file(), page


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
    study = load_study(rendering.REAL)
    page = (html / "results.html").read_text(encoding="utf-8")
    runs = study.finished()
    if not runs:
        pytest.skip("no real run is committed")
    for run in runs:
        frame = pd.read_csv(run.folder / "predictions.csv")
        frame = frame[frame["part"] == "test"]
        probabilities = frame[list(CLASSES)].to_numpy()
        predicted = np.array(CLASSES)[probabilities.argmax(axis=1)]
        truth = frame["label"]
        for value in (
            sk.accuracy_score(truth, predicted),
            sk.balanced_accuracy_score(truth, predicted),
            sk.f1_score(truth, predicted, average="macro"),
            sk.roc_auc_score(truth, probabilities, multi_class="ovr", labels=list(CLASSES)),
        ):
            assert f"<p>{value:.3f} [" in page, (run.name, value)


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


def test_launch_buttons_open_a_notebook_that_is_in_the_repository(html):
    """And the one with the first cell, not the copy with the data of another machine."""
    pages = sorted((html / "executed").rglob("*.html"))
    assert pages
    for page in pages:
        (path,) = set(
            re.findall(r'href="https://colab[^"]*/blob/main/([^"]*)"', page.read_text("utf-8"))
        )
        assert path in {f"notebooks/{source.name}" for source in paths.NOTEBOOKS.glob("*.ipynb")}
        copy = paths.ROOT / "book" / page.relative_to(html).with_suffix(".ipynb")
        made = json.loads(copy.read_text(encoding="utf-8"))["cells"][0]["source"][0]
        of = json.loads((paths.ROOT / path).read_text(encoding="utf-8"))["cells"][0]["source"][0]
        assert made.startswith(of.strip()), page


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


def test_missing_runs_are_said_to_be_missing(html):
    text = (html / "ledger-models.html").read_text(encoding="utf-8")
    assert "not run" in text


def test_parameter_counts_in_the_book_are_the_committed_ones():
    with (paths.RESULTS / "tables" / "backbones.csv").open(encoding="utf-8") as file:
        shown = {row["Backbone"]: row for row in csv.DictReader(file)}
    for entry in json.loads((paths.RESULTS / "describe.json").read_text(encoding="utf-8")):
        assert shown[entry["backbone"]]["Parameters, ours"] == f"{entry['parameters']:,}"


def test_building_the_book_does_not_import_a_backend():
    program = (
        "import sys; from skinlib import rendering; rendering.render(); "
        "bad = {'tensorflow', 'jax', 'torch', 'keras'} & set(sys.modules); print(sorted(bad))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=paths.ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
