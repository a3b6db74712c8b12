"""The graph as LiteRT (TensorFlow Lite): float32, or weights in float16 or int8."""

from skinlib.common.process import quiet


def convert(model, precision, pictures=None):
    """Convert the model to LiteRT.

    Parameters
    ----------
    model : keras.Model
        From `skinlib.predict.export.graph.servable`.
    precision : {'fp32', 'fp16', 'int8'}
    pictures : dict of str to numpy.ndarray, optional
        Inputs for the calibration of int8.

    Returns
    -------
    bytes
        Of a file with one signature, ``serving_default``, whose names are those of the model.
    """
    import tensorflow as tf

    from skinlib.predict.export.graph import frozen, serving

    with quiet():
        serve = frozen(serving(model))
        converter = tf.lite.TFLiteConverter.from_concrete_functions([serve], tf.Module())
        if precision != "fp32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "fp16":
            converter.target_spec.supported_types = [tf.float16]
        if precision == "int8" and pictures is not None:
            converter.representative_dataset = lambda: _one_by_one(pictures)
        return converter.convert()


def _one_by_one(pictures):
    for place in range(len(pictures["image"])):
        yield {name: values[place : place + 1] for name, values in pictures.items()}
