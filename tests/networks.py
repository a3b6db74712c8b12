"""A small network of the table, and what tests of networks do with one."""

import keras
import numpy as np

# Smallest network of the table, at a size that leaves 2 x 2 positions at its tap.
BACKBONE, SIZE = "MobileNetV3Small", 64


def liven(model, seed=11):
    """Move every weight of a model off its initial value, and return it.

    Untrained networks answer 1/7 to everything, which would agree with anything.
    """
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        name, shape = weight.path.rpartition("/")[2], tuple(weight.shape)
        value = rng.normal(scale=0.2, size=shape)
        if name in ("gamma", "moving_variance"):
            value = rng.uniform(0.7, 1.5, shape)
        elif name == "kernel" and "soft_attention" in weight.path:
            # Scores of order one; of the coded kernel few taps meet data.
            value *= 8 if len(shape) == 5 else 0.25
        elif name == "kernel":
            # Wide enough that differences do not die out on the way down, not so wide that
            # one class takes all.
            fan_in = shape[0] * shape[1] if "depthwise" in weight.path else np.prod(shape[:-1])
            value *= 5 * np.sqrt((0.2 if "probabilities" in weight.path else 2.2) / fan_in)
        weight.assign(np.asarray(value, "float32"))
    return model


def with_maps(model, **outputs):
    """Return a classifier that also gives its ``attention`` maps (b, h, w, K), and other tensors."""
    _, maps = model.get_layer("soft_attention").output
    outputs |= {"probabilities": model.output, "attention": maps}
    return keras.Model(model.inputs, outputs)


def outcome(model, inputs):
    """Return the outputs of a model as arrays, of those inputs that it has."""
    wanted = {tensor.name: inputs[tensor.name] for tensor in model.inputs}
    return keras.tree.map_structure(keras.ops.convert_to_numpy, model(wanted))
