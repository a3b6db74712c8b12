"""Export a classifier: check the request, convert, write the file and the words beside it."""

import os
import tempfile
from pathlib import Path

import numpy as np

from skinlib.common.errors import DataError
from skinlib.common.files import atomic_path, sha256, write_json

# What each format is offered in, and the suffix of its file.
FORMATS = {
    "onnx": (("fp32", "fp16", "int8"), ".onnx"),
    "litert": (("fp32", "fp16", "int8"), ".tflite"),
    "openvino": (("fp32", "fp16", "int8"), ".xml"),
    "keras": (("fp32",), ".keras"),
}
PRECISIONS = ("fp32", "fp16", "int8")
# Of the extra `export`, by format.
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
        fp16 and int8: so the weights are stored; it is computed in float32.
    pictures : dict of str to numpy.ndarray, optional
        With int8: compute in int8 too, and measure the range of the activations on these,
        ``image`` (n, s, s, 3), uint8, RGB, and ``metadata`` (n, 21). See
        `skinlib.predict.export.calibration.pictures`.

    Returns
    -------
    dict
        What is written to ``<path>.json``, see `skinlib.predict.export.sidecar.describe`.

    Raises
    ------
    DataError
        Unknown format or precision, another backend than TensorFlow, a package that is not
        installed, a path with another suffix, or files there that are no export of ours.
    """
    from skinlib.predict.export import place, sidecar
    from skinlib.predict.export.graph import servable

    path = Path(path)
    check(format, precision, path)
    model = servable(classifier)
    properties = sidecar.properties(classifier, precision)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / f"made{path.suffix}"
        _WRITERS[format](model, classifier, precision, pictures, properties, made)
        places = {each: path.with_suffix(each.suffix) for each in sorted(Path(folder).iterdir())}
        for source, target in places.items():
            with atomic_path(target) as temporary:
                temporary.write_bytes(source.read_bytes())
    files = {
        target.name: {"bytes": target.stat().st_size, "sha256": sha256(target)}
        for target in places.values()
    }
    described = sidecar.describe(classifier, model, format, precision, files)
    described["computes_in"] = "int8" if pictures is not None else "float32"
    if pictures is not None and "distance" in model.output:
        described["note"] = sidecar.INT8_NOTE
    write_json(place.sidecar(path), described)
    return described


def check(format, precision, path=None):
    """Refuse what cannot be exported, before a network is built.

    Raises
    ------
    DataError
        See `export`.
    """
    import importlib.util

    from skinlib.predict.export import place

    if format not in FORMATS:
        msg = f"there is no format '{format}'; choose one of {', '.join(FORMATS)}"
        raise DataError(msg)
    offered, suffix = FORMATS[format]
    if precision not in offered:
        msg = f"{format} is offered in {', '.join(offered)}, not in '{precision}'"
        raise DataError(msg)
    if path is not None and path.suffix != suffix:
        msg = f"'{path}' does not end in {suffix}, as a file of the format {format} has to"
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
    if path is not None:
        place.check(path)


def _onnx(model, classifier, precision, pictures, properties, path):
    from skinlib.predict.export import to_onnx

    proto = to_onnx.convert(model)
    if precision == "int8" and pictures is not None:
        proto = to_onnx.quantise(proto, pictures)
    elif precision != "fp32":
        to_onnx.shrink(proto, precision, [np.asarray(each) for each in classifier.model.weights])
    to_onnx.write(path, proto, properties)


def _litert(model, classifier, precision, pictures, properties, path):
    from skinlib.predict.export import to_litert

    path.write_bytes(to_litert.convert(model, precision, pictures))


def _openvino(model, classifier, precision, pictures, properties, path):
    from skinlib.predict.export import to_openvino

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.onnx"
        stored = "fp32" if precision == "fp16" else precision
        _onnx(model, classifier, stored, pictures, properties, source)
        to_openvino.write(source, path, precision, properties)


def _keras(model, classifier, precision, pictures, properties, path):
    model.save(path)


_WRITERS = {"onnx": _onnx, "litert": _litert, "openvino": _openvino, "keras": _keras}
