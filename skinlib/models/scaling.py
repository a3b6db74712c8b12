"""Pixels (0..255) become what a network expects, inside its graph."""

import keras
from keras import ops

from skinlib.common.errors import DataError

# ImageNet means of blue, green and red, in the order of the reversed channels.
CAFFE_MEANS = (103.939, 116.779, 123.68)
TORCH_MEAN, TORCH_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SCALINGS = ("signed", "caffe", "torch", "identity")


def scale(pixels, scaling):
    """Scale a Keras tensor of pixels.

    Parameters
    ----------
    pixels : keras.KerasTensor
        Shape (batch, H, W, 3), float32, 0 to 255.
    scaling : str
        One of `SCALINGS`: ``signed`` is x/127.5 - 1; ``caffe`` reverses the channels and subtracts
        the ImageNet BGR means; ``torch`` normalises with the ImageNet mean and standard deviation;
        ``identity`` changes nothing (the network rescales).
    """
    if scaling == "identity":
        return pixels
    if scaling == "signed":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(pixels)
    if scaling == "torch":
        mean = [255 * value for value in TORCH_MEAN]
        variance = [(255 * value) ** 2 for value in TORCH_DEVIATION]
        layer = keras.layers.Normalization(mean=mean, variance=variance, name="scale")
        return layer(pixels)
    if scaling == "caffe":
        return CaffeScaling(name="scale")(pixels)
    msg = f"scaling '{scaling}' is unknown, expected one of {SCALINGS}"
    raise DataError(msg)


@keras.saving.register_keras_serializable(package="skinlib")
class CaffeScaling(keras.layers.Layer):
    """Reverse the channels, then subtract the ImageNet BGR means.

    Given RGB pixels, this is what the ImageNet weights of the ResNets expect. The authors gave it
    BGR pixels, so their networks saw RGB less the means of BGR; the recipe's ``channel_order``
    decides which of the two happens.
    """

    def call(self, inputs):
        return inputs[..., ::-1] - ops.convert_to_tensor(CAFFE_MEANS, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape
