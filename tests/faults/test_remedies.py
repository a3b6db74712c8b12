"""Every command that a message, a page or a comment recommends is one that can be typed."""

import ast
import re
import shlex

import pytest
from recommended import FOUND, ROOT, VALUES, texts

from skinlib import bench
from skinlib.book import notebooks
from skinlib.cli import arguments as command_line
from skinlib.experiments.recipes import get_recipe
from skinlib.experiments.study import load_study, study_names
from skinlib.models.backbones import BACKBONES


def test_f47_the_commands_are_found():
    lines = {line for _, line in FOUND}
    assert len(FOUND) > 60
    assert {"fetch --dataset isic2018-test", "fetch --to data/ham10000", "run leakage train",
            "train --backbone MobileNetV2 --recipe clean --size 160 --epochs 15"} <= lines  # fmt: skip
    used = {line.split()[0] for line in lines}
    assert used >= set(command_line.COMMANDS) - {"check-maps", "measure", "pin", "status"}, used


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
        args = command_line.parser().parse_args(words)
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
    (choices,) = (each.choices for each in command_line.parser()._actions if each.choices)
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


# Raised at those who write pages, layers or claims, with all that they need.
FOR_US = (
    "skinlib/paper/audit/",
    "skinlib/paper/ledger/",
    "skinlib/stats/",
    "skinlib/book/__init__.py",
)
# What was expected, or what to do: a part of its own, after what was found.
ENDS = re.compile(r"expected|; |, or |[.}] [A-Z]|: name |Received: | to train on instead")
# Put together of messages that are whole, or put into one.
PARTS = re.compile(r"\{(error|msg|_fault\(file\)|closed_to_us\(closed\[0\]\)|REFUSED)\}['\"]$")
INSIDE = ("which is not JSON", "cannot train", "was ended by the system", "first_line")


def test_f47_a_message_says_what_was_expected_or_what_to_do():
    found = 0
    for path in sorted(ROOT.glob("skinlib/**/*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(FOR_US):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "msg":
                found += 1
                text = ast.unparse(node.value)
                whole = ENDS.search(text) or PARTS.search(text)
                assert whole or any(word in text for word in INSIDE), (name, text)
    assert found > 200
