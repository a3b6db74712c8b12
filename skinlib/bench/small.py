"""Things that should not be felt: importing skinlib, filling the pixel cache."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from skinlib.bench.timing import interleave, machine, own_cache, rates, spread
from skinlib.common import paths

# What is imported, each in a fresh interpreter; the first shows what Python itself takes.
IMPORTS = {
    "Python alone": "",
    "import skinlib": "import skinlib",
    "the command line": "import skinlib.cli; skinlib.cli._parser()",
    "reading results": "import skinlib.experiments.run, skinlib.experiments.tables, skinlib.book",
    "Keras with its backend": "import keras",
}
BACKENDS = ("tensorflow", "jax", "torch")
COUNT = (
    "import json, sys; print(json.dumps([len(sys.modules), "
    f"[name for name in {BACKENDS!r} if name in sys.modules]]))"
)


def measure(*, quick=False, progress=True):
    """Time imports and the building of a pixel cache.

    Parameters
    ----------
    quick : bool
        Two imports, a few small pictures.
    progress : bool

    Returns
    -------
    dict
        `skinlib.bench.timing.machine`, ``imports`` (by case ``seconds``, ``modules`` and
        ``backends`` that were loaded) and ``pixel_cache`` (``images_per_second`` by size).
    """
    chosen = dict(list(IMPORTS.items())[:2]) if quick else IMPORTS
    loaded = {name: _import(code) for name, code in chosen.items()}
    cases = {name: lambda code=code: _import(code) for name, code in chosen.items()}
    seconds = interleave(cases, 2 if quick else 7, progress=progress)
    return {
        **machine(),
        "quick": quick,
        "imports": {
            name: {
                "seconds": spread(seconds[name]),
                "modules": loaded[name][0],
                "backends": loaded[name][1],
            }
            for name in chosen
        },
        "pixel_cache": _pixel_cache(quick, progress),
    }


def _import(code):
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{COUNT}"],
        capture_output=True, text=True, check=True, cwd=paths.ROOT,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def _pixel_cache(quick, progress):
    """Build the cache of the same photographs at some sizes, in turn."""
    from skinlib.data import ham10000, pixels, synthetic

    width, height, images = (64, 48, 64) if quick else (600, 450, 256)
    sizes, rounds = ((32,), 2) if quick else ((96, 224, 331), 5)
    folder = synthetic.ensure(images=images, width=width, height=height)
    dataset = ham10000.load(folder, decode=False)
    with tempfile.TemporaryDirectory() as scratch:

        def build(size):
            with own_cache(scratch):
                pixels.cached(dataset, size, progress=False)
            shutil.rmtree(Path(scratch) / "pixels")

        cases = {str(size): lambda size=size: build(size) for size in sizes}
        seconds = interleave(cases, rounds, progress=progress)
    return {
        "pictures": f"{images} synthetic JPEGs of {width} x {height} pixels",
        "sizes": {name: {"images_per_second": rates(seconds[name], images)} for name in cases},
    }
