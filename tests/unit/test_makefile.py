"""A dry run of make prints commands and runs none of them."""

import subprocess

import pytest
from typing_make import TARGETS, Tree


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


@pytest.mark.parametrize("target", TARGETS)
def test_a_dry_run_touches_nothing(target, tree):
    before = sorted(tree.folder.rglob("*"))
    done = tree.make("-n", target)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert sorted(tree.folder.rglob("*")) == before


def test_demo_and_reproduce_run_the_same_steps_on_their_studies(tree):
    demo, reproduce = (tree.make("-n", target).stdout for target in ("demo", "reproduce"))
    assert "study=demo" in demo
    assert demo.replace("demo", "paper") == reproduce
    assert "study=mine" in tree.make("-n", "reproduce", "STUDY=mine").stdout
    assert "study=demo" in tree.make("-n", "demo", "STUDY=mine").stdout


def test_only_the_tag_of_this_version_makes_a_release(tree):
    (tree.folder / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    assert tree.make("check-tag", "TAG=v1.2.3").returncode == 0
    done = tree.make("check-tag", "TAG=v1.2.4")
    assert done.returncode != 0
    assert "expected v1.2.3" in done.stdout


def test_the_branch_of_the_web_site_has_the_book_alone(tree):
    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        return subprocess.run(
            ["git", *who, *words], cwd=tree.folder, capture_output=True, text=True, check=True
        ).stdout.split()

    git("init", "--initial-branch=main", ".")
    git("add", "Makefile")
    git("commit", "--message=first")
    (tree.folder / ".gitignore").write_text("_build\n*.html\n")
    (tree.folder / "_build" / "html").mkdir(parents=True)
    (tree.folder / "_build" / "html" / "index.html").touch()
    done = tree.make("gh-pages")
    assert done.returncode == 0, done.stdout + done.stderr
    assert git("ls-tree", "-r", "--name-only", "gh-pages") == [".nojekyll", "index.html"]
    # What is being worked on here stays as it is.
    assert git("ls-files") == ["Makefile"]
    assert git("branch", "--show-current") == ["main"]


@pytest.mark.parametrize("works", [True, False])
def test_pip_installs_where_uv_cannot(tree, works):
    """uv comes by pip with its hashes, and installs the rest; pip does where uv finds nothing."""
    uv = "uv==2 \\\n    --hash=sha256:3\n    # via skinlib\n"
    lock = f"a==1 \\\n    --hash=sha256:1\n    # via b\n{uv}"
    (tree.folder / "requirements.lock").write_text(lock)
    (tree.folder / ".venv" / ".installed").unlink()
    tree.stand_in("uv", code=not works)
    done = tree.make("lint")
    assert done.returncode == 0, done.stderr
    assert (tree.folder / ".venv" / "uv.txt").read_text() == uv
    calls = [call for call in tree.calls if call[-2:] == ["-r", "requirements.lock"]]
    assert [call[0] for call in calls] == (["uv"] if works else ["uv", "python"])
    assert ("pip does it" in done.stdout) == (not works)
