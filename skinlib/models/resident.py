"""Keep the pictures on the device: a batch is then some row numbers, not megabytes."""

import dataclasses

import keras
import numpy as np
from keras import ops

from skinlib.data.batches import Part


@keras.saving.register_keras_serializable(package="skinlib")
class ResidentPixels(keras.layers.Layer):
    """Look pictures up in a table that lies on the device.

    Parameters
    ----------
    pixels : numpy.ndarray
        Shape (n, H, W, 3), uint8.

    Notes
    -----
    Input: rows (batch,), int32. Output: pictures (batch, H, W, 3), uint8.
    """

    def __init__(self, pixels, **kwargs):
        super().__init__(**kwargs)
        self.pixels = self.add_weight(
            shape=pixels.shape,
            dtype="uint8",
            trainable=False,
            autocast=False,
            name="pixels",
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(pixels, "uint8"),
        )

    def call(self, rows):
        return ops.take(self.pixels, rows, axis=0)

    def compute_output_spec(self, rows):
        return keras.KerasTensor((rows.shape[0], *self.pixels.shape[1:]), dtype="uint8")


@dataclasses.dataclass(frozen=True)
class ResidentPart:
    """A part whose pictures lie on the device; takes the place of a `Part` in batches."""

    part: Part

    def __len__(self):
        return len(self.part)

    @property
    def labels(self):
        return self.part.labels

    def inputs(self, index):
        """Return ``row`` (b,) int32 and, if there is any, ``metadata`` (b, 21) float32."""
        return {"row": index.astype(np.int32), **self.part.facts(index)}


def on_device(model, part):
    """Put the pictures of a part on the device in front of a classifier.

    Parameters
    ----------
    model : keras.Model
        From `skinlib.models.classifier.build_classifier`; its variables are shared.
    part : skinlib.data.batches.Part

    Returns
    -------
    keras.Model
        To be trained instead of `model`, with inputs as of `ResidentPart`.
    ResidentPart
    """
    row = keras.Input((), dtype="int32", name="row")
    pixels = part.inputs(np.arange(len(part)))["image"]
    inputs = {"row": row}
    below = {"image": ResidentPixels(pixels, name="resident")(row)}
    if part.metadata is not None:
        inputs["metadata"] = below["metadata"] = keras.Input(
            (part.metadata.shape[1],), name="metadata"
        )
    outer = keras.Model(inputs, model(below), name=f"{model.name}_resident")
    return outer, ResidentPart(part)
