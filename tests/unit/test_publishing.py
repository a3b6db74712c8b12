"""What people and services read about the project: container, citation, archive."""

import json
import os
import re
import subprocess
import tomllib

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from skinlib.common import paths
from skinlib.common.process import switched_on

ROOT = paths.ROOT
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOCKER = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
BACKENDS = ("keras", "tensorflow")
STEPS = [line.split(maxsplit=1) for line in DOCKER.splitlines() if line and line[0] != "#"]


def test_the_image_is_of_a_python_that_the_project_takes():
    kind, base = STEPS[0]
    assert kind == "FROM"
    assert re.search(r"python:([\d.]+)", base)[1] in SpecifierSet(PROJECT["requires-python"])
    assert {kind for kind, _ in STEPS} <= {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "CMD"}


def test_what_is_copied_into_the_image_is_there_and_the_environment_is_made_first():
    """Otherwise each change of a page would install 3 GB again; what make needs is there."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    # What is made on one machine is no part of an image for another.
    assert {".venv", "_build", "data"} <= set(ignored)
    made = STEPS.index(["RUN", "make .venv/.installed"])
    before = {word for kind, words in STEPS[:made] if kind == "COPY" for word in words.split()[:-1]}
    assert {"Makefile", "pyproject.toml", "requirements.lock", "skinlib"} <= before
    assert PROJECT["readme"] in before
    assert all((ROOT / name).exists() and name not in ignored for name in before)
    assert STEPS.index(["COPY", ". ."]) > made


@pytest.mark.skipif(
    not switched_on("SKINLIB_TEST_DOCKER"),
    reason="builds an image of 4 GB; SKINLIB_TEST_DOCKER=1 asks for it",
)
def test_the_image_builds_and_runs():
    command = ["docker", "build", "--quiet", "."]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    image = built.stdout.strip()
    command = ["docker", "run", "--rm", image, ".venv/bin/python", "-m", "skinlib", "describe"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "MobileNetV2" in done.stdout


def test_the_development_container_is_that_image():
    folder = ROOT / ".devcontainer"
    content = json.loads((folder / "devcontainer.json").read_text(encoding="utf-8"))
    build = content["build"]
    assert (folder / build["dockerfile"]).resolve() == ROOT / "Dockerfile"
    assert (folder / build["context"]).resolve() == ROOT
    target = content["postCreateCommand"].removeprefix("make ")
    assert target == ".venv/.installed"


def test_binder_has_what_the_pages_need_and_no_backend():
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    asked = {line for line in lines if not line.startswith("#")}
    without = {each for each in PROJECT["dependencies"] if not each.startswith(BACKENDS)}
    assert len(PROJECT["dependencies"]) - len(without) == len(BACKENDS)
    kernel = {each for each in PROJECT["optional-dependencies"]["book"] if "ipykernel" in each}
    assert asked == without | kernel
    version = (ROOT / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    assert version in SpecifierSet(PROJECT["requires-python"])
    assert os.access(ROOT / "binder" / "postBuild", os.X_OK)


def test_a_release_is_made_by_make_targets_that_there_are():
    path = ROOT / ".github" / "workflows" / "release.yml"
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    steps = [step["run"] for step in job["steps"] if "run" in step]
    targets = [step.split()[1] for step in steps if step.startswith("make ")]
    assert targets == ["check-tag", "dist", "gh-pages"]
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target}:", rules, re.MULTILINE) for target in targets)
    assert all(step.split()[0] in ("make", "gh", "git") for step in steps)


def test_citation_archive_and_package_agree():
    archive = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    for key in ("title", "version", "license"):
        assert archive[key] == citation[key], key
    assert archive["version"] == PROJECT["version"]
    assert archive["license"] == PROJECT["license"]
    dois = {each["identifier"] for each in archive["related_identifiers"]}
    assert dois == {each["doi"] for each in citation["references"]}
    assert "not a medical device" in archive["description"]
