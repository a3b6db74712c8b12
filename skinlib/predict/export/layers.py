"""The distances of `skinlib.predict.ood` as layers, so that an exported file can compute them.

They hold the same numbers, in float32, and the same steps; a test compares the two. Importing
this module registers every layer of skinlib that a ``.keras`` file can hold.
"""

import keras
import numpy as np
from keras import ops

from skinlib.models import attention, scaling  # noqa: F401

PARTS = ("colours", "network")


@keras.saving.register_keras_serializable(package="skinlib")
class ReversedChannels(keras.layers.Layer):
    """Turn RGB into BGR, which a model trained on such pictures takes."""

    def call(self, inputs):
        return inputs[..., ::-1]

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)


@keras.saving.register_keras_serializable(package="skinlib")
class Colours(keras.layers.Layer):
    """Twelve numbers about the colours of pictures, see `skinlib.predict.ood.colours`.

    Notes
    -----
    Input: (n, s, s, 3), uint8, RGB. Output: (n, 12), float32.
    """

    def call(self, inputs):
        image = ops.cast(inputs, "float32") / 255.0
        mean = ops.mean(image, axis=(1, 2))
        centred = image - mean[:, None, None, :]
        spread = ops.sqrt(ops.mean(ops.square(centred), axis=(1, 2))) + 1e-3
        centred = centred / spread[:, None, None, :]
        # Red with green, red with blue, green with blue: two slices, no loop over channels.
        first = ops.concatenate([centred[..., :1], centred[..., :1], centred[..., 1:2]], axis=-1)
        second = ops.concatenate([centred[..., 1:], centred[..., 2:]], axis=-1)
        pairs = ops.mean(first * second, axis=(1, 2))
        down = ops.mean(ops.abs(image[:, 1:] - image[:, :-1]), axis=(1, 2))
        across = ops.mean(ops.abs(image[:, :, 1:] - image[:, :, :-1]), axis=(1, 2))
        steps = (down + across) / 2.0
        return ops.concatenate([mean, ops.log(spread), pairs, ops.log(steps + 1e-3)], axis=-1)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor((inputs.shape[0], 12), dtype="float32")


@keras.saving.register_keras_serializable(package="skinlib")
class Distance(keras.layers.Layer):
    """The larger of two distances in units of its limit, see `skinlib.predict.ood.Detector`.

    Parameters
    ----------
    directions : sequence of int
        Leading directions of each Gaussian, colours first.

    Notes
    -----
    Input: colours (n, 12) and network features (n, C), float32. Output: (n,), float32. The
    numbers are weights of the layer and come from `fill`.
    """

    def __init__(self, directions, **kwargs):
        super().__init__(**kwargs)
        self.directions = tuple(directions)

    def build(self, input_shape):
        self.gaussians = []
        for part, shape, kept in zip(PARTS, input_shape, self.directions, strict=True):
            channels = shape[-1]
            shapes = {
                "mean": (channels,),
                "scale": (channels,),
                "directions": (channels, kept),
                "variances": (kept,),
                "rest": (1,),
            }
            self.gaussians.append({
                name: self.add_weight(name=f"{part}_{name}", shape=each, trainable=False)
                for name, each in shapes.items()
            })  # fmt: skip
        self.limits = self.add_weight(name="limits", shape=(2,), trainable=False)

    def fill(self, likeness):
        """Take the numbers of a `skinlib.predict.ood.Detector`."""
        for part, weights in zip(PARTS, self.gaussians, strict=True):
            for name, weight in weights.items():
                values = np.asarray(getattr(getattr(likeness, part), name), np.float32)
                weight.assign(values.T if name == "directions" else values)
        self.limits.assign(np.asarray(likeness.limits, np.float32))

    def call(self, inputs):
        each = [
            _distance(features, gaussian) / self.limits[place]
            for place, (features, gaussian) in enumerate(zip(inputs, self.gaussians, strict=True))
        ]
        return ops.maximum(*each)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor((inputs[0].shape[0],), dtype="float32")

    def get_config(self):
        return {**super().get_config(), "directions": list(self.directions)}


def _distance(features, gaussian):
    centred = (features - gaussian["mean"]) / gaussian["scale"]
    along = ops.square(ops.matmul(centred, gaussian["directions"]))
    left = ops.sum(ops.square(centred), axis=-1) - ops.sum(along, axis=-1)
    squared = ops.sum(along / gaussian["variances"], axis=-1)
    squared = squared + ops.maximum(left, 0.0) / gaussian["rest"]
    return squared / features.shape[-1]
