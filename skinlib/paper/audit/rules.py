"""Rules beside `agree`: an effect by itself, the reach of the attention, and our own runs."""

import math

from skinlib.paper.audit.expressions import SETTINGS, cell, fact
from skinlib.paper.audit.facts import NotAvailable
from skinlib.paper.audit.verdicts import (
    HOLDS,
    LOGS,
    NOT_HERE,
    OPEN,
    Result,
    listed,
    rule,
)
from skinlib.paper.measured import scores
from skinlib.paper.rounding import written


@rule
def isolated_effect(facts, compared, like_for_like, effect, standard_errors=2):
    """Does a comparison differ in one thing only, and what do the pairs say that do?

    A gain of a pair counts when it is more than so many standard errors of a difference of
    two shares. One pair is one training each, without a fixed seed.
    """
    pairs = listed(f"{second} with {first}" for first, second in compared)
    differing = set().union(*(_differences(facts, *pair) for pair in compared))
    gains, parts = [], []
    for names in like_for_like:
        if _differences(facts, *names):
            msg = f"{listed(names)} differ in {listed(sorted(_differences(facts, *names)))}"
            raise NotAvailable(msg)
        a, b = map(facts.run, names)
        error = math.sqrt(sum(r.accuracy * (1 - r.accuracy) / r.test_images for r in (a, b)))
        gains.append((b.accuracy - a.accuracy) / error)
        parts.append(
            f"{b.name} {b.accuracy:.4f}, {a.name} {a.accuracy:.4f} "
            f"(macro F1 {b.macro['f1']:.2f}, {a.macro['f1']:.2f})"
        )
    evidence = (
        f"Compared are {pairs}. Beside {effect} they differ in {listed(sorted(differing))}. "
        f"Pairs of the logs that differ in {effect} alone – {'; '.join(parts)}."
    )
    verdict = OPEN if any(gain > 0 for gain in gains) else LOGS
    verdict = HOLDS if all(gain > standard_errors for gain in gains) else verdict
    return Result(f"{effect} raises the accuracy", evidence, verdict)


def _differences(facts, first, second):
    """Return the names of the settings that both trainings logged and that differ."""
    runs = facts.run(first), facts.run(second)
    pairs = {name: tuple(map(read, runs)) for name, read in SETTINGS.items()}
    return {name for name, pair in pairs.items() if None not in pair and pair[0] != pair[1]}


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


@rule
def our_run(facts, backbone, recipe, table, row, column, metric="accuracy", tolerance=0.02):
    """What did our run of this network reach, and was it set up as theirs?

    ``open`` while there is no run; ``not reproducible here`` while the run had smaller
    pictures or a changed recipe, so that it decides nothing.
    """
    printed = cell(facts, table, row, column)
    claimed = f"{row}, {metric} {written(printed)}"
    runs = facts.ours.real.get((backbone, recipe), [])
    if not runs:
        return Result(claimed, f"No finished run of ours with {backbone}, {recipe}.", OPEN)
    size = fact(facts, "described", backbone, "input_size")
    full = [r for r in runs if r.record["input_size"] == size and not r.record["changes"]]
    run = (full or sorted(runs, key=lambda run: run.record["input_size"]))[-1]
    found = scores(run)
    evidence = (
        f"{run.name}: {found[metric]:.4f} on {found['images']:,} test images, "
        f"{run.record['epochs']} epochs at {run.record['input_size']} pixels."
    )
    if not full:
        evidence += f" The authors trained longer, at {size} pixels, so this run does not decide."
        return Result(claimed, evidence, NOT_HERE)
    near = abs(found[metric] - printed) <= tolerance
    evidence += f" Within {tolerance:g} of the printed number: {'yes' if near else 'no'}."
    return Result(claimed, evidence, HOLDS if near else NOT_HERE)
