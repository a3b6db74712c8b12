"""What no line of the library, the notebooks and the book's extensions may do."""

import ast
import json
import re
import tomllib

import pytest

from skinlib.common import paths
from skinlib.data.registry import DATASETS

FORBIDDEN = (
    "safe_mode=False", "enable_unsafe_deserialization", "load_model(", "Lambda(",
    "allow_pickle=True", "pickle.load", "joblib.load", "torch.load", "read_pickle",
    "yaml.load(", "extractall(", "os.system", "shell=True", "verify=False",
    "LOAD_TRUNCATED_IMAGES", "known_hash=None",
)  # fmt: skip

SOURCES = [
    path
    for pattern in ("skinlib/**/*.py", "notebooks/*.ipynb", "book/_ext/*.py")
    for path in sorted(paths.ROOT.glob(pattern))
]


def code(path):
    """Return the code of a module or a notebook; without docstrings and comments."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    return ast.unparse(ast.fix_missing_locations(_NoDocstrings().visit(ast.parse(text))))


class _NoDocstrings(ast.NodeTransformer):
    def visit_Expr(self, node):
        return None if isinstance(getattr(node, "value", None), ast.Constant) else node


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(paths.ROOT).as_posix())
def test_nothing_runs_what_it_reads(path):
    text = code(path)
    assert [word for word in FORBIDDEN if word in text] == []
    assert not re.search(r"(?<![.\w])(eval|exec)\(", text)


def test_every_file_to_download_has_a_hash():
    """pooch checks nothing where it is told no hash."""
    for files in DATASETS.values():
        for file in files:
            assert re.fullmatch(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", file.hash), file.name


def test_actions_are_pinned_to_a_commit():
    """A tag can be moved to other code; a commit cannot."""
    workflows = sorted((paths.ROOT / ".github" / "workflows").glob("*.yml"))
    assert workflows
    for path in workflows:
        text = path.read_text(encoding="utf-8")
        for action in re.findall(r"uses:\s*(\S+)", text):
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), (path.name, action)
        assert "permissions:" in text, path.name


def test_keras_is_new_enough_to_refuse_what_is_known():
    """Until 3.14 there were model files that ran code in spite of Keras' safe mode."""
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (keras,) = (name for name in project["project"]["dependencies"] if name.startswith("keras"))
    floor = re.search(r">=(\d+)\.(\d+)", keras)
    assert (int(floor[1]), int(floor[2])) >= (3, 15)
