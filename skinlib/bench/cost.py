"""Count the arithmetic and the memory traffic of a network from the shapes of its layers."""

import math

# A training step computes the output, the gradient of the input and that of the weights.
PASSES = 3
FLOP_PER_MAC = 2
# Bytes that a training step moves for each element that a layer puts out: what the published
# training rates of the RTX 3090 imply for batch-normalised networks in 16-bit arithmetic (19
# to 24), and twice that in float32. A pass writes and reads the element, so do the gradients,
# and normalisation reads it twice more.
BYTES_PER_ELEMENT = {"float32": 44, "mixed_bfloat16": 22, "mixed_float16": 22}


def count(model):
    """Return what one picture costs in a network, forwards.

    Parameters
    ----------
    model : keras.Model
        Built, flat, with fixed shapes.

    Returns
    -------
    dict
        ``macs`` (multiplications with addition, of convolutions, dense layers and the
        attention), ``activations`` (numbers that all layers put out, the input's included),
        ``parameters`` and ``layers``.
    """
    return {
        "macs": sum(macs(layer) for layer in model.layers),
        "activations": sum(_elements(layer.output) for layer in model.layers),
        "parameters": model.count_params(),
        "layers": len(model.layers),
    }


def macs(layer):
    """Return the multiplications with addition of one layer and one picture.

    Only convolutions, dense layers and the soft attention count, as is usual; the
    rest moves numbers more than it computes.
    """
    kind = type(layer).__name__
    if kind == "Dense":
        return math.prod(layer.kernel.shape) * math.prod(_shape(layer.output)[:-1])
    if kind in ("Conv2D", "DepthwiseConv2D"):
        # The kernel of a grouped convolution already spans the channels of one group only.
        places = math.prod(_shape(layer.output)[:2])
        return math.prod(layer.kernel.shape) * places
    if kind == "SeparableConv2D":
        places = math.prod(_shape(layer.output)[:2])
        kernels = (layer.depthwise_kernel, layer.pointwise_kernel)
        return sum(math.prod(kernel.shape) for kernel in kernels) * places
    if kind == "SoftAttention":
        return _attention(layer)
    return 0


def _attention(layer):
    height, width, channels = _shape(layer.input)
    # As described a 3 x 3 kernel over all channels, as coded one that is up to 2H-1 high
    # over three channels; then each number is weighted by the map.
    first, last = layer.taps
    taps = 9 * channels if layer.variant == "as_described" else (last - first) * 9
    return height * width * (taps * layer.heads + channels)


def _shape(tensor):
    """Return the shape of one picture's tensor."""
    return tuple(tensor.shape[1:])


def _elements(output):
    outputs = output if isinstance(output, list | tuple) else [output]
    return sum(math.prod(_shape(tensor)) for tensor in outputs)


def floors(cost, flops, bytes_per_second, *, precision="float32"):
    """Return the seconds a picture needs at least in training.

    Parameters
    ----------
    cost : dict
        From `count`.
    flops, bytes_per_second : float
        What the machine can do at best.
    precision : str
        A key of `BYTES_PER_ELEMENT`.

    Returns
    -------
    dict
        ``compute``, ``bandwidth`` and the larger of both, ``roofline``.
    """
    compute = PASSES * FLOP_PER_MAC * cost["macs"] / flops
    bandwidth = BYTES_PER_ELEMENT[precision] * cost["activations"] / bytes_per_second
    return {"compute": compute, "bandwidth": bandwidth, "roofline": max(compute, bandwidth)}
