"""What the book's page needs to run the released model in a browser: model, runtime, numbers.

Scripts and sentences of the page are in ``book/browser``. What is put together here comes from the
newest released model, whose ONNX file is copied, and from the runtime's npm package; it is not part
of the repository. Without it the book is built all the same, and its page says why.
"""

import os
from pathlib import Path

import numpy as np

from skinlib.common import npm, paths
from skinlib.common.classes import LONG_NAMES
from skinlib.common.errors import DataError
from skinlib.common.files import atomic_path, write_json
from skinlib.data import synthetic
from skinlib.data.images import MAX_PHOTOGRAPH, OTHERS
from skinlib.predict import released
from skinlib.predict.requests import LEAST_SIDE, table

# Where the book looks; an environment variable names another place.
FOLDER = Path(os.environ.get("SKINLIB_BROWSER", paths.ROOT / "_build" / "browser"))
# Says whether it was built, and if not, why.
STATE = "state.json"
MODEL, SIDECAR = released.ONNX, released.BESIDE
# package.json, and the lock with the hash of every package.
SOURCES = paths.ROOT / "book" / "browser"
# What a browser loads of onnxruntime-web, by backend: a module, its glue and the runtime itself.
# The one with WebGPU lets WebAssembly wait for the device (JSPI); the one without that is half as
# large again.
RUNTIME = {
    "webgpu": ("ort.jspi.min.mjs", "ort-wasm-simd-threaded.jspi.mjs",
               "ort-wasm-simd-threaded.jspi.wasm"),
    "wasm": ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
}  # fmt: skip
# What the scripts can do of a recipe.
WANTED = {"crop": "centre", "interpolation": "bilinear", "views": "d4", "metadata": True}
# How other formats begin, byte for byte as characters: the scripts match the same expressions.
KINDS = {kind: begins.decode("latin-1") for kind, begins in OTHERS.items()}
# Lesions of the synthetic set that are offered as samples, and width and height of their pictures.
SAMPLES, SEED, LESIONS = ("nv", "mel", "bkl", "vasc"), 0, 63
SAMPLE_SIZE = (400, 300)


def build(folder):
    """Fill a folder with the model, the samples, the runtime and the numbers of the page.

    Returns the bytes of the ``model``, and of the runtime by backend.

    Raises
    ------
    DataError
        No released model, one that the page cannot run, or no npm.
    skinlib.common.errors.TemporaryError
        npm failed.
    """
    folder, newest = Path(folder), released.newest()
    # The quick refusals first.
    model = released.read(newest)
    for name, value in WANTED.items():
        if model["recipe"][name] != value:
            msg = (
                f"the page can run models with {name} {value!r}, '{model['name']}' has "
                f"{model['recipe'][name]!r}; teach it in book/browser"
            )
            raise DataError(msg)
    if MODEL not in model["files"]:
        msg = f"'{model['name']}' has no '{MODEL}'; make the release anew, or take a newer one"
        raise DataError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    sizes = _runtime(folder / "runtime")
    classifier = released.load(newest, onnx=True)
    for name in (MODEL, SIDECAR):
        with atomic_path(folder / name) as temporary:
            temporary.write_bytes(released.content(newest, model, name))
    sizes = {"model": (folder / MODEL).stat().st_size, **sizes}
    page = describe(model, [_sample(folder, name) for name in SAMPLES], check(classifier), sizes)
    write_json(folder / "page.json", page)
    write_json(folder / STATE, {"built": True})
    return sizes


def _runtime(folder):
    """Put the runtime into a folder; return the bytes that a browser loads, by backend."""
    names = [name for files in RUNTIME.values() for name in files]
    npm.fetch(SOURCES, folder, [f"onnxruntime-web/dist/{name}" for name in names])
    return {name: sum((folder / file).stat().st_size for file in RUNTIME[name]) for name in RUNTIME}


def _sample(folder, name):
    """Draw the picture of a class; return its file, title and facts."""
    from PIL import Image

    patients = synthetic.metadata(LESIONS, SEED)
    row = patients[(patients["dx"] == name) & patients["age"].notna()].iloc[0]
    picture = synthetic.photograph(name, int(row["lesion_id"][4:]), 0, SEED, *SAMPLE_SIZE)
    file = f"sample-{name}.png"
    with atomic_path(folder / file) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG", optimize=True)
    facts = {"age": row["age"], "sex": row["sex"], "site": row["localization"]}
    return {"file": file, "title": f"{LONG_NAMES[name]}, drawn", **facts}


def check(classifier):
    """Predict a picture whose byte k is 37 k modulo 256, for a browser to compare itself with."""
    size = classifier.record["input_size"]
    picture = (37 * np.arange(size * size * 3) % 256).astype(np.uint8).reshape(1, size, size, 3)
    facts = {"age": 60.0, "sex": "female", "site": "back"}
    found = classifier.classify(picture, table([tuple(facts.values())]), views="one")
    return {
        "facts": facts,
        "probabilities": found.probabilities[0].tolist(),
        "distance": float(found.distances[0]),
    }


def describe(model, drawn, checked, sizes):
    """Return the numbers that the scripts of the page need besides the sidecar, for JSON."""
    import matplotlib as mpl

    from skinlib.plots.photographs import ATTENTION_MAP

    colours = mpl.colormaps[ATTENTION_MAP](np.arange(256), bytes=True)[:, :3]
    measured = model["abstention"]["measured"]
    return {
        "model": MODEL,
        "sidecar": SIDECAR,
        # A byte a pixel is more than a camera's JPEG takes.
        "limits": {"side": LEAST_SIDE, "pixels": MAX_PHOTOGRAPH, "bytes": MAX_PHOTOGRAPH},
        "others": KINDS,
        # What was measured on which photographs; and what facts are worth.
        "measured": [
            {
                "title": title,
                **{key: measured[part][key] for key in ("images", "points", "risk")},
            }
            for part, title in released.titles(model, released.NEW_TO_IT).items()
        ],
        "facts": {
            condition: {name: each[name] for name in ("coverage", "risk")}
            for condition, each in model["without_facts"].items()
        },
        "colours": colours.tolist(),
        "samples": drawn,
        "check": checked,
        "sizes": sizes,
    }
