"""Write a trained model for other runtimes: ``python -m skinlib export``.

One graph (`skinlib.predict.export.graph`) with the preprocessing in it becomes ONNX, LiteRT,
OpenVINO or Keras' own file, and a JSON file beside it says how to call it.
"""

import importlib.util
import json
import os
import tempfile
from pathlib import Path

import numpy as np

from skinlib.common.errors import DataError
from skinlib.common.files import atomic_path, require_place, sha256, write_json

PRECISIONS = ("fp32", "fp16", "int8")
# What each format is offered in, and the suffix of its file.
FORMATS = {
    "onnx": (PRECISIONS, ".onnx"),
    "litert": (PRECISIONS, ".tflite"),
    "openvino": (PRECISIONS, ".xml"),
    "keras": (("fp32",), ".keras"),
}
# Pictures of the training set that the ranges of int8 activations are measured on.
CALIBRATION = 128
# Packages of the extra `export`, by format.
NEEDED = {
    "onnx": ("onnx", "tf2onnx", "onnxruntime"),
    "openvino": ("onnx", "tf2onnx", "onnxruntime", "openvino"),
}


def export(classifier, format, path, precision="fp32", *, pictures=None):
    """Write a classifier in a format for another runtime.

    Parameters
    ----------
    classifier : skinlib.predict.model.Classifier
    format : {'onnx', 'litert', 'openvino', 'keras'}
    path : str or pathlib.Path
        Ends in the suffix of the format, see `FORMATS`.
    precision : {'fp32', 'fp16', 'int8'}
        How the weights are stored; they are computed with in float32.
    pictures : dict of str to numpy.ndarray, optional
        With int8: compute in int8 too, with the ranges of the activations that these give,
        ``image`` (n, s, s, 3), uint8, RGB, and ``metadata`` (n, 21); see `inputs`.

    Returns
    -------
    dict
        What is written to ``<path>.json``, see `skinlib.predict.export.sidecar.describe`.

    Raises
    ------
    DataError
        Unknown format or precision, another backend than TensorFlow, a package that is not
        installed, or a path that cannot be used, see `check`.
    """
    from skinlib.predict.export import formats, sidecar
    from skinlib.predict.export.graph import servable

    path = Path(path)
    check(format, precision, path)
    model = servable(classifier)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / f"made{path.suffix}"
        if format == "keras":
            model.save(made)
        elif format == "litert":
            formats.save_litert(model, made, precision, pictures)
        else:
            # OpenVINO makes float16 of float32 itself.
            stored = "fp32" if (format, precision) == ("openvino", "fp16") else precision
            kernels = [np.asarray(each) for each in classifier.model.weights]
            graph = formats.to_onnx(model)
            graph = formats.smaller(graph, stored, pictures=pictures, kernels=kernels)
            if format == "onnx":
                formats.save_onnx(graph, made)
            else:
                formats.save_openvino(graph, made, precision)
        places = {each: path.with_suffix(each.suffix) for each in sorted(Path(folder).iterdir())}
        for source, target in places.items():
            with atomic_path(target) as temporary:
                temporary.write_bytes(source.read_bytes())
    files = files_of(*places.values())
    described = sidecar.describe(classifier, model, format, precision, files, pictures is not None)
    write_json(_sidecar(path), described)
    return described


def files_of(*paths):
    """Return size and hash of files by name."""
    return {path.name: {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in paths}


def check(format, precision, path):
    """Refuse what cannot be exported, before a network is built.

    So a file at `path` that the JSON file beside it does not list: it is no export of ours.
    """
    if format not in FORMATS:
        msg = f"there is no format '{format}'; choose one of {', '.join(FORMATS)}"
        raise DataError(msg)
    offered, suffix = FORMATS[format]
    if precision not in offered:
        msg = f"{format} is offered in {', '.join(offered)}, not in '{precision}'; choose one"
        raise DataError(msg)
    if path is not None and path.suffix != suffix:
        msg = (
            f"'{path}' does not end in {suffix}, as a file of the format {format} has to; name "
            "another by -o"
        )
        raise DataError(msg)
    missing = [name for name in NEEDED.get(format, ()) if importlib.util.find_spec(name) is None]
    if missing:
        msg = (
            f"the format {format} needs {', '.join(missing)}; install the extra: "
            'pip install "skinlib[export]"'
        )
        raise DataError(msg)
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if format != "keras" and backend != "tensorflow":
        msg = (
            f"the format {format} is written with TensorFlow, the backend is '{backend}'; run the "
            "command again with KERAS_BACKEND=tensorflow"
        )
        raise DataError(msg)
    if path is None:
        return
    ours = _listed(_sidecar(path))
    # OpenVINO writes the weights beside the graph.
    weights = [path.with_suffix(".bin")] if path.suffix == ".xml" else []
    for target in (path, *weights, _sidecar(path)):
        if os.path.lexists(target) and target.name not in ours:
            msg = (
                f"'{target}' is there already and is no export of skinlib, which "
                f"'{_sidecar(path)}' would say; choose another name by -o, or remove it"
            )
            raise DataError(msg)
    require_place(path)


def _sidecar(path):
    return path.with_name(f"{path.name}.json")


def _listed(path):
    """Return the names of the files that a JSON file of ours lists, its own among them."""
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        return {*files, path.name} if path.stem in files else set()
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def inputs(part, index):
    """Return inputs of a `skinlib.predict.export.graph.servable` from positions of a part."""
    return {"image": part.pixels[part.rows[index]], **part.facts(index)}


def calibration(train, count=CALIBRATION):
    """Return `inputs` that int8 activations are measured on, evenly from a training set."""
    return inputs(train, np.unique(np.linspace(0, len(train) - 1, count).astype(int)))
