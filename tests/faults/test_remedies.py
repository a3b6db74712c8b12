"""Messages say what was expected or what to do, and the options that they name are there."""

import ast
import re

from recommended import ROOT

from skinlib.cli import arguments as command_line
from skinlib.experiments.recipes import get_recipe


def messages():
    """Yield file and text of what is assigned to ``msg`` or ``remedy`` in the library."""
    for path in sorted(ROOT.glob("skinlib/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign):
                name = getattr(node.targets[0], "id", "")
                if name in ("msg", "remedy"):
                    yield path.relative_to(ROOT).as_posix(), name, ast.unparse(node.value)


def test_f47_a_recommended_option_is_there():
    """Of some command of ours; a recipe field that a message sets takes that value."""
    (choices,) = (each.choices for each in command_line.parser()._actions if each.choices)
    known = {name for each in choices.values() for name in each._option_string_actions}
    found = set()
    for path, _, text in messages():
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
    for path, name, text in messages():
        if name == "msg" and not path.startswith(FOR_US):
            found += 1
            whole = ENDS.search(text) or PARTS.search(text)
            assert whole or any(word in text for word in INSIDE), (path, text)
    assert found > 200
