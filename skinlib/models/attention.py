"""The Soft-Attention layer, as the authors coded it and as their paper describes it.

Paper §2.2.4 and equation 1; the class ``SoftAttention`` of the authors' notebooks.
"""

import keras
from keras import ops

VARIANTS = ("as_coded", "as_described", "as_written")


@keras.saving.register_keras_serializable(package="skinlib")
class SoftAttention(keras.layers.Layer):
    """Weight a feature tensor by the sum of K spatial softmax maps.

    All variants own a kernel of 9·C·K numbers, convolve, take the softmax over the H·W positions
    of each of the K maps, sum the maps to α (shape H × W × 1, sum K) and return α·t. Before the
    softmax the first two add a bias of K and apply ReLU, as the code does.

    ``as_described``
        The kernel is 3 × 3 over the image and spans all C channels. α·t is scaled by a learnable
        scalar γ that starts at 0.01 (paper, equation 1; the value is Datta et al.'s).
    ``as_written``
        The same without bias and ReLU, which equation 1 does not have.
    ``as_coded``
        The kernel has the shape (C, 3, 3) on axes that are laid out (H, W, C): it spans the image
        *height* with C taps, the width with 3 and the *channels* with 3 taps at stride C. So the
        maps depend on the channels 0, 1 and 2 alone, and of the C height taps only the central
        2H−1 ever meet data. There is no γ. The layer keeps the full kernel, so that parameter
        counts and weights agree with the notebooks, and computes with the few taps that matter the
        convolution that TensorFlow documents. Some CPU kernels compute another one
        (`skinlib.models.conv3d`).

    Parameters
    ----------
    variant : {'as_coded', 'as_described', 'as_written'}
    heads : int
        Number of maps K; 16 in the paper's code.
    return_maps : bool
        Return ``(output, maps)`` instead of the output alone; ``maps`` has the
        shape (batch, H, W, K), each map summing to 1 over H and W.

    Notes
    -----
    Input and output have the shape (batch, H, W, C), with H, W and C fixed.
    """

    def __init__(self, variant="as_described", heads=16, return_maps=False, **kwargs):
        super().__init__(**kwargs)
        if variant not in VARIANTS:
            msg = f"`variant` must be one of {VARIANTS}. Received: {variant!r}"
            raise ValueError(msg)
        self.variant = variant
        self.heads = heads
        self.return_maps = return_maps

    def build(self, input_shape):
        _, height, _, channels = input_shape
        if None in input_shape[1:]:
            msg = f"SoftAttention needs fixed height, width and channels. Received: {input_shape}"
            raise ValueError(msg)
        coded = self.variant == "as_coded"
        shape = (channels, 3, 3, 1, self.heads) if coded else (3, 3, channels, self.heads)
        if coded and channels < 3:
            msg = f"variant 'as_coded' needs at least 3 channels. Received: {input_shape}"
            raise ValueError(msg)
        # he_uniform from the fan-in of the shape as written, as in the notebooks.
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="he_uniform")
        self.bias = self.gamma = None
        if self.variant != "as_written":
            self.bias = self.add_weight(name="bias", shape=(self.heads,), initializer="zeros")
        if not coded:
            self.gamma = self.add_weight(
                name="gamma", shape=(), initializer=keras.initializers.Constant(0.01)
            )
        # "same" padding of a C-tap kernel: row i of the output meets the input rows
        # i - before … i - before + C - 1. Taps outside `taps` never meet data.
        before = (channels - 1) // 2
        first, last = max(0, before - (height - 1)), min(channels, before + height)
        self.taps = (first, last)
        self.rows_padded = (before - first, last - 1 - before)

    def call(self, inputs):
        maps = self._convolve(inputs)
        if self.bias is not None:
            maps = ops.relu(maps + self.bias)
        _, height, width, _ = inputs.shape
        flat = ops.reshape(maps, (-1, height * width, self.heads))
        maps = ops.reshape(ops.softmax(flat, axis=1), (-1, height, width, self.heads))
        output = ops.sum(maps, axis=-1, keepdims=True) * inputs
        if self.gamma is not None:
            output = self.gamma * output
        return (output, maps) if self.return_maps else output

    def _convolve(self, inputs):
        """Return the K scores of each position, shape (batch, H, W, K), without bias."""
        if self.variant != "as_coded":
            return ops.conv(inputs, self.kernel, padding="same", data_format="channels_last")
        first, last = self.taps
        # Axes of the stored kernel: height tap, width tap, channel tap, 1, head.
        kernel = self.kernel[first:last, :, :, 0, :]
        padded = ops.pad(inputs[..., :3], ((0, 0), self.rows_padded, (1, 1), (0, 0)))
        return ops.conv(padded, kernel, padding="valid", data_format="channels_last")

    def compute_output_shape(self, input_shape):
        if not self.return_maps:
            return input_shape
        return input_shape, (*input_shape[:3], self.heads)

    def get_config(self):
        config = {"variant": self.variant, "heads": self.heads, "return_maps": self.return_maps}
        return {**super().get_config(), **config}
