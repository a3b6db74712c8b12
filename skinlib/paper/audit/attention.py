"""Which channels of its input the attention layer reads, as coded."""

import numpy as np

from skinlib.paper.audit.expressions import fact
from skinlib.paper.audit.verdicts import HOLDS, LOGS, Result, listed, rule

# Small enough to be instant; the result does not depend on the size.
HEIGHT = WIDTH = 5
CHANNELS, HEADS = 12, 2


def same_padding(length, taps, stride):
    """Return the zeros put before and after an axis by "same" padding, and the outputs."""
    outputs = -(-length // stride)
    missing = max((outputs - 1) * stride + taps - length, 0)
    return missing // 2, missing - missing // 2, outputs


def convolve(tensor, kernel, strides):
    """Convolve in three dimensions, "same" padding; shape (…, K) from a kernel (a, b, c, K)."""
    sizes = zip(tensor.shape, kernel.shape[:3], strides, strict=True)
    padding = [same_padding(*size)[:2] for size in sizes]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(tensor, padding), kernel.shape[:3])
    windows = windows[:: strides[0], :: strides[1], :: strides[2]]
    return np.einsum("hwdabc,abck->hwdk", windows, kernel)


def taps_in_use(length, taps, stride):
    """Return which taps along an axis ever meet data, and which data they meet."""
    before, _, outputs = same_padding(length, taps, stride)
    pairs = [(t, i * stride - before + t) for i in range(outputs) for t in range(taps)]
    met = [(t, x) for t, x in pairs if 0 <= x < length]
    return {t for t, _ in met}, {x for _, x in met}


def channels_read(kernel, strides):
    """Return the channels that change the maps of random input, one channel at a time."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(*kernel, HEADS))
    tensor = rng.normal(size=(HEIGHT, WIDTH, CHANNELS))
    plain, read = convolve(tensor, weights, strides), []
    for channel in range(CHANNELS):
        other = tensor.copy()
        other[..., channel] += rng.normal(size=(HEIGHT, WIDTH))
        if not np.array_equal(convolve(other, weights, strides), plain):
            read.append(channel)
    return read


@rule
def attention_reads(facts, kernel, strides, backbones, claimed, heads=16):
    """Which channels can change the attention maps, and what share of the kernel meets data?

    `kernel` and `strides` go along height, width and channels of the tensor, as coded;
    ``channels`` stands for the number of channels.
    """

    def sizes(shape, channels):
        return tuple(channels if size == "channels" else size for size in shape)

    read = channels_read(sizes(kernel, CHANNELS), sizes(strides, CHANNELS))
    parts, complete = [], len(read) == CHANNELS
    for name in backbones:
        tap = fact(facts, "described", name, "tap_shape")
        size, step = sizes(kernel, tap[2]), sizes(strides, tap[2])
        axes = [taps_in_use(*axis) for axis in zip(tap, size, step, strict=True)]
        used = heads * int(np.prod([len(met) for met, _ in axes]))
        whole = heads * int(np.prod(size))
        complete &= len(axes[2][1]) == tap[2]
        parts.append(
            f"{name}: {len(axes[2][1])} of {tap[2]} channels and {used:,} of {whole:,} kernel "
            f"weights ({100 * used / whole:.1f}\u00a0%)"
        )
    channels = "every channel affects"
    if len(read) < CHANNELS:
        channels = f"only channels {listed(read)} affect"
    evidence = (
        f"With the kernel as coded, {channels} the attention maps (checked with random input of "
        f"{CHANNELS} channels). In the networks: {'; '.join(parts)}."
    )
    if not complete:
        evidence += " All other kernel weights only ever multiply padding zeros."
    return Result(claimed, evidence, HOLDS if complete else LOGS)
