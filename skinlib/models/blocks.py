"""Two layers from other works on these pictures: DropBlock, and a trainable cosine transform."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="skinlib")
class DropBlock(keras.layers.Layer):
    """Drop square blocks of a feature tensor in training (Ghiasi et al. 2018).

    Each channel has its own blocks, of about half the side; what is kept is scaled so that the sum
    of the weights stays the same.

    Parameters
    ----------
    rate : float
        Share of the positions to drop, in [0, 1); where blocks overlap it is less.
    seed : int, optional

    Notes
    -----
    Input and output are (batch, H, W, C), with H, W and C fixed.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.seed = rate, seed
        self.generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        self.block = (min(input_shape[1:3]) + 1) // 2

    def call(self, inputs, training=False):
        if not training or not self.rate:
            return inputs
        kept = ops.cast(self.kept(*ops.shape(inputs)), inputs.dtype)
        return inputs * kept / ops.maximum(ops.mean(kept), keras.backend.epsilon())

    def kept(self, count, height, width, channels):
        """Return which positions are kept, as 0 and 1: shape (count, height, width, channels)."""
        corners = (count, height - self.block + 1, width - self.block + 1, channels)
        share = self.rate * height * width / (self.block**2 * corners[1] * corners[2])
        begin = ops.cast(keras.random.uniform(corners, seed=self.generator) < share, "float32")
        edge = (self.block - 1, self.block - 1)
        begin = ops.pad(begin, ((0, 0), edge, edge, (0, 0)))
        return 1.0 - ops.max_pool(begin, self.block, strides=1, data_format="channels_last")

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable(package="skinlib")
class CosineTransform(keras.layers.Layer):
    """Multiply height and width of a tensor by matrices that begin as cosine transforms.

    A t Bᵀ for each channel t; A and B are trained, and begin as the orthonormal DCT-II, as the
    spectral transforms of Alberti et al. (2020) do. Input and output are (batch, H, W, C).
    """

    def build(self, input_shape):
        self.down, self.across = (
            self.add_weight(
                name=name, shape=(side, side), initializer=lambda *_, s=side, **__: cosines(s)
            )
            for name, side in zip(("down", "across"), input_shape[1:3], strict=True)
        )

    def call(self, inputs):
        return ops.einsum("ih,bhwc,jw->bijc", self.down, inputs, self.across)

    def compute_output_shape(self, input_shape):
        return input_shape


def cosines(side):
    """Return the orthonormal DCT-II as a matrix (side, side), float32: a row a frequency."""
    place, frequency = np.arange(side) + 0.5, np.arange(side)[:, None]
    scale = np.sqrt(np.where(frequency == 0, 1, 2) / side)
    return (scale * np.cos(np.pi * frequency * place / side)).astype(np.float32)
