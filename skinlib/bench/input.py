"""From files to the batch that a network reads: the authors' way and ours, in turn.

The authors' augmentation notebooks use Keras' old ImageDataGenerator, which decodes a picture in
each epoch and warps it with SciPy.
"""

import os
import tempfile
from unittest import mock

import numpy as np

from skinlib.bench.timing import interleave, machine, rates, spread
from skinlib.data import ham10000, pixels, store, synthetic
from skinlib.experiments.recipes import AUGMENTATION

THEIRS = "decode and SciPy"
LABELS = {
    THEIRS: "decode each time, warp with SciPy (the authors' way)",
    "RAM and SciPy": "float arrays in memory, warp with SciPy (the authors' other way)",
    "ours": "decoded once, one affine map in the compiled graph (ours)",
    "decode": "decode each time",
    "RAM": "float arrays in memory",
    "ours plain": "decoded once (ours)",
    "cache": "decoded once, bytes read only: what is left for the CPU beside a GPU (ours)",
}
AUGMENTED = (THEIRS, "RAM and SciPy", "ours")


def measure(*, quick=False):
    """Time the delivery of whole batches to a compiled graph; see `skinlib.bench`.

    Each case reads the same synthetic photographs in the same order, scaled to -1 to 1; the
    graph averages each picture, so that its pixels are read once and nothing is copied back.

    Returns
    -------
    dict
        By case ``augmented``, ``label``, ``images_per_second`` and ``times_theirs``, the ratio to
        the authors' way with the same augmentation.
    """
    width, height, size = (64, 48, 32) if quick else (600, 450, 224)
    images, batch, rounds = (64, 16, 2) if quick else (256, 32, 9)
    folder = synthetic.ensure(images=images, width=width, height=height)
    dataset = ham10000.load(folder, decode=False)
    with (
        tempfile.TemporaryDirectory() as scratch,
        mock.patch.dict(os.environ, SKINLIB_CACHE=scratch),
    ):
        array = pixels.cached(dataset, size, progress=False)
        cases = _cases(dataset.table["path"].tolist(), array, size, batch, AUGMENTATION)
        for run in cases.values():
            run()
        before = machine()
        seconds = interleave(cases, rounds)
        del array, cases

    def faster(name):
        """Compare with the neighbours in time, not with an average."""
        theirs = seconds[THEIRS if name in AUGMENTED else "decode"]
        return spread(np.divide(theirs, seconds[name]))

    return {
        **before, "quick": quick,
        "pictures": f"{images} synthetic JPEGs of {width} x {height} pixels",
        "size": size, "batch": batch, "rounds": rounds, "augmentation": dict(AUGMENTATION),
        "cases": {
            name: {
                "label": LABELS[name],
                "augmented": name in AUGMENTED,
                "images_per_second": rates(seconds[name], images),
                "times_theirs": faster(name),
            }
            for name in seconds
        },
    }  # fmt: skip


def _cases(files, array, size, batch, augmentation):
    """Return the cases; each delivers every picture once."""
    from keras.src.legacy.preprocessing.image import ImageDataGenerator
    from keras.utils import img_to_array, load_img

    warp = ImageDataGenerator(
        rotation_range=augmentation["rotation"], width_shift_range=augmentation["shift"],
        height_shift_range=augmentation["shift"], zoom_range=augmentation["zoom"],
        horizontal_flip=augmentation["flip"], vertical_flip=augmentation["flip"],
    ).random_transform  # fmt: skip
    parts = [slice(start, start + batch) for start in range(0, len(files), batch)]
    floats = consumer(size, dtype="float32")

    def decoded(part):
        return [img_to_array(load_img(path, target_size=(size, size))) for path in files[part]]

    in_memory = decoded(slice(None))

    def theirs(change, source):
        def run():
            for part in parts:
                pictures = np.stack([change(picture) for picture in source(part)])
                floats.predict_on_batch(pictures / np.float32(127.5) - np.float32(1))

        return run

    def ours(deliver):
        def run():
            for part in parts:
                deliver(store.read(array, np.arange(len(files))[part]))

        return run

    return {
        THEIRS: theirs(warp, decoded),
        "RAM and SciPy": theirs(warp, in_memory.__getitem__),
        "ours": ours(consumer(size, augmentation=augmentation).predict_on_batch),
        "decode": theirs(np.asarray, decoded),
        "RAM": theirs(np.asarray, in_memory.__getitem__),
        "ours plain": ours(consumer(size).predict_on_batch),
        "cache": ours(lambda _: None),
    }


def consumer(size, *, dtype="uint8", augmentation=None):
    """Return a compiled graph that takes a batch as a network would and averages it.

    Parameters
    ----------
    size : int
        Side in pixels.
    dtype : {'uint8', 'float32'}
        Of the pixels; bytes are scaled to -1 to 1 in the graph.
    augmentation : mapping, optional
        Arguments of `skinlib.models.augment.RandomAffine`.
    """
    import keras

    from skinlib.models import runtime
    from skinlib.models.augment import RandomAffine

    class Always(keras.layers.Layer):
        """Augment while predicting too, which `RandomAffine` alone does not do."""

        def __init__(self):
            super().__init__()
            self.augment = RandomAffine(**augmentation, seed=0)

        def call(self, pixels):
            return self.augment(pixels, training=True)

    tensor = image = keras.Input((size, size, 3), dtype=dtype)
    if augmentation:
        tensor = Always()(tensor)
    if dtype == "uint8":
        tensor = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(tensor)
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(tensor))
    model.compile(jit_compile=runtime.jit_compile())
    return model
