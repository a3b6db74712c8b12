"""Faults of folders that nobody typed: the variable that leads there is named."""

import errno
import os
import subprocess
import sys
import tempfile

import nbformat
import pytest
import tiny

from skinlib.common import paths
from skinlib.common.errors import TemporaryError
from skinlib.common.files import require_space

linux = pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux'")


@linux
@pytest.mark.parametrize("variable", ["HOME", "XDG_CACHE_HOME", "SKINLIB_CACHE"])
def test_f46_a_cache_that_cannot_be_written(variable, cli, tmp_path):
    """Also by a folder below that is missing; the remedy that is told works."""
    folder = tmp_path / "read only"
    folder.mkdir(mode=0o555)
    nothing = dict.fromkeys(("SKINLIB_CACHE", "XDG_CACHE_HOME"))
    words = ("check-data", "--data", "synthetic:63")
    for place in (folder, folder / "deep" / "down"):
        environment = {**nothing, variable: str(place)}
        done = cli(*words, env=environment, preexec_fn=tiny.without_rights)
        done.fails(2, f"'{folder}/", f"{variable} leads there", "by SKINLIB_CACHE")
    remedied = {**environment, "SKINLIB_CACHE": str(tmp_path / "other")}
    cli(*words, env=remedied, preexec_fn=tiny.without_rights).succeeds()


@pytest.mark.parametrize(
    ("variables", "file", "words"),
    [
        ({"HOME": "/h"}, "/h/.cache/skinlib/pixels/a", "HOME leads there: choose another folder by SKINLIB_CACHE"),
        ({"HOME": "/h"}, "/h", "HOME leads there"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/skinlib/a", "XDG_CACHE_HOME leads there"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/h/.cache/skinlib/a", "choose another folder, or"),
        ({"SKINLIB_CACHE": "rel"}, f"{os.getcwd()}/rel/a", "SKINLIB_CACHE leads there"),
        ({"SKINLIB_CACHE": ""}, "a", "choose another folder, or wait"),
        ({}, f"{tempfile.gettempdir()}/tmpabcdefgh/a", "choose another folder by TMPDIR"),
        ({}, f"{tempfile.gettempdir()}/out.csv", "choose another folder, or wait"),
        ({}, paths.RESULTS / "runs" / "a", "choose another folder by SKINLIB_RESULTS"),
        ({}, f"{paths.RESULTS}.csv", "choose another folder, or wait"),
        ({}, b"/typed", "choose another folder, or wait"),
        ({}, 7, "wait"),
        ({}, None, "wait"),
    ],
    ids=str,
)  # fmt: skip
def test_f46_the_variable_that_leads_to_a_file(variables, file, words, monkeypatch):
    for name in ("SKINLIB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    error = OSError(errno.EACCES, "Permission denied", file)
    assert paths.remedy(error, "wait").startswith(words)


def test_f46_no_temporary_folder_at_all(main, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc/nowhere"])
    done = main("export", "--format", "keras", "-o", tmp_path / "a.keras")
    done.fails(2, "/proc/nowhere", "set TMPDIR to a folder that can be written")
    assert "None" not in done.err


def test_f46_a_full_disk_below_a_variable(cache):
    cache.mkdir()
    with pytest.raises(TemporaryError, match="SKINLIB_CACHE leads there.*free some space"):
        require_space(cache, 2**60)


def test_f46_snakemake_keeps_its_files_where_ours_are(tmp_path):
    """A stand-in tells where it would have put them."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "snakemake").write_text('#!/bin/sh\necho "kept in <$XDG_CACHE_HOME>"\n')
    (programs / "snakemake").chmod(0o755)
    command = ["make", "-f", paths.ROOT / "Makefile", "-o", ".venv/.installed", "runs"]
    for ours, expected in (("/a b/c", "/a b/c"), ("", "/x")):
        environment = {**os.environ, "SKINLIB_CACHE": ours, "XDG_CACHE_HOME": "/x"}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        assert f"kept in <{expected}>" in done.stdout


@linux
@pytest.mark.parametrize("profile", ["local", "slurm", "kubernetes"])
def test_f46_snakemake_needs_no_home(profile, cli, tmp_path):
    """It keeps its own cache elsewhere, so that a run can tell what is wrong with ours."""
    if profile != "local":
        pytest.importorskip(f"snakemake_executor_plugin_{profile}")
    tmp_path.chmod(0o555)
    done = cli(
        *("--workflow-profile", f"profiles/{profile}", "--cores", 1, "--dry-run", "runs"),
        program=("-m", "snakemake"),
        env={
            **dict.fromkeys(("SKINLIB_RESULTS", "SKINLIB_DATA"), "/volume"),
            **{"HOME": str(tmp_path), "XDG_CACHE_HOME": None, "SKINLIB_CACHE": None},
        },
        cwd=paths.ROOT,
        preexec_fn=tiny.without_rights,
    )
    tmp_path.chmod(0o755)
    assert done.code == 0, done.err


@linux
def test_f46_a_notebook_needs_no_home(cli, tmp_path):
    """Jupyter, IPython and matplotlib keep files there, too."""
    cell = nbformat.v4.new_code_cell("import matplotlib.pyplot as plt\nplt.plot([0, 1]);")
    (tmp_path / "notebooks").mkdir()
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    nbformat.write(notebook, tmp_path / "notebooks" / "mine.ipynb")
    (tmp_path / "home").mkdir(mode=0o555)
    done = cli(
        *("notebook", "mine", "-o", tmp_path / "mine.ipynb"),
        env={"SKINLIB_ROOT": str(tmp_path), "HOME": str(tmp_path / "home")},
        preexec_fn=tiny.without_rights,
    )
    assert done.code == 0, done.err
    assert (tmp_path / "mine.ipynb").is_file()
