"""Every target of make that is recommended, with stand-ins of the programs that it calls.

What they are called with is parsed by the programs themselves: trainings, builds and downloads take
too long, or need a network.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from recommended import ROOT, texts
from snakemake.cli import get_argument_parser

from skinlib.cli import arguments as command_line

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
# In place of names that a reader puts in.
NAMES = {"NAME": "leakage", "name": "leakage", "<name>": "slurm", "mine": "slurm", "STUDY}": "demo"}
# Notes down what it was called with, one line of JSON.
STAND_IN = """#!{python}
import json, os, sys
with open({log!r}, "a") as file:
    print(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]), file=file)
"""
PROGRAMS = ("snakemake", "python", "ruff", "nbstripout", "git", "zip")
# Called by none of our own programs, or not to be started by a test.
ALONE = {"help", "clean"}


def recommended():
    """Return every ``make ...`` between backticks or at the start of a line of a block."""
    found = set()
    for _, text in texts():
        for line in re.findall(r"(?:`|^(?:\w+=\w+ )?)make ([a-z][^`\n#]*)", text, re.MULTILINE):
            words = [word.strip(",.{}") for word in line.split("  ")[0].split()]
            if words[0] in TARGETS and all("=" in word for word in words[1:]):
                found.add(tuple(words))
    return sorted(found)


@pytest.fixture
def called(tmp_path):
    """Return a function that types make in a tree with stand-ins, and what these were called with."""
    log, programs = tmp_path / "log", tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("results", "dist", "_build/html"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("dist/skinlib-0.whl", "_build/skinlib.pdf"):
        (tmp_path / name).touch()
    for name in ("Makefile", "profiles", "pyproject.toml", "studies"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in PROGRAMS:
        (programs / name).write_text(STAND_IN.format(python=sys.executable, log=str(log)))
        (programs / name).chmod(0o755)

    def make(*words):
        environment = {key: value for key, value in os.environ.items() if key[:4] != "MAKE"}
        done = subprocess.run(
            ["make", "-o", ".venv/.installed", *words],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        lines = log.read_text().splitlines() if log.exists() else []
        return done, [json.loads(line) for line in lines]

    return make


def check(program, *words):
    """Let a program parse what it is called with, or see that it is there."""
    if program == "snakemake":
        profile = words[words.index("--workflow-profile") + 1]
        assert (ROOT / profile / "config.yaml").is_file()
        targets = words[words.index("--") + 1 :]
        rules = (ROOT / "Snakefile").read_text("utf-8")
        assert all(f"rule {target}:" in rules for target in targets)
        get_argument_parser().parse_args(list(words))
    elif words[:2] == ("-m", "skinlib"):
        command_line.parser().parse_args(words[2:])
    elif words[:2] == ("-m", "pytest"):
        assert all((ROOT / word).exists() for word in words if word.startswith("tests/"))
    elif program in ("ruff", "nbstripout"):
        assert shutil.which(program)


@pytest.mark.parametrize("words", recommended(), ids=" ".join)
def test_f47_a_recommended_target_calls_what_can_be_called(words, called):
    typed = []
    for word in words:
        name, _, value = word.partition("=")
        typed.append(f"{name}={NAMES.get(value, value)}" if value else name)
    done, calls = called(*typed)
    assert done.returncode == 0, done.stderr
    assert calls or words[0] in ALONE, done.stdout
    for call in calls:
        check(*call)


def test_f47_the_targets_are_found():
    found = {words[0] for words in recommended()}
    assert {"book", "bench", "check-gpu", "demo", "describe", "format", "help", "lint", "reproduce",
            "runs", "serve", "test", "test-kernels", "test-slurm"} <= found  # fmt: skip
    assert ("reproduce", "STUDY=leakage") in recommended()
