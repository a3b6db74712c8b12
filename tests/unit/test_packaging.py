"""Files that must agree with each other, and things that must not be in the repository."""

import ast
import re
import subprocess
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from skinlib.common import paths

ROOT = paths.ROOT


def tracked(*patterns):
    command = ["git", "ls-files", "--", *patterns]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in found.stdout.splitlines() if (ROOT / line).is_file()]


def requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return project, [*project["dependencies"], *extras["book"], *extras["test"]]


def test_environment_yml_says_what_pyproject_says():
    project, wanted = requirements()
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = content["dependencies"]
    assert sorted(pip["pip"]) == sorted([*wanted, "-e .[export]"])
    assert f"python{project['requires-python']}" in conda


# No kernel of Colab loads them before it is asked to.
REPLACED_ON_COLAB = {"keras", "scikit-learn"}
# Colab does not have them; they ask for nothing that it has in another version.
ADDED_ON_COLAB = {"onnxruntime"}


def test_what_colab_has_is_enough():
    """Otherwise pip would replace packages that the kernel has in use, or TensorFlow's GPUs."""
    lines = (ROOT / "tests" / "colab.txt").read_text(encoding="utf-8").splitlines()
    there = dict(line.split("==") for line in lines if not line.startswith("#"))
    project, _ = requirements()
    assert there["python"] in SpecifierSet(project["requires-python"])
    asked = [Requirement(each) for each in project["dependencies"]]
    assert {each.name for each in asked} - set(there) == ADDED_ON_COLAB
    for requirement in (each for each in asked if each.name not in ADDED_ON_COLAB):
        kept = there[requirement.name] in requirement.specifier
        assert kept != (requirement.name in REPLACED_ON_COLAB), requirement


def test_the_lock_pins_every_requirement_with_hashes_and_no_address():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "http" not in text.replace("aiohttp", "").replace("httpcore", "").replace("httpx", "")
    pinned = set(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,-]+\])?==", text, flags=re.MULTILINE))
    _, wanted = requirements()
    for requirement in wanted:
        name = re.split(r"[\[<>=!~ ]", requirement)[0].lower().replace("_", "-")
        assert name in pinned, name
    blocks = re.split(r"\n(?=[a-z0-9])", text)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block.split("\n")[0])


def test_no_picture_of_the_data_set_no_weights_no_big_file():
    for path in tracked():
        assert not re.search(r"ISIC_\d{7}\.(jpe?g|png)$", path.name), path
        released = path.name.endswith(".weights.h5") and path.parent.parent == paths.MODELS
        assert released or path.suffix not in {".h5", ".keras", ".pkl", ".npz"}, path
        assert path.stat().st_size < 3_000_000, path


def test_nothing_names_a_path_of_one_machine():
    pattern = re.compile(r"(?<![A-Za-z0-9_.])/(?:home|root|mnt|Users|work)/")
    for path in tracked():
        binary = path.suffix in {".png", ".svg", ".lock", ".h5", ".onnx", ".woff2"}
        if not binary and path.name != "test_packaging.py":
            assert not pattern.search(path.read_text(encoding="utf-8")), path


def test_library_files_are_short():
    for path in tracked("skinlib/*.py", "skinlib/**/*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 250, path


def test_imports_name_what_is_there():
    """Those inside functions too, which importing a module does not run."""
    nodes = [
        node
        for path in tracked("skinlib/*.py", "skinlib/**/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    ours = {ast.unparse(node) for node in nodes if isinstance(node, ast.ImportFrom)}
    for line in sorted(line for line in ours if line.startswith("from skinlib")):
        exec(line, {})


def test_files_that_the_guides_name_are_there():
    text = "".join((ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md"))
    named = re.findall(r"`((?:skinlib|tests|notebooks|studies|book)/[\w./-]+)`", text)
    assert len(named) > 20
    assert not [each for each in named if "NAME" not in each and not (ROOT / each).exists()]
