"""Where a notebook runs: in the caller's folder, in this Python, below any path."""

import json
import os
import re
import subprocess
import sys

import pytest

from skinlib.common import paths
from skinlib.data import synthetic


@pytest.fixture
def called(cli, tmp_path):
    """Run the notebook on data from another folder, where Jupyter finds a kernel that is gone."""
    synthetic.generate(tmp_path / "my data", images=140, width=64, height=48)
    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    argv = ["/gone/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    content = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(content))

    def call(*arguments):
        env = {"JUPYTER_PATH": str(tmp_path / "jupyter"), "PYTHONPATH": str(paths.ROOT)}
        return cli("notebook", "data", "-o", "out.ipynb", *arguments, env=env, cwd=tmp_path)

    return call, tmp_path / "out.ipynb"


def test_f36_paths_are_the_callers_and_the_python_is_this_one(called):
    call, out = called
    done = call("-p", "data=my data")
    done.succeeds()
    shown = re.findall(r"'(\d+)'", out.read_text(encoding="utf-8"))
    assert "140" in shown
    assert "Jupyter's kernel 'python3' is '/gone/bin/python'" in done.err
    assert sys.executable in done.err


def test_f37_a_clone_below_a_folder_with_a_space(tmp_path):
    """Snakemake calls this Python by a path with a space, and writes below one."""
    project = tmp_path / "my project é"
    for name in ("Snakefile", "profiles", "notebooks", "studies", "skinlib", "results", "models"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).symlink_to(paths.ROOT / name)
    python = project / "the python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    target = "book/executed/demo/about-data.ipynb"
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--workflow-profile", "profiles/local", "--cores", "1",
         "--config", "study=demo", f"python={python}", "--", target],
        cwd=project, env={**os.environ, "PYTHONPATH": str(paths.ROOT)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / target).is_file()
