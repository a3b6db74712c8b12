"""The graph as ONNX: float32, weights in float16, or int8 for weights and activations."""

import numpy as np

from skinlib.common.process import quiet
from skinlib.predict.export.graph import LIKENESS

OPSET = 18
# Arrays of fewer numbers are not worth a Cast each.
LEAST = 256
# What a kernel and the one found in the file may differ by, as a share of the largest number.
ROUNDING = 1e-5
# Of photographs: one that can be called with any number, and says so.
BATCH = "n"


def convert(model):
    """Convert the model to ONNX.

    Parameters
    ----------
    model : keras.Model
        From `skinlib.predict.export.graph.servable`.

    Returns
    -------
    onnx.ModelProto
        float32; inputs and outputs are named as the model's, their first axis is free.
    """
    import tensorflow as tf

    from skinlib.predict.export.graph import serving

    with quiet():
        from tf2onnx import optimizer, tf_loader, tfonnx

        concrete = serving(model).get_concrete_function()
        ins = [tensor.name for tensor in concrete.inputs if tensor.dtype != tf.resource]
        outs = [tensor.name for tensor in concrete.outputs]
        # A dictionary comes out in the order of its keys.
        named = dict(zip(ins, model.input, strict=True))
        named |= dict(zip(outs, sorted(model.output), strict=True))
        frozen = tf_loader.from_function(concrete, ins, outs)
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(frozen, name="")
            made = tfonnx.process_tf_graph(
                graph, opset=OPSET, input_names=ins, output_names=outs, tensors_to_rename=named
            )
            proto = optimizer.optimize_graph(made).make_model("skinlib")
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    return proto


def shrink(proto, precision, kernels=()):
    """Store the kernels in fewer bytes; they become float32 again when the file is loaded.

    Each is stored as small numbers and, where need be, a factor of each output channel. Those
    of depthwise convolutions, which are few, stay as they are, as in a released model
    (`skinlib.predict.release`). In float16 a released model loses nothing, since its kernels are
    such numbers already: where the converter has multiplied a batch normalisation into a kernel,
    the two are stored apart again. The directions of the likeness are rounded.

    Parameters
    ----------
    proto : onnx.ModelProto
        Changed in place.
    precision : {'fp16', 'int8'}
    kernels : sequence of numpy.ndarray
        Of the model's layers, for float16.
    """
    from onnx import helper, numpy_helper

    own = {node.input[1]: node for node in proto.graph.node if _is_kernel(node)}
    before = []
    for stored in list(proto.graph.initializer):
        values = numpy_helper.to_array(stored)
        if stored.name not in own or values.dtype != np.float32 or values.size < LEAST:
            continue
        if precision == "fp16":
            small, scale = _apart(values, kernels)
            small = small.astype(np.float16)
        else:
            small, scale = _steps(values, axis=0 if own[stored.name].op_type == "Conv" else 1)
        name = stored.name
        stored.CopyFrom(numpy_helper.from_array(small, f"{name}_small"))
        whole = name if scale is None else f"{name}_whole"
        before.append(helper.make_node("Cast", [f"{name}_small"], [whole], to=1))
        if scale is not None:
            proto.graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
            before.append(helper.make_node("Mul", [whole, f"{name}_scale"], [name]))
    nodes = [*before, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)


def _steps(values, axis):
    """Return a kernel as whole numbers from -127 to 127, and their size by output channel."""
    others = tuple(each for each in range(values.ndim) if each != axis)
    scale = np.abs(values).max(axis=others, keepdims=True) / 127
    scale = np.maximum(scale, np.finfo(np.float32).tiny)
    return np.round(values / scale).astype(np.int8), scale.astype(np.float32)


def _is_kernel(node):
    """Say whether the second input of a node is a kernel that may be rounded."""
    groups = [each.i for each in node.attribute if each.name == "group"]
    return node.op_type in ("Conv", "MatMul", "Gemm") and groups in ([], [1])


def _apart(values, kernels):
    """Return a kernel and the factor of each output channel that give `values`, else None."""
    if values.ndim != 4:
        return values, None
    for kernel in kernels:
        if kernel.ndim != 4 or kernel.shape[::-1][:2] != values.shape[:2]:
            continue
        turned = kernel.transpose(3, 2, 0, 1)
        if turned.shape != values.shape:
            continue
        power = np.sum(turned**2, axis=(1, 2, 3), keepdims=True)
        product = np.sum(turned * values, axis=(1, 2, 3), keepdims=True)
        scale = (product / np.maximum(power, np.finfo(np.float32).tiny)).astype(np.float32)
        if np.abs(scale * turned - values).max() <= ROUNDING * np.abs(values).max():
            return turned, scale
    return values, None


def quantise(proto, pictures):
    """Return a file that computes its convolutions in int8, by the range that pictures take.

    Parameters
    ----------
    proto : onnx.ModelProto
        From `convert`.
    pictures : dict of str to numpy.ndarray
        Inputs for the calibration.

    Returns
    -------
    onnx.ModelProto
        Weights of the convolutions have seven bits: products of eight overflow on processors
        without instructions for them. Other kernels are as `shrink` makes them.
    """
    import tempfile
    from pathlib import Path

    import onnx

    with quiet(), tempfile.TemporaryDirectory() as folder:
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process

        plain, small = Path(folder) / "plain.onnx", Path(folder) / "small.onnx"
        onnx.save(proto, small)
        quant_pre_process(small, plain, skip_symbolic_shape=True)
        nodes = onnx.load(plain).graph.node
        quantization.quantize_static(
            plain,
            small,
            _Reader(pictures),
            per_channel=True,
            reduce_range=True,
            activation_type=quantization.QuantType.QUInt8,
            op_types_to_quantize=["Conv", "Clip", "Relu", "Add"],
            nodes_to_exclude=[node.name for node in nodes if LIKENESS in node.name],
        )
        found = onnx.load(small)
    shrink(found, "int8")
    return found


class _Reader:
    """Hand one picture after the other to the calibration."""

    def __init__(self, pictures):
        self.pictures, self.place = pictures, 0

    def get_next(self):
        place = slice(self.place, self.place + 1)
        self.place += 1
        found = {name: values[place] for name, values in self.pictures.items()}
        return found if all(map(len, found.values())) else None


def write(path, proto, properties):
    """Write the file.

    Parameters
    ----------
    path : pathlib.Path
    proto : onnx.ModelProto
    properties : dict of str to str
        For its ``metadata_props``.
    """
    import onnx

    for key, value in properties.items():
        proto.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(proto)
    onnx.save(proto, path)
