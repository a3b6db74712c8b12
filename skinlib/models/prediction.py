"""What a network gives for a set of photographs: probabilities, and its attention maps."""

import numpy as np

from skinlib.data.batches import batches

BATCH = 64


def d4(images):
    """Yield the eight views of square pictures (b, H, W, C): quarter turns and mirror images."""
    for flipped in (images, images[:, :, ::-1]):
        for quarters in range(4):
            yield np.ascontiguousarray(np.rot90(flipped, quarters, axes=(1, 2)))


def predict(model, part, *, devices=1, views="one", before_batch=None):
    """Return the probabilities of the images of a set, shape (n, 7), float32.

    Parameters
    ----------
    model : keras.Model
    part : skinlib.data.batches.Part
    devices : int
        Number that the model was built on; each takes an equal share of a batch.
    views : {'one', 'd4', 'crops'}
        ``d4`` averages the probabilities over the eight turns and mirror images, ``crops`` over
        those of all squares that the set has of a photograph.
    before_batch : callable, optional
        Called before each batch; may raise to stop early.
    """
    if views == "crops":
        each = {"devices": devices, "views": "d4", "before_batch": before_batch}
        return np.mean([predict(model, square, **each) for square in part.squares()], axis=0)
    out = []
    for inputs, one_hot in batches(part, BATCH):
        if before_batch:
            before_batch()
        seen = [inputs]
        if views == "d4":
            seen = [{**inputs, "image": view} for view in d4(inputs["image"])]
        found = [np.asarray(model.predict_on_batch(_pad(view, devices))) for view in seen]
        probabilities = np.mean(found, axis=0) if len(found) > 1 else found[0]
        out.append(probabilities[: len(one_hot)])
    return np.concatenate(out)


def _pad(inputs, devices):
    """Repeat the last row of a batch until devices can share it equally."""
    missing = -len(next(iter(inputs.values()))) % devices
    if not missing:
        return inputs
    return {name: np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])
            for name, rows in inputs.items()}  # fmt: skip


def attention(model, part):
    """Return the mean of the K soft-attention maps of each image (paper, figure 6).

    The shape is (n, h, w), float32; each map sums to 1. `model` has a layer ``soft_attention``.
    """
    import keras

    _, maps = model.get_layer("soft_attention").output
    inner = keras.Model(model.inputs, maps)
    # The functional graph takes its inputs by position.
    names = [tensor.name for tensor in model.inputs]
    out = []
    for inputs, _ in batches(part, BATCH):
        found = inner.predict_on_batch([inputs[name] for name in names])
        out.append(np.asarray(found, np.float32).mean(axis=-1))
    return np.concatenate(out)


def outputs(model):
    """Return tensors of a network by name: ``probabilities``, ``features`` and ``attention``.

    Features are means over positions, (n, C); attention is there if the network has any,
    (n, h, w, K).
    """
    import keras

    features = keras.ops.mean(model.get_layer("pool").input, axis=(1, 2))
    found = {"probabilities": model.output, "features": features}
    if any(layer.name == "soft_attention" for layer in model.layers):
        found["attention"] = model.get_layer("soft_attention").output[1]
    return found
