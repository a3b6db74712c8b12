"""A dry run of make prints commands and runs none of them."""

import os
import re
import shutil
import subprocess

import pytest

from skinlib.common import paths

TARGETS = re.findall(r"^([a-z-]+):.*##", (paths.ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.fixture
def tree(tmp_path):
    """A tree with the Makefile in which every program of the environment leaves a trace."""
    shutil.copy(paths.ROOT / "Makefile", tmp_path)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "snakemake", "ruff", "nbstripout"):
        (programs / name).write_text('#!/bin/sh\necho "$0" >> called\n')
        (programs / name).chmod(0o755)
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    (tmp_path / ".venv" / ".installed").touch()
    return tmp_path


def make(tree, *words):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(
        ["make", *words], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )


def test_the_traces_work(tree):
    assert make(tree, "demo").returncode == 0
    assert "snakemake" in (tree / "called").read_text()


@pytest.mark.parametrize("target", TARGETS)
def test_a_dry_run_touches_nothing(target, tree):
    before = sorted(tree.rglob("*"))
    done = make(tree, "-n", target)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert sorted(tree.rglob("*")) == before


def test_demo_and_reproduce_run_the_same_steps_on_their_studies(tree):
    demo, reproduce = (make(tree, "-n", *words).stdout for words in (["demo"], ["reproduce"]))
    assert "study=demo" in demo
    assert demo.replace("demo", "paper") == reproduce
    assert "study=mine" in make(tree, "-n", "reproduce", "STUDY=mine").stdout
    assert "study=demo" in make(tree, "-n", "demo", "STUDY=mine").stdout
