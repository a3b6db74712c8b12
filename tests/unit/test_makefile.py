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


def test_only_the_tag_of_this_version_makes_a_release(tree):
    (tree / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    assert make(tree, "check-tag", "TAG=v1.2.3").returncode == 0
    done = make(tree, "check-tag", "TAG=v1.2.4")
    assert done.returncode != 0
    assert "expected v1.2.3" in done.stdout


def test_the_branch_of_the_web_site_has_the_book_alone(tree):
    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        return subprocess.run(
            ["git", *who, *words], cwd=tree, capture_output=True, text=True, check=True
        ).stdout.split()

    git("init", "--initial-branch=main", ".")
    git("add", "Makefile")
    git("commit", "--message=first")
    (tree / ".gitignore").write_text("_build\n*.html\n")
    (tree / "_build" / "html").mkdir(parents=True)
    (tree / "_build" / "html" / "index.html").touch()
    done = make(tree, "gh-pages")
    assert done.returncode == 0, done.stdout + done.stderr
    assert git("ls-tree", "-r", "--name-only", "gh-pages") == [".nojekyll", "index.html"]
    # What is being worked on here stays as it is.
    assert git("ls-files") == ["Makefile"]
    assert git("branch", "--show-current") == ["main"]


@pytest.mark.parametrize("works", [True, False])
def test_pip_installs_where_uv_cannot(tree, works):
    """uv comes by pip with its hashes, and installs the rest; pip does where uv finds nothing."""
    lock = "a==1 \\\n    --hash=sha256:1\n    # via b\nuv==2 \\\n    --hash=sha256:3\n    # via skinlib\n"
    (tree / "requirements.lock").write_text(lock)
    (tree / ".venv" / ".installed").unlink()
    trace = '#!/bin/sh\necho "$(basename $0) $*" >> called\n'
    for name, end in (("python", ""), ("uv", "" if works else "exit 1\n")):
        (tree / ".venv" / "bin" / name).write_text(trace + end)
        (tree / ".venv" / "bin" / name).chmod(0o755)
    done = make(tree, "lint")
    assert done.returncode == 0, done.stderr
    assert (
        tree / ".venv" / "uv.txt"
    ).read_text() == "uv==2 \\\n    --hash=sha256:3\n    # via skinlib\n"
    called = (tree / "called").read_text()
    assert "uv pip install" in called
    by_pip = [line for line in called.splitlines() if line.endswith("-r requirements.lock")]
    assert [line.partition(" ")[0] for line in by_pip] == (["uv"] if works else ["uv", "python"])
    assert ("pip does it" in done.stdout) == (not works)
