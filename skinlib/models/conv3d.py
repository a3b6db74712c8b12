"""Which convolution does the authors' attention layer compute on this machine?

The layer convolves a tensor of shape (H, W, C, 1) with a kernel (C, 3, 3), strides (1, 1, C) and
"same" padding. By TensorFlow's documentation that reads channels 0 to 2. Some CPU kernels read
other channels or return other numbers, so the authors' layer computes different things on
different processors. `skinlib.models.attention` is written without this convolution and
computes the documented one everywhere.
"""

import json
import os
import subprocess
import sys

import numpy as np

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
    """Compute the convolution with NumPy, in float64.

    Parameters
    ----------
    inputs : numpy.ndarray
        Shape (n, H, W, C).
    kernel : numpy.ndarray
        Shape (C, 3, 3, 1, K): height, width and channel taps, 1, maps.
    first_channel : int
        First of the three channels that are read: 0 as documented.

    Returns
    -------
    numpy.ndarray
        Shape (n, H, W, K).
    """
    taps = kernel.shape[0]
    before = (taps - 1) // 2
    margins = ((0, 0), (before, taps - 1 - before), (1, 1), (0, 0))
    read = inputs[..., first_channel : first_channel + 3].astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(read, margins), (taps, 3), (1, 2))
    return np.einsum("nhwcij,ijck->nhwk", windows, kernel[:, :, :, 0].astype(float), optimize=True)


def first_middle_channel(channels):
    """Return the first of the three channels read where the margin of "same" is negative.

    The margin is 3 - C numbers in all, half of it, rounded towards zero, on the left.
    """
    return (channels - 3) // 2


def classify(computed, inputs, kernel):
    """Compare a computed convolution with the two readings.

    Parameters
    ----------
    computed : numpy.ndarray
        Shape (n, H, W, K), of `inputs` and `kernel` as in `reference`.

    Returns
    -------
    dict
        ``reading`` (`DOCUMENTED`, `MIDDLE` or `NEITHER`), ``largest_error`` against the
        documented result and ``largest_value`` of that result.
    """
    documented = reference(inputs, kernel, 0)
    middle = reference(inputs, kernel, first_middle_channel(inputs.shape[-1]))
    error, other = (float(np.abs(computed - found).max()) for found in (documented, middle))
    reading = DOCUMENTED if error < TOLERANCE else MIDDLE if other < TOLERANCE else NEITHER
    # A NaN is smaller than nothing, and so is neither; JSON has no NaN.
    return {
        "reading": reading,
        "largest_error": round(error, 4) if np.isfinite(error) else None,
        "largest_value": round(float(np.abs(documented).max()), 4),
    }


def probe():
    """Run the authors' call on random numbers on this process's backend.

    Returns
    -------
    dict
        The values of `classify`, and ``channels``: those that change the result.
    """
    from keras import ops

    rng = np.random.default_rng(0)
    channels = SHAPE[-1]
    kernel = rng.normal(size=(channels, 3, 3, 1, HEADS)).astype("float32")
    kernel /= np.float32(np.sqrt(9 * channels))
    # The first tensor, and one copy for each channel in which that channel differs.
    inputs = np.repeat(rng.normal(size=(1, *SHAPE)).astype("float32"), channels + 1, axis=0)
    for channel in range(channels):
        inputs[channel + 1, ..., channel] += 1.0
    found = ops.conv(
        inputs[..., None],
        kernel,
        strides=(1, 1, channels),
        padding="same",
        data_format="channels_last",
    )
    found = ops.convert_to_numpy(found)[:, :, :, 0]
    changed = ~np.isclose(found[1:], found[:1], atol=TOLERANCE).all(axis=(1, 2, 3))
    return {**classify(found[:1], inputs[:1], kernel), "channels": np.flatnonzero(changed).tolist()}


def probe_settings():
    """Return what `probe` finds under each of `SETTINGS`, in a process each.

    Returns
    -------
    dict
        ``device``, ``versions``, ``shape`` and ``settings``: a list of dictionaries with
        ``environment`` and what `probe` returns.
    """
    from skinlib.models import device

    code = "import json; from skinlib.models import conv3d; print(json.dumps(conv3d.probe()))"
    plain = {key: value for key, value in os.environ.items()
             if key not in ("TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA")}  # fmt: skip
    rows = []
    for setting in SETTINGS:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**plain, **setting},
            check=True,
            capture_output=True,
            text=True,
        )
        found = json.loads(done.stdout.splitlines()[-1])
        rows.append({"environment": setting, **found})
    return {
        "device": device.device_name(),
        "versions": device.versions(),
        "shape": list(SHAPE),
        "settings": rows,
    }


def setting(row):
    """Return the environment of a row of `probe_settings` as one writes it."""
    return " ".join(f"{key}={value}" for key, value in row["environment"].items()) or "default"


def frame(records):
    """Return what `probe_settings` found, on several machines, as a table.

    Parameters
    ----------
    records : sequence of dict
        A number that is None was not reported, or is no number.

    Returns
    -------
    pandas.DataFrame
    """
    import pandas as pd

    rows = []
    for record in records:
        for row in record["settings"]:
            rows.append(
                {
                    "Processor": record["device"].removeprefix("cpu: "),
                    "TensorFlow": record["versions"]["tensorflow"],
                    "Setting": setting(row),
                    "Channels read": ", ".join(map(str, row["channels"])),
                    "Reading": row["reading"],
                    "Largest error": _number(row["largest_error"]),
                    "Largest true value": _number(row["largest_value"]),
                }
            )
    return pd.DataFrame(rows)


def _number(value):
    return "–" if value is None else f"{value:.2f}"


def text(found):
    """Return what `probe_settings` found as lines for a terminal."""
    lines = ["The authors' 3-D convolution on this machine:"]
    for row in found["settings"]:
        error = "not a number" if row["largest_error"] is None else f"{row['largest_error']:.4f}"
        channels = ", ".join(map(str, row["channels"]))
        lines.append(
            f"  {setting(row):<51} {row['reading']:<16} largest error {error}, channels {channels}"
        )
    return "\n".join(lines)
