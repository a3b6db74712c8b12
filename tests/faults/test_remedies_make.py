"""Every target of make that is recommended, with stand-ins of the programs that it calls.

What they are called with is parsed by the programs themselves: trainings, builds and downloads take
too long, or need a network.
"""

import re
import shutil

import pytest
from recommended import ROOT, texts
from snakemake.cli import get_argument_parser
from typing_make import TARGETS, Tree

from skinlib.cli import arguments as command_line
from skinlib.experiments.study import load_study

# In place of names that a reader puts in.
NAMES = {"NAME": "leakage", "name": "leakage", "<name>": "slurm", "mine": "slurm", "STUDY}": "demo"}
PROGRAMS = ("snakemake", "python", "ruff", "nbstripout", "git", "zip")
# Called by none of our own programs, or not to be started by a test.
ALONE = {"help", "clean"}


def recommended():
    """Return every ``make ...`` between backticks, or at the start of a line of a block."""
    found = set()
    for _, text in texts():
        for line in re.findall(r"(?:`|^(?:\w+=\w+ )?)make ([a-z][^`\n#]*)", text, re.MULTILINE):
            words = [word.strip(",.{}") for word in line.split("  ")[0].split()]
            # Not a sentence that begins a line.
            if words[0] in TARGETS or f"`make {line}`" in text:
                found.add(tuple(words))
    return sorted(each for each in found if all("=" in word for word in each[1:]))


def check(program, *words):
    """Let a program parse what it is called with, or see that it is there."""
    if program == "snakemake":
        profile = words[words.index("--workflow-profile") + 1]
        assert (ROOT / profile / "config.yaml").is_file()
        targets = words[words.index("--") + 1 :]
        rules = (ROOT / "Snakefile").read_text("utf-8")
        assert all(f"rule {target}:" in rules for target in targets)
        for study in (word.removeprefix("study=") for word in words if "study=" in word):
            load_study(study)
        get_argument_parser().parse_args(list(words))
    elif words[:2] == ("-m", "skinlib"):
        command_line.parser().parse_args(words[2:])
    elif words[:2] == ("-m", "pytest"):
        assert all((ROOT / word).exists() for word in words if word.startswith("tests/"))
    elif program in ("ruff", "nbstripout"):
        assert shutil.which(program)


@pytest.mark.parametrize("words", recommended(), ids=" ".join)
def test_f47_a_recommended_target_calls_what_can_be_called(words, tmp_path):
    tree, typed = Tree(tmp_path, PROGRAMS), []
    for name in ("results", "dist", "_build/html"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("dist/skinlib-0.whl", "_build/skinlib.pdf"):
        (tmp_path / name).touch()
    for word in words:
        name, _, value = word.partition("=")
        typed.append(f"{name}={NAMES.get(value, value)}" if value else name)
    done = tree.make(*typed)
    assert done.returncode == 0, done.stderr
    assert tree.calls or words[0] in ALONE, done.stdout
    for call in tree.calls:
        check(*call)


def test_f47_the_targets_are_found():
    found = {words[0] for words in recommended()}
    assert {"book", "bench", "check-gpu", "demo", "describe", "format", "help", "lint", "reproduce",
            "runs", "serve", "test", "test-kernels", "test-slurm"} <= found  # fmt: skip
    assert ("reproduce", "STUDY=leakage") in recommended()
