"""Every command that a message, a page or a comment recommends is one that can be typed."""

import ast
import itertools
import json
import re
import shlex
from pathlib import Path

import pytest

from skinlib import bench
from skinlib import cli as command_line
from skinlib.book import notebooks
from skinlib.common import paths
from skinlib.experiments.recipes import get_recipe
from skinlib.experiments.study import load_study, study_names
from skinlib.models.backbones import BACKBONES

ROOT = paths.ROOT
# What stands for a value that is put in later, in f-strings and in prose.
VALUES = {"dataset": "ham10000", "option": "--json", "name": "train", "study": "leakage"}
SHELL = re.compile(r"\s(?:[|>&]|\d>)|[`;]|, |\)|\\n|\$")


def strings(path):
    """Yield the texts of a Python file, with something in the place of what they are filled with."""
    inside = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            inside.update(map(id, node.values))
            yield "".join(
                part.value if isinstance(part, ast.Constant)
                else next((VALUES[word] for word in re.findall(r"\w+", ast.unparse(part))
                           if word in VALUES), "1")
                for part in node.values
            )  # fmt: skip
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in inside
        ):
            yield node.value


def texts():
    """Yield ``(file, text)`` of everything that a person may read."""
    for path in sorted(ROOT.glob("skinlib/**/*.py")):
        yield from ((path, text) for text in strings(path))
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            yield path, "".join(cell["source"])
    patterns = ("*.md", "book/*.md", "book/_ext/*.py", "book/browser/*.js", "models/*/*.md",
                "skinlib/**/*.md", "Makefile", "Snakefile", "studies/*.yaml",
                "profiles/*/*")  # fmt: skip
    for path in sorted(itertools.chain.from_iterable(map(ROOT.glob, patterns))):
        if path.is_file():
            yield path, path.read_text(encoding="utf-8")


def commands():
    """Yield ``(file, words after skinlib)`` of every command of ours that is written somewhere."""
    for path, text in texts():
        text = re.sub(r"\\\n\s*(?:#\s*)?", " ", text)
        for found in re.finditer(r"(?:python -m |`)skinlib +((?:[a-z]|<)[^\n]*)", text):
            line = SHELL.split(found[1].split("  #")[0])[0].strip().rstrip(".:'\"")
            yield Path(path).relative_to(ROOT).as_posix(), line


# The rest of this one is put behind it; tests/unit/test_cli.py parses it whole, for every run.
CONTINUED = "train --study mine --backbone"
FOUND = sorted({each for each in commands() if each[1] != CONTINUED and each[1][0] != "<"})


def test_f47_the_commands_are_found():
    lines = {line for _, line in FOUND}
    assert len(FOUND) > 60
    assert {"fetch --dataset isic2018-test", "fetch --to data/ham10000", "run leakage train",
            "train --backbone MobileNetV2 --recipe clean --size 160 --epochs 15"} <= lines  # fmt: skip
    used = {line.split()[0] for line in lines}
    assert used >= set(command_line.COMMANDS) - {"measure", "pin", "status"}, used


@pytest.mark.parametrize(("path", "line"), FOUND, ids=lambda text: text.replace("/", "-"))
def test_f47_a_recommended_command_can_be_typed(path, line, capsys):
    words = shlex.split(line.replace("<", "").replace(">", ""))
    words = [VALUES.get(word.strip("{}"), word.replace("{", "").replace("}", "")) for word in words]
    words = [
        word if word != "NAME" else "train" if words[0] == "notebook" else "MobileNet"
        for word in words
    ]
    assert words[0] in command_line.COMMANDS
    if len(words) == 1:
        return  # a command that is only mentioned may need more
    try:
        args = command_line._parser().parse_args(words)
    except SystemExit:
        pytest.fail(f"{path}: skinlib {line}: {capsys.readouterr().err}")
    backbones = getattr(args, "backbone", None) or []
    assert set([backbones] if isinstance(backbones, str) else backbones) <= set(BACKBONES)
    if args.command == "train":
        get_recipe(args.recipe).replace(**dict(args.set or []))
    elif args.command == "notebook":
        assert args.name in notebooks.available()
        notebooks.check_parameters(args.name, dict(args.parameter or []))
    elif args.command in ("run", "status"):
        load_study(args.study)
    elif args.command == "bench":
        assert set(args.name) <= set(bench.NAMES)
    elif args.command == "compare":
        assert args.part in ("train", "validation", "test")


def test_f47_a_recommended_target_of_make_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    variables = {
        "STUDY": {*study_names(), "name"},
        "PROFILE": {p.name for p in (ROOT / "profiles").iterdir()} | {"mine", "name"},
    }
    found = 0
    for path, text in texts():
        # In code: between backticks, or at the start of a line of a block.
        for line in re.findall(r"(?:`|^)make ([a-z][^`\n#]*)", text, re.MULTILINE):
            words = line.split("  ")[0].split()
            if not re.search(rf"`make {re.escape(line)}`", text) and words[0] not in targets:
                continue  # a sentence that begins a line
            found += 1
            assert words[0] in targets, (path, line)
            for name, _, value in (word.partition("=") for word in words[1:] if "=" in word):
                value = value.strip("<>,.").lower()
                assert value in variables.get(name, {value}), (path, line)
    assert found > 20


def test_f47_a_recommended_option_is_there():
    """Of some command of ours; a recipe field that a message sets takes that value."""
    (choices,) = (each.choices for each in command_line._parser()._actions if each.choices)
    known = {name for each in choices.values() for name in each._option_string_actions}
    found = set()
    for path in sorted(ROOT.glob("skinlib/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in (
                "msg",
                "remedy",
            ):
                text = ast.unparse(node.value)
                options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))
                assert options <= known | {"--xla_gpu_deterministic_ops"}, (path, options - known)
                found |= options
                for field, value in re.findall(r"--set (\w+)=([\w.]+)", text):
                    get_recipe("clean").replace(**{field: command_line._pair(f"a={value}")[1]})
    assert len(found) > 5
