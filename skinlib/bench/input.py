"""From files to a batch that a network reads: the authors' way and ours, in turn."""

import tempfile

import numpy as np

from skinlib.bench import legacy
from skinlib.bench.timing import interleave, machine, own_cache, rates, ratios

# HAM10000's size in pixels, and that of most networks' input.
WIDTH, HEIGHT, SIZE = 600, 450, 224

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


def measure(*, quick=False, progress=True):
    """Time the delivery of whole batches to a compiled graph.

    Each case reads the same synthetic photographs in the same order and hands them over as
    scaled batches; the graph that takes a batch averages every picture, so that its pixels are
    read once and nothing is copied back.

    Parameters
    ----------
    quick : bool
        Few and small pictures, two rounds.
    progress : bool

    Returns
    -------
    dict
        `skinlib.bench.timing.machine`, the settings, ``cases``: by name ``augmented``,
        ``label``, ``images_per_second`` and ``times_theirs``, both spreads; the latter round by
        round, against the authors' way with the same augmentation or without, as the case is.
    """
    from skinlib.data import ham10000, pixels, synthetic
    from skinlib.experiments.recipes import AUGMENTATION

    width, height, size = (64, 48, 32) if quick else (WIDTH, HEIGHT, SIZE)
    images, batch, rounds = (64, 16, 2) if quick else (256, 32, 9)
    folder = synthetic.ensure(images=images, width=width, height=height)
    dataset = ham10000.load(folder, decode=False)
    with tempfile.TemporaryDirectory() as scratch, own_cache(scratch):
        array = pixels.cached(dataset, size, progress=False)
        cases = _cases(dataset.table["path"].tolist(), array, size, batch, AUGMENTATION)
        for run in cases.values():
            run()
        before = machine()
        seconds = interleave(cases, rounds, progress=progress)
        del array, cases
    augmented = {name: times for name, times in seconds.items() if name in AUGMENTED}
    plain = {name: times for name, times in seconds.items() if name not in AUGMENTED}
    faster = {**ratios(augmented, THEIRS), **ratios(plain, "decode")}
    return {
        **before,
        "quick": quick,
        "pictures": f"{images} synthetic JPEGs of {width} x {height} pixels",
        "size": size,
        "batch": batch,
        "rounds": rounds,
        "augmentation": dict(AUGMENTATION),
        "cases": {
            name: {
                "label": LABELS[name],
                "augmented": name in AUGMENTED,
                "images_per_second": rates(seconds[name], images),
                "times_theirs": faster[name],
            }
            for name in seconds
        },
    }


AUGMENTED = (THEIRS, "RAM and SciPy", "ours")


def _cases(files, array, size, batch, augmentation):
    """Return the cases; each delivers every picture once."""
    rng = np.random.default_rng(0)
    in_memory = [legacy.load(path, size) for path in files]
    starts = range(0, len(files), batch)
    floats, moved, plain = (
        consumer(size, **options)
        for options in ({"dtype": "float32"}, {"augmentation": augmentation}, {})
    )

    def theirs(options, source):
        def run():
            for start in starts:
                pictures = source(slice(start, start + batch))
                floats.predict_on_batch(legacy.batch(pictures, rng, options))

        return run

    def ours(model):
        def run():
            for start in starts:
                inputs = read(array, np.arange(start, min(start + batch, len(files))))
                model.predict_on_batch(inputs)

        return run

    def cache():
        for start in starts:
            read(array, np.arange(start, min(start + batch, len(files))))

    def decoded(part):
        return [legacy.load(path, size) for path in files[part]]

    return {
        THEIRS: theirs(augmentation, decoded),
        "RAM and SciPy": theirs(augmentation, in_memory.__getitem__),
        "ours": ours(moved),
        "decode": theirs(None, decoded),
        "RAM": theirs(None, in_memory.__getitem__),
        "ours plain": ours(plain),
        "cache": cache,
    }


def read(array, index):
    """Return rows of the pixel cache as a batch, the way training reads them."""
    from skinlib.data.batches import Part

    count = len(array)
    part = Part(array, np.arange(count), np.zeros((count, 0)), np.zeros(count, int))
    return part.inputs(index)["image"]


def consumer(size, *, dtype="uint8", augmentation=None):
    """Return a compiled graph that takes a batch as a network would and averages it.

    Parameters
    ----------
    size : int
        Side in pixels.
    dtype : {'uint8', 'float32'}
        Of the pixels handed over; bytes are scaled to -1 to 1 in the graph.
    augmentation : mapping or None
        Arguments of `skinlib.models.augment.RandomAffine`.

    Returns
    -------
    keras.Model
    """
    import keras

    from skinlib.models import device
    from skinlib.models.augment import RandomAffine

    tensor = image = keras.Input((size, size, 3), dtype=dtype)
    if augmentation:
        augment = RandomAffine(**augmentation, seed=0)

        class Always(keras.layers.Layer):
            """Augment while predicting too, which a layer alone does not do."""

            def __init__(self):
                super().__init__()
                self.augment = augment

            def call(self, pixels):
                return self.augment(pixels, training=True)

        tensor = Always()(tensor)
    if dtype == "uint8":
        tensor = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(tensor)
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(tensor))
    model.compile(jit_compile=device.jit_compile())
    return model
