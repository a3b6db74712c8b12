"""Faults on the way into the book: hostile text, a cell that raises, pages of yesterday."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import written
import yaml

from skinlib.common import paths
from skinlib.common.files import write_csv
from skinlib.experiments.run import read_run, write_record

BIN = Path(sys.executable).parent
MARKUP, FORMULA = "<script>alert(1)</script>", '=HYPERLINK("http://example.org","x")'


# F13: ids and labels are refused where they come in, so that no CSV export can hold them; what
# else is text in a record is refused when it is read; and the book knows no raw HTML at all.


@pytest.mark.parametrize("value", [MARKUP, FORMULA, "@SUM(1)", "a\x1b[31m", "../../x"])
@pytest.mark.parametrize("column", ["image_id", "lesion_id", "dx_type", "dx"])
def test_f13_hostile_text_in_the_metadata(column, value, main, folder):
    path = folder / "HAM10000_metadata.csv"
    table = pd.read_csv(path)
    table.loc[8, column] = value
    table.to_csv(path, index=False)
    line = main("check-data", "--data", folder).fails(2, "row 10", f"{column} is", "correct the")
    assert "\x1b" not in line


@pytest.mark.parametrize("value", [MARKUP, FORMULA, "`x`{raw}", "a\x1b[31m"])
@pytest.mark.parametrize("key", ["run", "device", "weights"])
def test_f13_hostile_text_in_a_record(key, value, main, odd_run, tmp_path):
    """As somebody else's results could have it; nothing of it reaches a table."""
    record = json.loads((odd_run.folder / "run.json").read_text(encoding="utf-8"))
    record[key] = {"source": "file", "file": value} if key == "weights" else value
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    main("compare", tmp_path, odd_run.folder).fails(3, tmp_path, "expected plain text")


def test_f13_hostile_text_in_predictions(main, odd_run, tmp_path):
    run = shutil.copytree(odd_run.folder, tmp_path / "run")
    frame = pd.read_csv(run / "predictions.csv")
    frame.loc[3, "image_id"] = FORMULA
    frame.to_csv(run / "predictions.csv", index=False)
    main("compare", run, run).fails(3, "row 5", "an id that is no plain name", "train the run")


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    """A book of three pages under the real configuration: tables, a good and a failed notebook."""
    project = tmp_path_factory.mktemp("book")
    # Without the old addresses of pages that this small book does not have.
    config = yaml.safe_load((paths.ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["sphinx"]["config"]["redirects"] = {}
    (project / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    for name in ("_ext", "_static"):
        shutil.copytree(paths.ROOT / "book" / name, project / "book" / name)
    (project / "book" / "references.bib").touch()
    write_csv(project / "book" / "table.csv", pd.DataFrame({"Run": [MARKUP], "Status": [FORMULA]}))
    pages = {
        "_toc.yml": "format: jb-book\nroot: index\nchapters: [{glob: executed/*}]\n",
        "index.md": f"# Title\n\nA study called {MARKUP}.\n\n{MARKUP}\n\n"
        "```{csv-table}\n:file: table.csv\n:header-rows: 1\n```\n",
    }
    for name, text in pages.items():
        (project / "book" / name).write_text(text, encoding="utf-8")
    for name in ("good", "bad.failed"):
        path = project / "book" / "executed" / f"{name}.ipynb"
        written.write(path, f"# Notebook\n\nA run called {MARKUP}.")
    command = [BIN / "jupyter-book", "build", "book", "--config", "_config.yml"]
    done = subprocess.run(
        [*command, "--path-output", ".", "-n", "-W", "--keep-going", "-q"],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return project / "_build" / "html"


@pytest.mark.parametrize("page", ["index", "executed/good"])
def test_f13_markup_is_shown_not_run(page, html):
    """In a sentence, in a block, in a cell of a table, in a notebook: letters, no element."""
    text = (html / f"{page}.html").read_text(encoding="utf-8")
    assert "alert(1)</script>" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= (3 if page == "index" else 1)


def test_f33_the_copy_of_a_failed_notebook_is_no_page(html):
    assert (html / "executed" / "good.html").is_file()
    assert not list(html.rglob("*failed*"))
    assert "bad" not in (html / "index.html").read_text(encoding="utf-8").partition("<main")[0]


COPY = Path("book/results.ipynb")
STUDY = """
title: One run
data: synthetic
runs: [{backbone: MobileNetV2, recipe: clean, size: 48}]
"""


@pytest.fixture(scope="module")
def built(odd_run, tmp_path_factory):
    """Ask for the book of a project where a notebook raises and pages of yesterday lie about.

    Returns the project and what `make book` said.
    """
    project = tmp_path_factory.mktemp("project")
    name = "MobileNetV2-clean-48px-s0"
    run = shutil.copytree(odd_run.folder, project / "results" / "runs" / "demo" / name)
    write_record(run, {**read_run(run).record, "study": "demo", "run": name})
    (project / "studies").mkdir()
    (project / "studies" / "demo.yaml").write_text(STUDY, encoding="utf-8")
    parameters = written.tagged("study = 'demo'", "parameters")
    cells = "# Results", parameters, "raise ValueError('no such column')"
    written.write(project / "notebooks" / "results.ipynb", *cells)
    pages = project / "_build" / "html"
    for path in (project / COPY, pages / "index.html", pages / "results.html"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("of yesterday")
        os.utime(path, (1e9, 1e9))
    contents = "format: jb-book\nroot: index\nchapters:\n  - file: results\n"
    (project / "book" / "_toc.yml").write_text(contents, encoding="utf-8")
    for name in ("Makefile", "Snakefile", "profiles", ".venv"):
        (project / name).symlink_to(paths.ROOT / name)
    for name in ("requirements.lock", "pyproject.toml", "_build/.installed"):
        (project / name).touch()
    # The environment is as it is: nothing may be installed from here.
    installed = ("STAMP=_build/.installed", "--old-file=_build/.installed")
    places = {"SKINLIB_ROOT": str(project), "SKINLIB_RESULTS": str(project / "results")}
    done = subprocess.run(
        ["make", "--no-print-directory", *installed, "book"],
        cwd=project, env={**os.environ, **places}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    return project, done.stdout + done.stderr


def test_f33_a_cell_that_raises(built):
    """Notebook and cell are named; the copy that failed is kept, the one of yesterday is not."""
    project, said = built
    assert "notebook 'results' failed in cell 2: ValueError: no such column" in said
    assert f"the executed copy is '{COPY.with_suffix('.failed.ipynb')}'" in said
    copies = {path.name for path in (project / COPY).parent.glob("*.ipynb")}
    assert copies == {"results.failed.ipynb"}


def test_f33_no_page_of_yesterday(built):
    """A book that cannot be built is not there; nobody takes the last one for the new one."""
    project, said = built
    assert "could not be built; the last one is removed" in said
    assert not (project / "_build" / "html").exists()
