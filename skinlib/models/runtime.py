"""What the code runs on, and what each Keras backend does in its own way.

Device, versions and memory for run.json; XLA, determinism, precision and lack of memory.
"""

import contextlib
import importlib.metadata
import os
import platform
import re
import resource
import sys

from skinlib.common import paths
from skinlib.common.errors import DataError, TemporaryError
from skinlib.common.process import switched_on

PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy", "scikit-learn", "pillow", "pandas")
# How the backends say that a device has no memory left.
_OUT_OF_MEMORY = ("ResourceExhaustedError", "OutOfMemoryError", "MemoryError")


def device_name():
    """Return the device that Keras computes on, for example ``cpu: AMD EPYC, 2 cores``."""
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        if gpus:
            details = tf.config.experimental.get_device_details(gpus[0])
            return f"gpu: {details.get('device_name', gpus[0].name)} x{len(gpus)}"
    elif backend == "jax":
        import jax

        first = jax.devices()[0]
        if first.platform != "cpu":
            return f"{first.platform}: {first.device_kind} x{jax.device_count()}"
    elif backend == "torch":
        import torch

        if torch.cuda.is_available():
            return f"gpu: {torch.cuda.get_device_name()} x{torch.cuda.device_count()}"
    return f"cpu: {_cpu()}, {os.cpu_count()} cores"


def _cpu():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if "model name" in line]
        return names[0]
    except (OSError, IndexError):
        return platform.machine()


def jit_compile():
    """Return whether a model is to be compiled with XLA here.

    On TensorFlow with a CPU XLA makes depthwise convolutions 6 to 12 times slower, so it is on for
    GPUs only; JAX always needs it, torch never.
    """
    import keras

    backend = keras.backend.backend()
    return backend == "jax" or (backend == "tensorflow" and not device_name().startswith("cpu"))


def quick_start():
    """Trade speed of the steps for a quick first one, when ``SKINLIB_QUICK_START`` is on.

    TensorFlow spends minutes optimising the graph of a large network. Returns whether it was done.
    """
    import keras

    if not switched_on("SKINLIB_QUICK_START") or keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    return True


def make_deterministic():
    """Make the backend give the same bits every time; call it before anything is computed.

    `DataError`: JAX on a GPU has started without the XLA flag that this takes.
    """
    import keras

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
            msg = (
                f"recipe field deterministic needs XLA_FLAGS={flag} in the environment; set it "
                "where the command is typed, or train with --set deterministic=False"
            )
            raise DataError(msg)


@contextlib.contextmanager
def precision(name):
    """Build layers inside the block with a dtype policy, ``mixed_bfloat16`` for example."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextlib.contextmanager
def enough_memory(where, remedy):
    """Turn a backend's error about memory inside the block into `TemporaryError`.

    The batch is not halved instead: batch normalisation would see other statistics, and the
    numbers would be those of another recipe. The message has `where` (what was being done) and
    `remedy`.
    """
    try:
        yield
    except Exception as error:
        if type(error).__name__ not in _OUT_OF_MEMORY and "RESOURCE_EXHAUSTED" not in str(error):
            raise
        msg = f"out of memory {where}; the last state is kept. {remedy}"
        raise TemporaryError(msg) from error


def versions():
    """Return the versions of Python, skinlib and the libraries, and the Keras backend in use."""
    import keras

    import skinlib

    own = {"python": platform.python_version(), "skinlib": skinlib.__version__}
    return {**own, **_installed(), "backend": keras.backend.backend()}


def _installed():
    """Return the versions of the libraries that are there; imports none of them."""
    found = {}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def differs_from_lock():
    """Return where libraries differ from the lock: ``numpy 2.0.0, locked 2.4.6`` for example.

    Numbers are comparable to the last digit only within the lock.
    """
    from packaging.requirements import Requirement

    try:
        text = (paths.ROOT / "requirements.lock").read_text(encoding="utf-8")
    except OSError:
        return ["there is no requirements.lock"]
    locked = {}
    for line in re.findall(r"^[a-z0-9].*==[^\\\n]*", text, re.MULTILINE):
        wanted = Requirement(line.strip())
        if wanted.marker is None or wanted.marker.evaluate():
            locked[wanted.name] = str(wanted.specifier).removeprefix("==")
    return [
        f"{name} {version}, locked {locked.get(name, 'not at all')}"
        for name, version in _installed().items()
        if version != locked.get(name)
    ]


def peak_memory_mb():
    """Return the largest resident memory of this process so far, in MB.

    `resource.getrusage` would count the process that this one was forked from; on Linux
    ``/proc/self/status`` has this program alone.
    """
    try:
        with open("/proc/self/status", encoding="utf-8") as file:
            return round(int(file.read().partition("VmHWM:")[2].split()[0]) / 2**10)
    except (OSError, IndexError, ValueError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # macOS counts in bytes, others in KiB.
        return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
