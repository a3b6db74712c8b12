"""The graph that is exported: from the pixels of a photograph to all that a rule needs."""

import numpy as np

from skinlib.predict.model import outputs

# Layers of the out-of-distribution check have this in their names, in other formats too.
OOD = "ood_distance"


def servable(classifier):
    """Return the network of a classifier as other programs call it.

    Parameters
    ----------
    classifier : skinlib.predict.model.Classifier

    Returns
    -------
    keras.Model
        In float32 and without augmentation. Inputs ``image`` (n, s, s, 3), uint8, RGB, and
        perhaps ``metadata`` (n, 21), float32. Outputs, in a dictionary: ``probabilities`` (n, 7)
        of one view, without temperature; with attention, ``attention`` (n, h, w), the mean of the
        K maps; with a detector, ``distance`` (n,), see `skinlib.predict.ood.Detector`.
    """
    import keras
    from keras import layers, ops

    from skinlib.data.metadata import WIDTH

    network = _network(classifier)
    size = classifier.record["input_size"]
    inputs = {"image": layers.Input((size, size, 3), dtype="uint8", name="image")}
    if classifier.recipe.metadata:
        inputs["metadata"] = layers.Input((WIDTH,), dtype="float32", name="metadata")
    fed = dict(inputs)
    if classifier.recipe.channel_order == "bgr":
        fed["image"] = ops.flip(inputs["image"], axis=-1)
    inside = network([fed[tensor.name] for tensor in network.inputs])
    found = {"probabilities": inside["probabilities"]}
    if "attention" in inside:
        found["attention"] = ops.mean(inside["attention"], axis=-1)
    if classifier.detector is not None:
        distance = _distance(classifier.detector, size, inside["features"].shape[-1])
        found["distance"] = distance([inputs["image"], inside["features"]])
    return keras.Model(inputs, found, name="servable")


def _network(classifier):
    """Return the trained network with all its outputs, without augmentation, in float32."""
    import keras

    from skinlib.models.classifier import build_classifier

    recipe = classifier.recipe.replace(augmentation=None, precision="float32")
    record, plain = classifier.record, classifier.model
    if recipe != classifier.recipe:
        plain = build_classifier(record["backbone"], recipe, size=record["input_size"])
        plain.set_weights(classifier.model.get_weights())
    return keras.Model(plain.inputs, outputs(plain), name="network")


def _distance(detector, size, channels):
    """Return `skinlib.predict.ood.Detector.distance` of a picture and features as a model."""
    import keras
    from keras import layers, ops

    image = layers.Input((size, size, 3), dtype="uint8")
    features = layers.Input((channels,), dtype="float32")
    each = [
        _mahalanobis(gaussian, seen, name) / np.float32(limit)
        for gaussian, seen, name, limit in zip(
            (detector.colours, detector.network), (colours(image), features),
            ("colours", "network"), detector.limits, strict=True,
        )
    ]  # fmt: skip
    return keras.Model([image, features], ops.maximum(*each), name=OOD)


def _mahalanobis(gaussian, features, name):
    """Return the distance of `skinlib.predict.ood.Gaussian` as a tensor (n,)."""
    from keras import layers, ops

    mean, scale, variances, rest = (
        np.asarray(values, np.float32)
        for values in (gaussian.mean, gaussian.scale, gaussian.variances, gaussian.rest)
    )
    centred = (features - mean) / scale
    project = layers.Dense(len(variances), use_bias=False, dtype="float32", name=f"{name}_along")
    along = ops.square(project(centred))
    project.set_weights([np.asarray(gaussian.directions.T, np.float32)])
    left = ops.sum(ops.square(centred), axis=-1) - ops.sum(along, axis=-1)
    squared = ops.sum(along / variances, axis=-1) + ops.maximum(left, 0.0) / rest[0]
    return squared / len(mean)


def colours(image):
    """Return `skinlib.predict.ood.colours` of pictures (n, s, s, 3), uint8, as a tensor (n, 12)."""
    from keras import ops

    image = ops.cast(image, "float32") / 255.0
    mean = ops.mean(image, axis=(1, 2), keepdims=True)
    centred = image - mean
    spread = ops.sqrt(ops.mean(ops.square(centred), axis=(1, 2), keepdims=True)) + 1e-3
    centred = centred / spread
    red, green, blue = ops.split(centred, 3, axis=-1)
    pairs = ops.concatenate([red * green, red * blue, green * blue], axis=-1)
    down = ops.mean(ops.abs(image[:, 1:] - image[:, :-1]), axis=(1, 2))
    across = ops.mean(ops.abs(image[:, :, 1:] - image[:, :, :-1]), axis=(1, 2))
    log_steps = ops.log((down + across) / 2.0 + 1e-3)
    mean, spread = ops.squeeze(mean, axis=(1, 2)), ops.squeeze(spread, axis=(1, 2))
    parts = [mean, ops.log(spread), ops.mean(pairs, axis=(1, 2)), log_steps]
    return ops.concatenate(parts, axis=-1)
