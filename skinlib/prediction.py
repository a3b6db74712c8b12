"""What a model says of one part of a split: probabilities, and where its attention lies."""

import numpy as np

from skinlib.data.batches import batches

BATCH = 64


def predict(model, part, *, devices=1, before_batch=None):
    """Return the probabilities of a part, shape (n, 7), float32.

    Parameters
    ----------
    model : keras.Model
        From `skinlib.models.classifier.build_classifier`.
    part : skinlib.data.batches.Part
    devices : int
        That the model was built on, see `skinlib.distribution`.
    before_batch : callable, optional
        Called before each batch; may raise to leave early.
    """
    from skinlib import distribution

    out = []
    for inputs, one_hot in batches(part, BATCH):
        if before_batch:
            before_batch()
        found = model.predict_on_batch(distribution.pad(inputs, devices))
        # On several devices there are more rows than asked for, at the end.
        out.append(np.asarray(found)[: len(one_hot)])
    return np.concatenate(out)


def attention(model, part):
    """Return the attention of a part at the tap: the mean of the K maps.

    Parameters
    ----------
    model : keras.Model
        With a layer ``soft_attention`` (paper, figure 6).
    part : skinlib.data.batches.Part

    Returns
    -------
    numpy.ndarray
        Shape (n, h, w), float32; each map sums to 1.
    """
    import keras

    _, maps = model.get_layer("soft_attention").output
    inner = keras.Model(model.inputs, maps)
    # By name is by position here: the functional graph keeps the order of its inputs.
    names = [tensor.name for tensor in model.inputs]
    out = []
    for inputs, _ in batches(part, BATCH):
        found = inner.predict_on_batch([inputs[name] for name in names])
        out.append(np.asarray(found, np.float32).mean(axis=-1))
    return np.concatenate(out)
