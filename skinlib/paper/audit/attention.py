"""Which channels of its input the attention layer reads, as coded."""

import math

from skinlib.paper.audit.expressions import fact
from skinlib.paper.audit.verdicts import HOLDS, LOGS, Result, listed, rule


def taps_in_use(length, taps, stride):
    """Return which taps of a convolution along an axis ever meet data, and which data they meet.

    The padding is "same": the zeros before and after the axis differ by one at most.
    """
    outputs = -(-length // stride)
    before = max((outputs - 1) * stride + taps - length, 0) // 2
    pairs = [(t, i * stride - before + t) for i in range(outputs) for t in range(taps)]
    met = [(t, x) for t, x in pairs if 0 <= x < length]
    return {t for t, _ in met}, {x for _, x in met}


@rule
def attention_reads(facts, kernel, strides, backbones, claimed, heads=16):
    """Which channels can change the attention maps, and what share of the kernel meets data?

    `kernel` and `strides` go along height, width and channels of the tensor, as coded;
    ``channels`` stands for the number of channels.
    """
    parts, complete = [], True
    for name in backbones:
        tap = fact(facts, "described", name, "tap_shape")
        size, step = (
            [tap[2] if each == "channels" else each for each in along]
            for along in (kernel, strides)
        )
        axes = [taps_in_use(*axis) for axis in zip(tap, size, step, strict=True)]
        used, whole = heads * math.prod(len(met) for met, _ in axes), heads * math.prod(size)
        read = sorted(axes[2][1])
        complete &= len(read) == tap[2]
        parts.append(
            f"{name}: {len(read)} of {tap[2]} channels and {used:,} of {whole:,} kernel "
            f"weights ({100 * used / whole:.1f}\u00a0%)"
        )
    channels = "every channel affects" if complete else f"only channels {listed(read)} affect"
    evidence = f"With the kernel as coded, {channels} the attention maps. In the networks: "
    evidence += f"{'; '.join(parts)}."
    if not complete:
        evidence += " All other kernel weights only ever multiply padding zeros."
    return Result(claimed, evidence, HOLDS if complete else LOGS)
