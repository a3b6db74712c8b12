"""No fault of the matrix is forgotten."""

import ast
import re
from pathlib import Path

FAULTS = {f"f{number:02d}" for number in range(1, 36)}


def test_every_fault_has_a_test():
    found = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                found.update(re.findall(r"^test_(f\d\d)_", node.name))
    assert found == FAULTS, f"without a test: {sorted(FAULTS - found)}"
