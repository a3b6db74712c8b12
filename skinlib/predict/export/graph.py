"""The graph that is exported: from the pixels of a photograph to all that a rule needs."""

INPUTS = ("image", "metadata")
OUTPUTS = ("probabilities", "attention", "distance")
# Names of the layers below begin so, and those of what they become in other formats.
LIKENESS = "likeness"


def servable(classifier):
    """Return the network of a classifier as others are to call it.

    Parameters
    ----------
    classifier : skinlib.predict.model.Classifier

    Returns
    -------
    keras.Model
        Inputs ``image`` (n, s, s, 3), uint8, RGB, and ``metadata`` (n, 21), float32, the
        latter only for a model that was trained with metadata. Outputs, in a dictionary:

        - ``probabilities`` (n, 7), as the network gives them for one view, no temperature;
        - ``attention`` (n, h, w), mean of the K maps at the tap, each sums to 1; not without
          attention;
        - ``distance`` (n,), see `skinlib.predict.ood.Detector.distance`; not without a likeness.

        Computed in float32 and without augmentation, whatever the training did.
    """
    import keras
    from keras import layers, ops

    from skinlib.data.metadata import WIDTH
    from skinlib.predict.export.layers import Colours, Distance, ReversedChannels

    network = _inner(classifier)
    size = classifier.record["input_size"]
    inputs = {"image": layers.Input((size, size, 3), dtype="uint8", name="image")}
    if classifier.recipe.metadata:
        inputs["metadata"] = layers.Input((WIDTH,), dtype="float32", name="metadata")
    given = dict(inputs)
    if classifier.recipe.channel_order == "bgr":
        given["image"] = ReversedChannels(dtype="uint8", name="bgr")(inputs["image"])
    found = network([given[tensor.name] for tensor in network.inputs])
    outputs = {"probabilities": found["probabilities"]}
    if "attention" in found:
        outputs["attention"] = ops.mean(found["attention"], axis=-1)
    if classifier.detector is not None:
        known = classifier.detector
        colours = Colours(dtype="float32", name=f"{LIKENESS}_colours")(inputs["image"])
        kept = [len(part.variances) for part in (known.colours, known.network)]
        distance = Distance(kept, dtype="float32", name=f"{LIKENESS}_distance")
        outputs["distance"] = distance([colours, found["features"]])
        distance.fill(known)
    return keras.Model(inputs, outputs, name="servable")


def _inner(classifier):
    """Return the trained network with all its outputs, without augmentation, in float32."""
    import keras

    from skinlib.models.classifier import build_classifier

    recipe = classifier.recipe.replace(augmentation=None, precision="float32")
    record, plain = classifier.record, classifier.model
    if recipe != classifier.recipe:
        plain = build_classifier(record["backbone"], recipe, size=record["input_size"])
        plain.set_weights(classifier.model.get_weights())
    tap = plain.get_layer("pool").input
    outputs = {"probabilities": plain.output, "features": keras.ops.mean(tap, axis=(1, 2))}
    if recipe.attention != "none":
        outputs["attention"] = plain.get_layer("soft_attention").output[1]
    return keras.Model(plain.inputs, outputs, name="network")


def serving(model):
    """Return a ``tf.function`` of the model with named inputs and outputs, any number of rows."""
    import tensorflow as tf

    names = list(model.input)
    signature = [
        tf.TensorSpec(model.input[name].shape, model.input[name].dtype, name=name) for name in names
    ]

    @tf.function(input_signature=signature)
    def serve(*tensors):
        return dict(model(dict(zip(names, tensors, strict=True)), training=False))

    return serve


def frozen(serve):
    """Return what `serving` gave as a concrete function with its weights as constants."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    concrete = serve.get_concrete_function()
    constant = convert_variables_to_constants_v2(concrete)
    names = sorted(concrete.structured_outputs)

    @tf.function(input_signature=serve.input_signature)
    def again(*tensors):
        return dict(zip(names, constant(*tensors), strict=True))

    return again.get_concrete_function()
