"""Batch normalisation in one operation of TensorFlow, forward and backward.

Keras 3 puts batch normalisation together from a dozen operations, each of which reads and writes
whole feature maps: more than half of a training step of MobileNetV2 on a CPU, as profiled.
TensorFlow has one kernel for it, which Keras 2, and so the authors' networks, used.
"""

import functools


def fuse(model):
    """Let the layers of batch normalisation of feature maps train with TensorFlow's fused kernel.

    What they compute is the same up to rounding. The moving variance is the biased one, as in Keras
    3; the kernel returns the unbiased one, so it is converted. On other backends nothing changes,
    nor in frozen layers or in prediction. Names, weights and configuration of the layers stay, so
    a copy that is made of the configuration trains with Keras' own operations.

    The layers of `model` are changed in place, before it is compiled.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization) and layer.input_spec.ndim == 4:
            layer.call = functools.partial(_call, layer)


def _call(layer, inputs, training=None, mask=None):
    """Do what ``BatchNormalization.call`` does, for an input (batch, H, W, C) without a mask."""
    if not training or not layer.trainable:
        return type(layer).call(layer, inputs, training=training, mask=mask)
    import tensorflow as tf

    channels = layer.moving_mean.shape
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=layer.gamma if layer.scale else tf.ones(channels),
        offset=layer.beta if layer.center else tf.zeros(channels),
        mean=[],
        variance=[],
        epsilon=layer.epsilon,
        is_training=True,
    )
    count = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
    # Of one value the variance is 0; what a kernel says of it differs.
    biased = tf.where(count > 1, variance * (count - 1) / count, tf.zeros_like(variance))
    for moving, new in ((layer.moving_mean, mean), (layer.moving_variance, biased)):
        moving.assign(moving * layer.momentum + new * (1 - layer.momentum))
    return outputs
