"""The graph that is exported: from the pixels of a photograph to all that a rule needs."""

import dataclasses

import numpy as np

from skinlib.models.prediction import outputs
from skinlib.predict import ood

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
        of one view, as the network gives them; with attention, ``attention`` (n, h, w), the mean
        of the K maps; with a detector, ``distance`` (n,), see `skinlib.predict.ood.Detector`.
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
    seen = {"colours": ood.colours_of(ops.cast(image, "float32") / 255.0, ops), "network": features}
    each = []
    for limit, (name, found) in zip(detector.limits, seen.items(), strict=True):
        exact = dataclasses.astuple(getattr(detector, name))
        gaussian = ood.Gaussian(*(np.asarray(values, np.float32) for values in exact))
        project = layers.Dense(
            len(gaussian.variances), use_bias=False, dtype="float32", name=f"{name}_along"
        )
        each.append(gaussian.distance(found, ops, project) / np.float32(limit))
        project.set_weights([gaussian.directions.T])
    return keras.Model([image, features], ops.maximum(*each), name=OOD)
