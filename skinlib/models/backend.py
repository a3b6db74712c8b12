"""What the Keras backends do each in their own way: determinism, precision, lack of memory."""

import contextlib
import os

import keras

from skinlib.common.errors import DataError, TemporaryError

# How the backends say that a device has no memory left.
_OUT_OF_MEMORY = ("ResourceExhaustedError", "OutOfMemoryError", "MemoryError")

# Share of a device's memory that pictures may take; the network needs the rest.
_RESIDENT_SHARE = 0.3


class OutOfMemory(TemporaryError):
    """The device has too little memory for one step."""


def make_deterministic():
    """Ask the backend for the same bits every time; to be called before anything is computed.

    Raises
    ------
    DataError
        JAX on a GPU has started without the XLA flag that this takes.
    """
    name = keras.backend.backend()
    if name == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    elif name == "torch":
        import torch

        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
    else:
        import jax

        flag = "--xla_gpu_deterministic_ops=true"
        if jax.default_backend() != "cpu" and flag not in os.environ.get("XLA_FLAGS", ""):
            msg = f"recipe field deterministic needs XLA_FLAGS={flag} in the environment"
            raise DataError(msg)


@contextlib.contextmanager
def precision(name):
    """Build layers inside the block with a dtype policy, ``mixed_bfloat16`` for example."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextlib.contextmanager
def enough_memory(where, remedy):
    """Turn a backend's complaint about memory inside the block into `OutOfMemory`.

    A batch is not halved behind the user's back: batch normalisation would see other
    statistics, and the numbers would be those of another recipe.

    Parameters
    ----------
    where, remedy : str
        What was being done, and what helps; for the message.
    """
    try:
        yield
    except Exception as error:
        if type(error).__name__ not in _OUT_OF_MEMORY and "RESOURCE_EXHAUSTED" not in str(error):
            raise
        msg = f"out of memory {where}; the last state is kept. {remedy}"
        raise OutOfMemory(msg) from error


def device_memory():
    """Return the bytes of memory of the GPU in use, 0 on a CPU or where it is not known."""
    name = keras.backend.backend()
    if name == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        # TensorFlow does not say how much there is; NVIDIA's tool does.
        return _smi() if gpus else 0
    if name == "jax":
        import jax

        device = jax.devices()[0]
        return (
            0 if device.platform == "cpu" else (device.memory_stats() or {}).get("bytes_limit", 0)
        )
    import torch

    return torch.cuda.get_device_properties(0).total_memory if torch.cuda.is_available() else 0


def _smi():
    import subprocess

    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
        return min(int(line) for line in found.stdout.split()) * 2**20
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


def keeps_resident(size):
    """Do pictures of so many bytes stay on the device for the whole training?

    Yes on a GPU with room for them; ``SKINLIB_RESIDENT=0`` or ``1`` decides otherwise. The
    numbers are the same either way.
    """
    asked = os.environ.get("SKINLIB_RESIDENT")
    if asked is not None:
        return asked != "0"
    return size <= _RESIDENT_SHARE * device_memory()
