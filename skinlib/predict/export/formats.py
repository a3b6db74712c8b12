"""Other formats, by Keras' own exporters; and weights in float16 or int8."""

import copy
import tempfile
import types
from pathlib import Path

import numpy as np

from skinlib.common.process import quiet
from skinlib.predict.export.graph import OOD

OPSET = 18
# Kernels of fewer numbers are not worth a Cast each.
LEAST = 256
# What a kernel and the one found in the file may differ by, as a share of the largest number.
ROUNDING = 1e-5
# Name of the first axis, of any number of photographs.
BATCH = "n"


def to_onnx(model):
    """Return a `skinlib.predict.export.graph.servable` as an ``onnx.ModelProto`` in float32."""
    import keras
    import onnx

    signature = {
        name: keras.InputSpec(tensor.dtype, tensor.shape, name=name)
        for name, tensor in model.input.items()
    }
    with quiet(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        options = {"input_signature": [signature], "opset_version": OPSET}
        model.export(str(path), format="onnx", verbose=False, **options)
        proto = onnx.load(path)
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    return proto


def smaller(proto, precision, *, pictures=None, kernels=()):
    """Return a copy of an ONNX graph whose kernels are stored in fewer bytes.

    They become float32 again when the file is loaded. Kernels of depthwise convolutions, which
    are few, stay as they are, as in a released model. In float16 a released model loses nothing,
    since its kernels are such numbers already: a kernel that the converter has multiplied with a
    batch normalisation is stored as itself and a factor of each output channel.

    Parameters
    ----------
    proto : onnx.ModelProto
    precision : {'fp32', 'fp16', 'int8'}
    pictures : dict of str to numpy.ndarray, optional
        With int8: inputs by which the convolutions are computed in eight bits too.
    kernels : sequence of numpy.ndarray
        Of the model's layers, for float16.
    """
    from onnx import helper, numpy_helper

    found = copy.deepcopy(proto) if pictures is None else _quantised(proto, pictures)
    if precision == "fp32":
        return found
    graph = found.graph
    own = {node.input[1]: node for node in graph.node if _has_kernel(node)}
    before = []
    for stored in list(graph.initializer):
        values, name = numpy_helper.to_array(stored), stored.name
        if name not in own or values.dtype != np.float32 or values.size < LEAST:
            continue
        if precision == "fp16":
            small, scale = _apart(values, kernels)
        else:
            small, scale = _steps(values, axis=0 if own[name].op_type == "Conv" else 1)
        stored.CopyFrom(numpy_helper.from_array(small, f"{name}_small"))
        whole = name if scale is None else f"{name}_whole"
        before.append(helper.make_node("Cast", [f"{name}_small"], [whole], to=1))
        if scale is not None:
            graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
            before.append(helper.make_node("Mul", [whole, f"{name}_scale"], [name]))
    nodes = [*before, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return found


def _has_kernel(node):
    """Return whether the second input of a node is a kernel that may be rounded."""
    groups = [each.i for each in node.attribute if each.name == "group"]
    return node.op_type in ("Conv", "MatMul", "Gemm") and groups in ([], [1])


def _steps(values, axis):
    """Return a kernel as whole numbers from -127 to 127, and their size by output channel."""
    others = tuple(each for each in range(values.ndim) if each != axis)
    scale = np.abs(values).max(axis=others, keepdims=True) / 127
    scale = np.maximum(scale, np.finfo(np.float32).tiny)
    return np.round(values / scale).astype(np.int8), scale.astype(np.float32)


def _apart(values, kernels):
    """Return a kernel in float16, and the factor of each output channel or None."""
    for kernel in kernels if values.ndim == 4 else ():
        turned = kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel
        if turned.shape != values.shape:
            continue
        power = np.sum(turned**2, axis=(1, 2, 3), keepdims=True)
        product = np.sum(turned * values, axis=(1, 2, 3), keepdims=True)
        scale = (product / np.maximum(power, np.finfo(np.float32).tiny)).astype(np.float32)
        if np.abs(scale * turned - values).max() <= ROUNDING * np.abs(values).max():
            return turned.astype(np.float16), scale
    return values.astype(np.float16), None


def _quantised(proto, pictures):
    """Return a graph that computes its convolutions in int8, by the range that pictures take.

    Weights of the convolutions have seven bits: products of eight overflow on processors without
    instructions for them.
    """
    import onnx

    with quiet(), tempfile.TemporaryDirectory() as folder:
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process

        plain, small = Path(folder) / "plain.onnx", Path(folder) / "small.onnx"
        onnx.save(proto, small)
        quant_pre_process(small, plain, skip_symbolic_shape=True)
        nodes, rows = onnx.load(plain).graph.node, _one_by_one(pictures)
        quantization.quantize_static(
            plain,
            small,
            types.SimpleNamespace(get_next=lambda: next(rows, None)),
            per_channel=True,
            reduce_range=True,
            activation_type=quantization.QuantType.QUInt8,
            op_types_to_quantize=["Conv", "Clip", "Relu", "Add"],
            nodes_to_exclude=[node.name for node in nodes if OOD in node.name],
        )
        return onnx.load(small)


def _one_by_one(pictures):
    for place in range(len(pictures["image"])):
        yield {name: values[place : place + 1] for name, values in pictures.items()}


def save_onnx(proto, path):
    """Check an ONNX graph and write it."""
    import onnx

    onnx.checker.check_model(proto)
    onnx.save(proto, path)


def save_openvino(proto, path, precision):
    """Write an ONNX graph as OpenVINO: ``.xml``, and beside it the weights in ``.bin``.

    For fp16 `proto` is in float32, which OpenVINO rounds itself.
    """
    with quiet(), tempfile.TemporaryDirectory() as folder:
        import openvino

        save_onnx(proto, Path(folder) / "source.onnx")
        graph = openvino.convert_model(Path(folder) / "source.onnx")
        openvino.save_model(graph, path, compress_to_fp16=precision == "fp16")


def save_litert(model, path, precision, pictures=None):
    """Write a model as LiteRT, one signature ``serving_default`` with the names of the model."""
    import tensorflow as tf

    options = {} if precision == "fp32" else {"optimizations": [tf.lite.Optimize.DEFAULT]}
    if precision == "fp16":
        options["target_spec"] = {"supported_types": [tf.float16]}
    if precision == "int8" and pictures is not None:
        options["representative_dataset"] = lambda: _one_by_one(pictures)
    with quiet():
        model.export(str(path), format="litert", verbose=False, **options)
