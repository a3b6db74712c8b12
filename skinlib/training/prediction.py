"""What a model says of one part of a split: probabilities, and where its attention lies."""

import numpy as np

from skinlib.data.batches import batches

BATCH = 64


def d4(images):
    """Yield square pictures (b, H, W, C) turned by quarters, and mirrored: eight views."""
    for flipped in (images, images[:, :, ::-1]):
        for quarters in range(4):
            yield np.ascontiguousarray(np.rot90(flipped, quarters, axes=(1, 2)))


def predict(model, part, *, devices=1, views="one", before_batch=None):
    """Return the probabilities of a part, shape (n, 7), float32.

    Parameters
    ----------
    model : keras.Model
        From `skinlib.models.classifier.build_classifier`.
    part : skinlib.data.batches.Part
    devices : int
        That the model was built on, see `skinlib.training.distribution`.
    views : {'one', 'd4'}
        ``d4`` averages the probabilities over the eight turns and mirror images.
    before_batch : callable, optional
        Called before each batch; may raise to leave early.
    """
    from skinlib.training import distribution

    out = []
    for inputs, one_hot in batches(part, BATCH):
        if before_batch:
            before_batch()
        seen = [inputs]
        if views == "d4":
            seen = [{**inputs, "image": view} for view in d4(inputs["image"])]
        found = [
            np.asarray(model.predict_on_batch(distribution.pad(view, devices))) for view in seen
        ]
        # On several devices there are more rows than asked for, at the end.
        out.append(
            np.mean(found, axis=0)[: len(one_hot)] if len(found) > 1 else found[0][: len(one_hot)]
        )
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
