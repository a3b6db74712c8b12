"""The network of a training: a whole classifier, or its upper half on features of the lower."""

import contextlib
import dataclasses

import keras
import numpy as np

from skinlib.common.errors import DataError
from skinlib.data.prepare import augmented
from skinlib.models import frozen, runtime
from skinlib.models.backbones import get_backbone
from skinlib.models.classifier import build_classifier


@dataclasses.dataclass
class Network:
    """What is trained, on what.

    Attributes
    ----------
    classifier : keras.Model
        The whole network, whose weights are kept.
    trained : keras.Model
        What the optimizer changes and what predicts: the classifier, or its upper half.
    parts : dict
        The sets by name, with the inputs of `trained`.
    jit_compile : bool
    sums : list of keras.Variable
        Behind the mean loss and accuracy of an epoch, once it is compiled.
    taught : numpy.ndarray or None
        Probabilities of the teachers for the training set, (n, 7).
    """

    classifier: keras.Model
    trained: keras.Model
    parts: dict
    jit_compile: bool
    sums: list = dataclasses.field(default_factory=list)
    taught: np.ndarray | None = None

    def training_part(self, epoch):
        """Return the training set of an epoch, counted from 0."""
        part = self.parts["train"]
        return part.of_epoch(epoch) if hasattr(part, "of_epoch") else part


def build(job):
    """Build the `Network` of a `skinlib.training.loop.Job`."""
    record, recipe, prepared = job.record, job.recipe, job.prepared
    # TensorFlow's deterministic operations are not available with XLA.
    jit = runtime.jit_compile() and not recipe.deterministic
    size, seed = record["input_size"], record["seed"]
    model = build_classifier(record["backbone"], recipe, size=size, weights=job.weights, seed=seed)
    model.compile(optimizer=None, jit_compile=jit)
    if recipe.still_layer:
        frozen.keep_still(model, recipe.still_layer)
    if not recipe.frozen:
        train = augmented(prepared, recipe, size, seed, progress=job.show)
        return Network(model, model, {**prepared.parts, "train": train}, jit)
    lower, upper = frozen.halves(model, get_backbone(record["backbone"]))
    parts = frozen.feature_parts(lower, prepared, recipe, progress=job.show)
    return Network(model, upper, parts, jit)


def on_devices(count):
    """Return a context that builds and trains models on devices that share each batch.

    For a network that is too slow, or too large, for one device; otherwise several runs on one
    device each are the better use of a machine.
    On JAX a batch is normalised as a whole, so the numbers are those of one device but for
    rounding. On TensorFlow every device normalises its own share of the batch, and has its own
    stream of random numbers. `DataError`: there are fewer devices, or the backend cannot share a
    batch.
    """
    backend = keras.backend.backend()
    if count == 1:
        return contextlib.nullcontext()
    if backend == "jax":
        found = _first(count, keras.distribution.list_devices())
        return keras.distribution.DataParallel(devices=found).scope()
    if backend == "tensorflow":
        import tensorflow as tf

        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        names = [device.name for device in tf.config.list_logical_devices(kind)]
        return tf.distribute.MirroredStrategy(_first(count, names)).scope()
    msg = f"recipe field devices is {count}, but {backend} trains on one; use jax for more"
    raise DataError(msg)


def _first(count, found):
    if len(found) < count:
        msg = (
            f"recipe field devices is {count}, but {len(found)} are here: {', '.join(found)}; "
            f"ask for these by --set devices={len(found)}"
        )
        raise DataError(msg)
    return found[:count]
