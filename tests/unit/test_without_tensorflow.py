"""Predicting with a released model, and the page in the browser, import neither TensorFlow nor Keras."""

import json
import subprocess
import sys

import pytest
from PIL import Image

from skinlib.common import paths
from skinlib.data.synthetic import photograph
from skinlib.predict import released

# What takes longer to import than a photograph to predict.
HEAVY = {"tensorflow", "keras", "jax", "torch", "scipy.stats", "sklearn", "matplotlib"}


def in_a_child(code, *arguments):
    """Run code in a process of its own; return what it printed, and what it imported of `HEAVY`."""
    code = f"import json, sys\n{code}\nprint(json.dumps([*sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=paths.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *lines, modules = done.stdout.splitlines()
    return "\n".join(lines), HEAVY & set(json.loads(modules))


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(photograph("nv", 1, 0, 0, 200, 150)).save(path)
    return path


def test_predict(photo):
    predict = "from skinlib.cli import main\nassert main(['predict', *sys.argv[1:], '--json']) == 0"
    out, heavy = in_a_child(predict, photo)
    (row,) = json.loads(out)
    assert row["runtime"].startswith("ONNX Runtime ")
    assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    assert not heavy


def test_the_folder_of_the_page_in_the_browser(tmp_path):
    """But for the runtime, which comes from npm."""
    build = (
        "from skinlib.predict import browser\nbrowser._runtime = lambda folder: {}\n"
        "browser.build(sys.argv[1])"
    )
    _, heavy = in_a_child(build, tmp_path)
    assert not {"tensorflow", "keras"} & heavy
    newest = released.newest()
    for name in (released.ONNX, released.BESIDE):
        assert (tmp_path / name).read_bytes() == (newest / name).read_bytes()
    page = json.loads((tmp_path / "page.json").read_text(encoding="utf-8"))
    assert page["sizes"] == {"model": (newest / released.ONNX).stat().st_size}
    assert sum(page["check"]["probabilities"]) == pytest.approx(1, abs=1e-6)
