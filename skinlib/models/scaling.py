"""The "caffe" scaling of the ResNets as a layer, so that it lives inside the graph."""

import keras
from keras import ops

# ImageNet means of blue, green and red, in the order of the reversed channels.
MEANS = (103.939, 116.779, 123.68)


@keras.saving.register_keras_serializable(package="skinlib")
class CaffeScaling(keras.layers.Layer):
    """Reverse the channels, then subtract the ImageNet BGR means.

    Given RGB pixels (0..255) this is what the ImageNet weights of ResNet expect.
    The authors gave it BGR pixels, so that the reversal yields RGB with the means
    of BGR (protocol §1.3); the recipe's ``channel_order`` decides which of the two
    happens, not this layer.
    """

    def call(self, inputs):
        return inputs[..., ::-1] - ops.convert_to_tensor(MEANS, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape
