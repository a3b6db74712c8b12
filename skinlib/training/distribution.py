"""One run on several devices: each takes an equal share of every batch.

Runs are independent of each other, so several of them on one device each are the
better use of a machine; this is for a network that is too slow, or too large, for one.
JAX goes through keras.distribution, TensorFlow through tf.distribute.MirroredStrategy.
"""

import contextlib

import keras
import numpy as np

from skinlib.common.errors import DataError


@contextlib.contextmanager
def spread(devices):
    """Build and train models inside the block on several devices.

    Parameters
    ----------
    devices : int
        1: as ever.

    Raises
    ------
    DataError
        Fewer devices are there, or the backend has no way to share a batch.

    Notes
    -----
    On JAX a batch is normalised as a whole, so the numbers are those of one device but
    for rounding. On TensorFlow every device normalises its own share of the batch, and
    keeps to its own stream of random numbers.
    """
    if devices == 1:
        yield
        return
    backend = keras.backend.backend()
    if backend == "jax":
        mesh = keras.distribution.DataParallel(devices=_devices(keras.distribution.list_devices(),
                                                                devices))  # fmt: skip
        with mesh.scope():
            yield
    elif backend == "tensorflow":
        import tensorflow as tf

        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        names = [device.name for device in tf.config.list_logical_devices(kind)]
        with tf.distribute.MirroredStrategy(_devices(names, devices)).scope():
            yield
    else:
        msg = f"recipe field devices is {devices}, but {backend} trains on one; use jax for more"
        raise DataError(msg)


def _devices(found, wanted):
    if len(found) < wanted:
        msg = f"recipe field devices is {wanted}, but {len(found)} are here: {', '.join(found)}"
        raise DataError(msg)
    return found[:wanted]


def pad(inputs, devices):
    """Repeat the last rows of a batch until devices can share it equally.

    Parameters
    ----------
    inputs : dict of numpy.ndarray
        Each of shape (n, …).

    Returns
    -------
    dict
        Arrays of the smallest shape (m, …), m >= n, with m a multiple of `devices`.
    """
    missing = -len(next(iter(inputs.values()))) % devices
    if not missing:
        return inputs
    return {name: np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])
            for name, rows in inputs.items()}  # fmt: skip
