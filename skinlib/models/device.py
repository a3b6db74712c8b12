"""What the code runs on: device, memory and versions, for run.json; and the XLA policy."""

import contextlib
import importlib.metadata
import os
import platform
import re
import resource
import sys

from skinlib.common import paths

PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy", "scikit-learn", "pillow", "pandas")


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
    """Should a model be compiled with XLA here?

    On TensorFlow with a CPU XLA makes depthwise convolutions 6 to 12 times slower,
    so it is on for GPUs only; JAX always needs it, torch never.
    """
    import keras

    backend = keras.backend.backend()
    return backend == "jax" or (backend == "tensorflow" and not device_name().startswith("cpu"))


def quick_start():
    """Trade speed of the steps for a quick first one, when ``SKINLIB_QUICK_START`` is set.

    TensorFlow spends minutes optimising the graph of a large network, more than a
    demonstration of a few steps takes. Only TensorFlow has, or needs, this.

    Returns
    -------
    bool
        Was it done? Recorded in run.json.
    """
    import keras

    if not os.environ.get("SKINLIB_QUICK_START") or keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    return True


def versions():
    """Return the versions of Python, skinlib, the Keras backend in use and the libraries."""
    import keras

    import skinlib

    return {
        "python": platform.python_version(),
        "skinlib": skinlib.__version__,
        **_installed(),
        "backend": keras.backend.backend(),
    }


def _installed():
    """Return the versions of the libraries that are there; imports none of them."""
    found = {}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def differs_from_lock():
    """Return where the libraries differ from ``requirements.lock``, for run.json.

    A number is comparable to the last digit only within the lock: other versions round,
    shuffle and resize in other ways.

    Returns
    -------
    list of str
        ``numpy 2.0.0, locked 2.4.6`` for example; empty when all is as locked.
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

    `resource.getrusage` would count the process that started this one, as long as the two
    were one; Linux keeps the figure of this program alone.
    """
    try:
        with open("/proc/self/status", encoding="utf-8") as file:
            return round(int(file.read().partition("VmHWM:")[2].split()[0]) / 2**10)
    except (OSError, IndexError, ValueError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # macOS counts in bytes, others in KiB.
        return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
