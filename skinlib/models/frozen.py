"""Train the upper part of a network only, on features of the lower part that are computed once.

The lower part keeps its pretrained weights and its batch statistics, so its output for a picture
never changes: a third of a training step is left. Augmented pictures need their own features;
there is a fixed number of augmented copies of the data set, and the epochs take them in turn
(recipe fields ``frozen`` and ``augmented_copies``).
"""

import dataclasses
import zlib
from collections.abc import Mapping

import keras
import numpy as np
from tqdm import tqdm

from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.common.files import hash_of
from skinlib.data import store
from skinlib.data.batches import Part
from skinlib.models.augment import augment_layer
from skinlib.models.backbones import canonical_names

BATCH = 64


@dataclasses.dataclass(frozen=True)
class FeaturePart(Part):
    """A set whose pictures are features, (n_all, h, w, c), float32.

    ``copies`` has those of all augmented copies; the epochs take them in turn.
    """

    copies: tuple = ()

    def of_epoch(self, epoch):
        """Return the set with the copy of an epoch, counted from 0."""
        return dataclasses.replace(self, pixels=self.copies[epoch % len(self.copies)])


def halves(model, row):
    """Cut a classifier in two at the ``frozen_layer`` of its backbone; freeze the lower half.

    Returns
    -------
    lower, upper : keras.Model
        From pixels, after augmentation, to features; from these, under the name ``image``, and the
        other inputs to probabilities. Both share their layers with `model`.

    Raises
    ------
    DataError
        The row names no such layer.
    """
    lower = keep_still(model, row.frozen_layer)
    cut = canonical_names(model.layers)[row.frozen_layer].output
    tensors = {tensor.name: tensor for tensor in model.inputs} | {"image": cut}
    inputs = {name: keras.Input(each.shape[1:], name=name) for name, each in tensors.items()}
    above = keras.Model([*tensors.values()], model.output, name="above")
    return lower, keras.Model(inputs, above([*inputs.values()]), name=f"{model.name}_upper")


def keep_still(model, name):
    """Freeze a classifier up to a layer of its backbone, and return that part of it.

    `DataError`: it has no such layer.
    """
    layers = canonical_names(model.layers)
    if name not in layers:
        msg = (
            f"{model.name} has no layer '{name}' to freeze up to; `model.summary()` of "
            f"keras.applications.{model.name} lists them, {[*layers][len(layers) // 2]} for "
            "example: take one in still_layer, or in its row in skinlib.models.backbones"
        )
        raise DataError(msg)
    pixels = layers["augment"] if "augment" in layers else layers["to_float"]
    lower = keras.Model(pixels.output, layers[name].output, name="lower")
    lower.trainable = False
    return lower


def feature_parts(lower, prepared, recipe, *, progress=True):
    """Return `FeaturePart` by name of the set; only ``train`` has augmented copies.

    `lower` is of `halves`. `progress` shows a bar while features are computed, which is done once
    for all runs.
    """
    first = prepared.parts["train"]
    plain = changed = (_features(lower, first, None, 0, progress),)
    if recipe.augmentation:
        changed = tuple(
            _features(lower, first, recipe.augmentation, copy, progress)
            for copy in range(recipe.augmented_copies)
        )
    parts = {}
    for name, part in prepared.parts.items():
        copies = changed if name == "train" else plain
        # Features have no colour channels to turn.
        fields = {"pixels": copies[0], "channel_order": "rgb", "copies": copies}
        parts[name] = FeaturePart(**vars(part) | fields)
    return parts


def _features(lower, part, augmentation, copy, progress):
    """Return the features of all pictures, from the cache once they are there."""
    weights = zlib.crc32(b"".join(np.asarray(array).tobytes() for array in lower.get_weights()))
    key = {
        # The pixel cache is named after a hash of all that decides the pixels.
        "pixels": part.pixels.filename.stem,
        "channel_order": part.channel_order,
        "network": [layer.name for layer in lower.layers][1:],
        "scaling": [layer.get_config() for layer in lower.layers if layer.name == "scale"],
        "weights": weights,
        "augmentation": dict(augmentation) if isinstance(augmentation, Mapping) else augmentation,
        "copy": copy,
        "backend": keras.backend.backend(),
        "keras": keras.__version__,
        "layout": 2,
    }
    count = len(part.pixels)
    path = paths.cache() / "features" / f"{hash_of(key)}.npy"
    blocks = _batches(lower, part, augmentation, copy, progress)
    return store.kept(path, (count, *lower.output.shape[1:]), np.float32, blocks, {"key": key})


def _batches(lower, part, augmentation, copy, progress):
    """Yield the features of all pictures batch by batch."""
    count = len(part.pixels)
    everything = dataclasses.replace(part, rows=np.arange(count), metadata=None, masks=None)
    # Not the seed of the run: the same copies for all runs of a study.
    augment = augment_layer(augmentation, copy) if augmentation else None
    # RandAugment chooses its operations for a whole batch.
    few = 8 if augmentation == "randaugment" else BATCH
    starts = range(0, count, BATCH)
    for start in tqdm(starts, desc=f"features, copy {copy + 1}", disable=not progress):
        rows = np.arange(start, min(start + BATCH, count))
        pixels = everything.inputs(rows)["image"].astype(np.float32)
        if augment:
            parts = np.split(pixels, range(few, len(pixels), few))
            pixels = np.concatenate([np.asarray(augment(each, training=True)) for each in parts])
        yield lower.predict_on_batch(pixels)
