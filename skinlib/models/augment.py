"""Random rotation, shift, zoom and flips as one affine resampling.

Stacked Keras layers would resample, and blur, three times.
"""

import math

import keras
from keras import ops


def augment_layer(augmentation, seed):
    """Return the layer of a recipe's ``augmentation``: arguments of `RandomAffine`, or a name.

    ``randaugment`` is Keras' layer of that name as it comes, which chooses two operations a batch;
    ``cutout`` paints a grey square of a quarter of the area (DeVries and Taylor 2017).
    """
    common = {"seed": seed, "name": "augment"}
    if augmentation == "randaugment":
        return keras.layers.RandAugment(value_range=(0, 255), **common)
    if augmentation == "cutout":
        square = {"factor": (1, 1), "scale": (0.25, 0.25), "fill_value": 127.5}
        return keras.layers.RandomErasing(**square, **common)
    return RandomAffine(**augmentation, **common)


@keras.saving.register_keras_serializable(package="skinlib")
class RandomAffine(keras.layers.Layer):
    """Rotate, shift, zoom and flip pictures in training; return them unchanged otherwise.

    Parameters
    ----------
    rotation : float
        Largest angle in degrees; from [-rotation, rotation].
    shift : float
        Largest shift as a share of the height and of the width.
    zoom : float
        Largest change of scale: each side is scaled by a factor in [1-zoom, 1+zoom].
    flip : bool
        Mirror left-right and up-down, each with probability one half.
    seed : int, optional

    Notes
    -----
    Input and output are (batch, H, W, channels), the output in the layer's compute dtype; it is
    computed in float32. Pixels from outside the picture repeat its edge ("nearest" filling, as in
    the notebooks).
    """

    def __init__(self, rotation=180.0, shift=0.1, zoom=0.1, flip=True, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rotation, self.shift, self.zoom, self.flip = rotation, shift, zoom, flip
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        images = ops.cast(inputs, "float32")
        if not training:
            return ops.cast(images, self.compute_dtype)
        transforms = self.matrices(ops.shape(images)[0], images.shape[1], images.shape[2])
        moved = ops.image.affine_transform(
            images,
            transforms,
            interpolation="bilinear",
            fill_mode="nearest",
            data_format="channels_last",
        )
        return ops.cast(moved, self.compute_dtype)

    def matrices(self, count, height, width):
        """Return random transforms.

        Returns
        -------
        tensor
            Shape (count, 8): a0 a1 a2 b0 b1 b2 0 0, taking an output point (x, y) in
            pixels to the input point (a0 x + a1 y + a2, b0 x + b1 y + b2).
        """
        draw = keras.random.uniform((6, count), -1.0, 1.0, seed=self.generator)
        angle = draw[0] * (self.rotation * math.pi / 180.0)
        scale_x, scale_y = 1.0 + self.zoom * draw[1], 1.0 + self.zoom * draw[2]
        move_x, move_y = draw[3] * (self.shift * width), draw[4] * (self.shift * height)
        if self.flip:
            coins = keras.random.uniform((2, count), seed=self.generator)
            scale_x = ops.where(coins[0] < 0.5, -scale_x, scale_x)
            scale_y = ops.where(coins[1] < 0.5, -scale_y, scale_y)
        a0, a1 = ops.cos(angle) * scale_x, -ops.sin(angle) * scale_y
        b0, b1 = ops.sin(angle) * scale_x, ops.cos(angle) * scale_y
        centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
        a2 = centre_x + move_x - a0 * centre_x - a1 * centre_y
        b2 = centre_y + move_y - b0 * centre_x - b1 * centre_y
        zero = ops.zeros_like(a0)
        return ops.stack([a0, a1, a2, b0, b1, b2, zero, zero], axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        names = ("rotation", "shift", "zoom", "flip", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
