"""Which convolution does the authors' attention layer compute on this machine?

The layer convolves a tensor of shape (H, W, C, 1) with a kernel (C, 3, 3), strides (1, 1, C) and
"same" padding. By TensorFlow's documentation that reads channels 0 to 2. Some CPU kernels read
other channels or return other numbers. `skinlib.models.attention` does without this convolution
and gives the documented result everywhere.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd

# The tensor that DenseNet201 hands to the attention layer, and the layer's number of maps.
SHAPE = (7, 7, 128)
HEADS = 16
# TensorFlow chooses its CPU kernels by these variables when it is imported.
SETTINGS = (
    {},
    {"TF_ENABLE_ONEDNN_OPTS": "0"},
    {"TF_ENABLE_ONEDNN_OPTS": "1"},
    {"TF_ENABLE_ONEDNN_OPTS": "1", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    {"TF_ENABLE_ONEDNN_OPTS": "1", "ONEDNN_MAX_CPU_ISA": "SSE41"},
)
DOCUMENTED, MIDDLE, NEITHER = "documented", "middle channels", "neither"
TOLERANCE = 1e-4


def reference(inputs, kernel, first_channel):
    """Compute the convolution with NumPy, in float64; shape (n, H, W, K).

    `inputs` have the shape (n, H, W, C), `kernel` (C, 3, 3, 1, K): taps of height, width and
    channel, 1, maps. `first_channel` is the first of the three that are read: 0 as documented.
    """
    taps = kernel.shape[0]
    before = (taps - 1) // 2
    margins = ((0, 0), (before, taps - 1 - before), (1, 1), (0, 0))
    read = inputs[..., first_channel : first_channel + 3].astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(read, margins), (taps, 3), (1, 2))
    return np.einsum("nhwcij,ijck->nhwk", windows, kernel[:, :, :, 0].astype(float), optimize=True)


def classify(computed, inputs, kernel):
    """Compare a computed convolution (n, H, W, K) with the two readings.

    Returns ``reading`` (`DOCUMENTED`, `MIDDLE` or `NEITHER`), ``largest_error`` against the
    documented result and ``largest_value`` of that result.
    """
    documented = reference(inputs, kernel, 0)
    # A margin of 3 - C numbers in all, half of it (rounded towards zero) on the left.
    middle = reference(inputs, kernel, (inputs.shape[-1] - 3) // 2)
    error, other = (float(np.abs(computed - found).max()) for found in (documented, middle))
    reading = DOCUMENTED if error < TOLERANCE else MIDDLE if other < TOLERANCE else NEITHER
    # JSON has no NaN.
    return {
        "reading": reading,
        "largest_error": round(error, 4) if np.isfinite(error) else None,
        "largest_value": round(float(np.abs(documented).max()), 4),
    }


def probe():
    """Return `classify` of the authors' call on random numbers, and the channels it reads."""
    from keras import ops

    rng = np.random.default_rng(0)
    channels = SHAPE[-1]
    kernel = rng.normal(size=(channels, 3, 3, 1, HEADS)).astype("float32")
    kernel /= np.float32(np.sqrt(9 * channels))
    # One tensor, and a copy for each channel in which that channel differs.
    inputs = np.repeat(rng.normal(size=(1, *SHAPE)).astype("float32"), channels + 1, axis=0)
    for channel in range(channels):
        inputs[channel + 1, ..., channel] += 1.0
    options = {"strides": (1, 1, channels), "padding": "same", "data_format": "channels_last"}
    found = ops.convert_to_numpy(ops.conv(inputs[..., None], kernel, **options))[:, :, :, 0]
    changed = ~np.isclose(found[1:], found[:1], atol=TOLERANCE).all(axis=(1, 2, 3))
    return {**classify(found[:1], inputs[:1], kernel), "channels": np.flatnonzero(changed).tolist()}


def probe_settings():
    """Return what `probe` finds under each of `SETTINGS`, in a process each, for conv3d.json."""
    from skinlib.models import runtime

    code = "import json; from skinlib.models import conv3d; print(json.dumps(conv3d.probe()))"
    plain = {key: value for key, value in os.environ.items()
             if key not in ("TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA")}  # fmt: skip
    rows = []
    for setting in SETTINGS:
        command, environment = [sys.executable, "-c", code], {**plain, **setting}
        found = subprocess.check_output(command, env=environment, text=True)
        rows.append({"environment": setting, **json.loads(found.splitlines()[-1])})
    return {
        "device": runtime.device_name(),
        "versions": runtime.versions(),
        "shape": list(SHAPE),
        "settings": rows,
    }


def setting(row):
    """Return the environment of a row of `probe_settings` as typed in a shell."""
    return " ".join(f"{key}={value}" for key, value in row["environment"].items()) or "default"


def frame(records):
    """Return what `probe_settings` found on several machines as a table; a dash: not reported."""
    return pd.DataFrame(
        {
            "Processor": record["device"].removeprefix("cpu: "),
            "TensorFlow": record["versions"]["tensorflow"],
            "Setting": setting(row),
            "Channels read": ", ".join(map(str, row["channels"])),
            "Reading": row["reading"],
            "Largest error": _number(row["largest_error"]),
            "Largest true value": _number(row["largest_value"]),
        }
        for record in records
        for row in record["settings"]
    )


def _number(value):
    return "–" if value is None else f"{value:.2f}"
