"""Arithmetic and memory traffic of a network, counted from the shapes of its layers."""

import math

import numpy as np

# A training step computes the output, the gradient of the input and that of the weights.
PASSES = 3
FLOP_PER_MAC = 2
# Bytes moved in a training step for each element that a layer puts out: what published training
# rates of an RTX 3090 imply for batch-normalised networks in 16 bits (19 to 24); twice in 32.
BYTES_PER_ELEMENT = {"float32": 44, "mixed_bfloat16": 22}


def count(model):
    """Return the forward cost of one picture, by name.

    ``macs`` are multiply-accumulates of convolutions, dense layers and attention, ``activations``
    the numbers that all layers put out. The `model` is flat and has fixed shapes.
    """
    return {
        "macs": sum(_macs(layer) for layer in model.layers),
        "activations": sum(_elements(layer.output) for layer in model.layers),
    }


def _macs(layer):
    kind = type(layer).__name__
    if kind == "SoftAttention":
        height, width, channels = layer.input.shape[1:]
        # As coded, only some taps of the kernel ever meet data (see `skinlib.models.attention`).
        first, last = layer.taps
        taps = 9 * channels if layer.variant != "as_coded" else 9 * (last - first)
        return height * width * (taps * layer.heads + channels)
    kernels = {
        "Dense": ("kernel",), "Conv2D": ("kernel",), "DepthwiseConv2D": ("kernel",),
        "SeparableConv2D": ("depthwise_kernel", "pointwise_kernel"),
    }.get(kind, ())  # fmt: skip
    # A dense layer acts on each position; a grouped kernel already spans one group only.
    places = math.prod(layer.output.shape[1:-1]) if kernels else 0
    return sum(math.prod(getattr(layer, name).shape) for name in kernels) * places


def _elements(output):
    outputs = output if isinstance(output, list | tuple) else [output]
    return sum(math.prod(tensor.shape[1:]) for tensor in outputs)


def floors(cost, flops, bytes_per_second, *, precision="float32"):
    """Return the least seconds of a picture in training, on a machine with these peaks.

    `cost` is from `count`, `precision` a key of `BYTES_PER_ELEMENT`; peaks may be arrays.
    """
    compute = PASSES * FLOP_PER_MAC * cost["macs"] / flops
    bandwidth = BYTES_PER_ELEMENT[precision] * cost["activations"] / bytes_per_second
    roofline = np.maximum(compute, bandwidth)
    return {"compute": compute, "bandwidth": bandwidth, "roofline": roofline}
