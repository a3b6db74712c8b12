"""A wheel, installed outside the clone: it predicts, and a downloaded page finds its results."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from visiting import serving

from skinlib.book import archive
from skinlib.common import paths
from skinlib.common.errors import DataError, IntegrityError, TemporaryError
from skinlib.common.files import sha256
from skinlib.data.synthetic import photograph
from skinlib.predict import released

SITE = Path(np.__file__).parents[1]
RUN = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, kernel_name="python3", timeout=300).execute()
nbformat.write(notebook, "executed.ipynb")
"""


def call(*words, **options):
    """Run a program without what would lead it to the clone."""
    mine = {name: value for name, value in os.environ.items()
            if name != "PYTHONPATH" and not name.startswith("SKINLIB_")}  # fmt: skip
    mine |= options.pop("environment", {})
    done = subprocess.run(
        [str(word) for word in words], env=mine, capture_output=True, text=True, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """What `make dist` makes, of a copy of the clone; the archive is compressed less."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(paths.ROOT / name, folder)
    for name in ("skinlib", "models"):
        shutil.copytree(paths.ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc"))
    dist = folder / "dist"
    call("make", "-C", paths.ROOT, f"DIST={dist}", "ZIP=-1", "archive")
    # Nothing is downloaded.
    options = ("--no-deps", "--no-build-isolation", "--no-index")
    call(sys.executable, "-m", "pip", "wheel", *options, "-w", "dist", ".", cwd=folder)
    return dist


@pytest.fixture(scope="module")
def python(release, tmp_path_factory):
    """A new environment with the wheel; all else is that of this one."""
    folder = tmp_path_factory.mktemp("environment")
    call(sys.executable, "-m", "venv", "--without-pip", folder)
    made = folder / "bin" / "python"
    (wheel,) = release.glob("*.whl")
    pip = (sys.executable, "-m", "pip", "--python", made, "install")
    call(*pip, "--no-deps", "--no-index", wheel)
    inside = call(made, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])")
    (Path(inside.strip()) / "rest.pth").write_text(f"{SITE}\n")
    return made


def test_the_wheel_predicts_outside_the_clone(python, tmp_path):
    photo = tmp_path / "photo.png"
    Image.fromarray(photograph("nv", 1, 0, 0, 200, 150)).save(photo)
    where = call(python, "-c", "import skinlib; print(skinlib.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(python.parents[1])
    out = call(python, "-m", "skinlib", "predict", "photo.png", "--json", cwd=tmp_path)
    (row,) = json.loads(out)
    classifier = released.load(released.newest(), onnx=True)
    assert row["runtime"] == classifier.runtime
    assert row["probabilities"] == pytest.approx(classifier.predict(photo), abs=1e-6)
    # Neither results nor a cache were needed.
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


@pytest.fixture
def address(release):
    """A server of the release's files on this machine."""
    with serving(release) as address:
        yield address


def test_a_downloaded_page_runs_in_a_fresh_folder(python, address, tmp_path):
    """Its results come from the archive that the wheel names; the sentences hold on them."""
    shutil.copy(paths.NOTEBOOKS / "export.ipynb", tmp_path / "page.ipynb")
    cache = tmp_path / "cache"
    outside = {"SKINLIB_ARCHIVES": address, "SKINLIB_CACHE": str(cache), "NO_PROXY": "127.0.0.1",
               "PATH": f"{python.parent}:{os.environ['PATH']}"}  # fmt: skip
    call(python, "-c", RUN, "page.ipynb", cwd=tmp_path, environment=outside)
    cells = json.loads((tmp_path / "executed.ipynb").read_text(encoding="utf-8"))["cells"]
    outputs = json.dumps([cell.get("outputs") for cell in cells])
    assert "papermill.record" in outputs
    # What a page says of results that are not the committed ones.
    assert "written for other results" not in outputs
    (unpacked,) = tmp_path.glob("skinlib-*")
    ours = paths.ROOT / "results" / "identities.json"
    assert sha256(unpacked / "results" / "identities.json") == sha256(ours)
    assert (unpacked / archive.LAST).is_dir()


@pytest.fixture
def installed(release, monkeypatch, tmp_path, cache):
    """This process as if its skinlib came from a wheel; return what the wheel says."""
    share = tmp_path / "share"
    share.mkdir()
    monkeypatch.delenv("SKINLIB_ROOT", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(paths, "SHARE", share)
    monkeypatch.setattr(paths, "ROOT", tmp_path / "results-here")
    (name,) = (path.name for path in release.glob("*.zip"))
    stated = {"name": name, "sha256": sha256(release / name), "version": "0"}
    return lambda **changes: (share / "archive.json").write_text(json.dumps(stated | changes))


def test_the_archive_is_only_that_of_the_release(installed, address, monkeypatch):
    monkeypatch.setenv("SKINLIB_ARCHIVES", address)
    installed(sha256="0" * 64)
    with pytest.raises(IntegrityError, match="is not the archive of this release"):
        archive.bring()
    assert not paths.ROOT.exists()


def test_a_wheel_of_no_release_and_a_server_without_the_file_say_what_to_do(
    installed, address, monkeypatch
):
    with pytest.raises(DataError, match="set SKINLIB_ROOT to the clone"):
        archive.bring()
    monkeypatch.setenv("SKINLIB_ARCHIVES", f"{address}nowhere")
    installed()
    with pytest.raises(TemporaryError, match="set SKINLIB_ROOT to the folder"):
        archive.bring()
    # The remedy: another clone, or the archive unpacked by hand.
    monkeypatch.setenv("SKINLIB_ROOT", str(paths.ROOT))
    archive.bring()
