"""No fault of the matrix is forgotten."""

import ast
import re
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent
FAULTS = {name.lower() for name in yaml.safe_load((FOLDER / "faults.yaml").read_text("utf-8"))}


def test_no_fault_is_dropped_and_every_fault_has_a_test():
    assert {f"f{number:02d}" for number in range(1, 51)} == FAULTS
    found = set()
    for path in FOLDER.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                found.update(re.findall(r"^test_(f\d\d)_", node.name))
    assert found == FAULTS, f"without a test: {sorted(FAULTS - found)}"
