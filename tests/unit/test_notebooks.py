"""Source notebooks are clean, and the wrapper around papermill is strict."""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
import types

import nbformat
import papermill
import pytest
import written
import yaml
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from skinlib.book import notebooks
from skinlib.common import paths
from skinlib.common.errors import DataError

REFERENCE = paths.ROOT / "tests" / "notebooks"
# Those that build networks: they install skinlib on Colab. Pages read committed results.
NETWORKS = ("architecture", "train")
# Those with parameters, of which nbval checks a small copy.
COPIES = ("architecture", "data", "results", "train")


def code(path):
    cells = nbformat.read(path, as_version=4).cells
    return [
        cell.source
        for cell in cells
        if cell.cell_type == "code" and "injected-parameters" not in cell.metadata.get("tags", [])
    ]


@pytest.fixture
def first_cell(tmp_path, monkeypatch):
    """Return a function that runs the first code cell of a notebook; it installs nothing here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    calls = []

    def clone(command, check):
        assert check
        calls.append(" ".join(command))
        (tmp_path / command[-1]).mkdir()

    monkeypatch.setattr(subprocess, "run", clone)
    shell = types.SimpleNamespace(run_line_magic=lambda *words: calls.append(" ".join(words)))

    def run(name):
        source = TransformerManager().transform_cell(code(notebooks.source(name))[0])
        exec(source, {"get_ipython": lambda: shell})
        return calls

    return run


@pytest.mark.parametrize("name", NETWORKS)
def test_the_first_cell_does_nothing_where_skinlib_is(name, first_cell):
    assert first_cell(name) == []


def test_the_first_cell_installs_the_repository_on_colab(first_cell, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    assert first_cell("train") == []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    config = yaml.safe_load((paths.ROOT / "_config.yml").read_text(encoding="utf-8"))
    clone = f"git clone --quiet --depth=1 {config['repository']['url']} repository"
    install = "pip install --quiet --editable ./repository"
    assert first_cell("train") == [clone, install]
    assert sys.path[0] == str(tmp_path / "repository")
    # Again, after an installation that failed: what is cloned stays.
    assert first_cell("train")[2:] == [install]
    # The kernel has loaded another version than is installed now.
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.0.1")
    with pytest.raises(RuntimeError, match="Restart session"):
        first_cell("train")


def test_only_the_first_cell_installs_anything_and_it_is_everywhere_the_same():
    cells = {name: code(path) for name, path in notebooks.available().items()}
    assert len({cells[name][0] for name in NETWORKS}) == 1
    for found in cells.values():
        assert not [c for c in found[1:] if re.search(r"^\s*[!%]|pip install", c, re.MULTILINE)]


@pytest.mark.parametrize("name", COPIES)
def test_the_copy_that_nbval_runs_is_of_this_source(name):
    """Otherwise CI would check yesterday's notebook; see tests/notebooks/remake.py."""
    assert code(REFERENCE / f"{name}.ipynb") == code(notebooks.source(name))


@pytest.mark.parametrize("name", ["architecture", "results", "train"])
def test_the_copy_that_nbval_runs_has_checked_numbers(name):
    cells = nbformat.read(REFERENCE / f"{name}.ipynb", as_version=4).cells
    checked = [c for c in cells if c.source.startswith("# NBVAL_CHECK_OUTPUT")]
    assert checked
    assert all(cell.outputs for cell in checked)


def test_a_mistyped_name_is_refused_with_the_right_one():
    with pytest.raises(DataError, match=r"no parameter 'epoch'; did you mean 'epochs'\?"):
        notebooks.check_parameters("train", {"epoch": 3})
    with pytest.raises(DataError, match="notebooks are ablation, architecture"):
        notebooks.source("trian")


def test_an_executed_copy_has_a_title_and_no_chatter(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    said = "import sys; print(x); print('noise', file=sys.stderr)"
    written.write(
        tmp_path / "quiet.ipynb", "# Title\ntext", written.tagged("x = 1", "parameters"), said
    )
    output = notebooks.execute("quiet", tmp_path / "o.ipynb", {"x": 7}, label="A")
    title, *cells = nbformat.read(output, as_version=4).cells
    assert title.source == "# Title: A\ntext"
    assert [each.text for each in cells[-1].outputs] == ["7\n"]
    tags = [cell.metadata.tags for cell in cells]
    assert tags == [["parameters", "remove-input"], ["injected-parameters"], ["hide-input"]]
    # Others on the machine cannot read along, which ipykernel would warn of.
    assert "encryption" not in capfd.readouterr().err


DIED = RuntimeError("Kernel died before replying to kernel_info")
CELL = nbformat.v4.new_code_cell("a = 1")


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([DIED] * (notebooks.STARTS - 1), None),
        ([DIED] * notebooks.STARTS, notebooks.NotebookError),
        (
            [CellTimeoutError.error_from_timeout_and_cell("Timeout", 4, CELL)],
            notebooks.NotebookError,
        ),
        ([DeadKernelError("Kernel died")], notebooks.NotebookError),
        ([RuntimeError("something else")], RuntimeError),
    ],
    ids=["dies at its start", "dies always", "late", "dies later", "an error of our own"],
)
def test_a_kernel_that_dies_at_its_start_is_started_again(errors, expected, tmp_path, monkeypatch):
    """And a busy machine is told from a full disk: an error of nbclient is one of the system, too."""
    left = list(errors)

    def execute(source, target, **options):
        assert options["iopub_timeout"] > NotebookClient.iopub_timeout.default_value
        if left:
            raise left.pop()
        shutil.copy(source, target)

    monkeypatch.setattr(papermill, "execute_notebook", execute)
    output = tmp_path / "data.ipynb"
    if expected:
        with pytest.raises(expected, match="'data' stopped, .* lack memory: run|something else"):
            notebooks.execute("data", output)
    else:
        assert notebooks.execute("data", output).is_file()
    assert not left
