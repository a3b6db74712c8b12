"""Grad-CAM: which places of the tapped tensor raise the score of the predicted class.

The score of a class is its logit. Its gradient at the tap, averaged over the places, weighs the
channels; the positive part of the weighted sum of the channels is the map (Selvaraju et al.,
2017). The average suits a head that treats all places alike. Ours has weights for each place, so
there is also the map without the average: gradient times tensor, place by place (HiResCAM, Draelos
and Carin, 2020).
"""

import functools

import keras
import numpy as np
from keras import ops

from skinlib.data.batches import batches
from skinlib.models.prediction import BATCH


def gradcam(model, part):
    """Return Grad-CAM at the tap for the predicted class of each image.

    `model` is of `skinlib.models.classifier.build_classifier`: a layer ``pool`` takes the tapped
    tensor, a layer ``probabilities`` is dense with softmax.

    Returns
    -------
    maps : dict of str to numpy.ndarray
        ``gradcam`` and ``hirescam``, shape (n, h, w), float32, at least 0; not normalised.
    probabilities : numpy.ndarray
        Shape (n, 7), float32, of the same pass.
    """
    below, above = split(model)
    last = model.get_layer("probabilities")
    maps, probabilities = {"gradcam": [], "hirescam": []}, []
    for inputs, _ in batches(part, BATCH):
        # The functional graph takes its inputs by position.
        found = below.predict_on_batch([inputs[tensor.name] for tensor in model.inputs])
        tensor = ops.cast(ops.convert_to_tensor(found[0]), "float32")
        chosen = np.asarray(found[1], np.float32)
        facts = [ops.convert_to_tensor(inputs[tensor.name]) for tensor in _facts(model)]
        score = functools.partial(_score, above, last, facts, chosen.argmax(axis=-1))
        # The images of a batch do not meet, so the gradient of the sum is that of each.
        slopes = _gradient(score, tensor)
        averaged = ops.mean(slopes, axis=(1, 2), keepdims=True)
        for name, weights in (("gradcam", averaged), ("hirescam", slopes)):
            cam = ops.relu(ops.sum(weights * tensor, axis=-1))
            maps[name].append(ops.convert_to_numpy(cam).astype(np.float32))
        probabilities.append(chosen)
    found = {name: np.concatenate(rows) for name, rows in maps.items()}
    return found, np.concatenate(probabilities)


def split(model):
    """Cut a classifier at its tap; return two models.

    The first gives the tapped tensor (batch, h, w, C) and the probabilities; the second takes the
    tapped tensor and the other inputs, and gives what the last layer takes.
    """
    tap = model.get_layer("pool").input
    last = model.get_layer("probabilities")
    below = keras.Model(model.inputs, [tap, last.output])
    return below, keras.Model([tap, *_facts(model)], last.input)


def _facts(model):
    """Return the inputs beside the picture: the metadata, if there is any."""
    return [tensor for tensor in model.inputs if tensor.name != "image"]


def _score(above, last, facts, chosen, tensor):
    """Return the sum over a batch of the logits of the chosen classes."""
    features = ops.cast(above([tensor, *facts], training=False), "float32")
    logits = ops.matmul(features, last.kernel) + last.bias
    return ops.sum(logits * ops.one_hot(chosen, logits.shape[-1]))


def _gradient(function, tensor):
    """Return the gradient of a number that depends on one tensor, which Keras itself has not."""
    name = keras.backend.backend()
    if name == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(tensor)
            value = function(tensor)
        return tape.gradient(value, tensor)
    if name == "jax":
        import jax

        return jax.grad(function)(tensor)
    import torch

    tensor = tensor.detach().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(function(tensor), tensor)[0]
