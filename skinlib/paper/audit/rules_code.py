"""Rules about the networks: the attention layer as coded, taps, parameters, input scaling."""

import re

import numpy as np

from skinlib.paper.audit.facts import NotAvailable
from skinlib.paper.audit.verdicts import (
    HOLDS,
    LOGS,
    Result,
    agrees,
    by_match,
    label,
    listed,
    percent,
    rule,
    share,
)

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


def _sizes(shape, channels):
    return tuple(channels if size == "channels" else size for size in shape)


@rule
def attention_reads(facts, kernel, strides, backbones, heads=16):
    """Which channels can change the attention maps, and what share of the kernel meets data?

    `kernel` and `strides` go along height, width and channels of the tensor, as coded;
    ``channels`` stands for the number of channels.
    """
    rng = np.random.default_rng(0)
    shape = _sizes(kernel, CHANNELS)
    weights = rng.normal(size=(*shape, HEADS))
    tensor = rng.normal(size=(HEIGHT, WIDTH, CHANNELS))
    plain = convolve(tensor, weights, _sizes(strides, CHANNELS))
    read = []
    for channel in range(CHANNELS):
        other = tensor.copy()
        other[..., channel] += rng.normal(size=(HEIGHT, WIDTH))
        if not np.array_equal(convolve(other, weights, _sizes(strides, CHANNELS)), plain):
            read.append(channel)
    parts, complete = [], len(read) == CHANNELS
    for name in backbones:
        tap = facts.graph(name)["tap_shape"]
        size, step = _sizes(kernel, tap[2]), _sizes(strides, tap[2])
        axes = [taps_in_use(*axis) for axis in zip(tap, size, step, strict=True)]
        used = heads * int(np.prod([len(met) for met, _ in axes]))
        whole = heads * int(np.prod(size))
        complete &= len(axes[2][1]) == tap[2]
        parts.append(
            f"{name}: {len(axes[2][1])} of {tap[2]} channels and {used:,} of {whole:,} kernel "
            f"weights ({percent(used / whole)})"
        )
    if len(read) == CHANNELS:
        channels = "every channel affects"
    else:
        channels = f"only channels {listed(read)} affect"
    evidence = (
        f"With the kernel as coded, {channels} the attention maps (checked with random input of "
        f"{CHANNELS} channels). In the networks: {'; '.join(parts)}."
    )
    if not complete:
        evidence += " All other kernel weights only ever multiply padding zeros."
    return Result("attention maps from all d channels", evidence, HOLDS if complete else LOGS)


@rule
def room_for_scalar(facts, backbones, outside=3):
    """Leave the logged parameter totals room for one learnable scalar in the attention layer?

    Our graphs as coded have none; `outside` numbers of the age normaliser are not in them.
    """
    left = {}
    for name in backbones:
        logged = facts.run(f"{name} MD").parameters.get("total")
        if logged is not None:
            left[name] = logged - outside - facts.graph(name)["parameters"]
    if not left:
        msg = "no parameter total was logged"
        raise NotAvailable(msg)
    good = sum(value == 1 for value in left.values())
    none = sum(value == 0 for value in left.values())
    evidence = (
        f"Rebuilt without such a scalar, {share(none, len(left), 'networks')} have exactly the "
        f"logged number of parameters (less {outside} of the age normaliser); with one they "
        "would have one more."
    )
    return Result("a learnable scalar γ", evidence, by_match(good, len(left), "networks", LOGS))


@rule
def blocks_replaced(facts, taps, blocks, claimed):
    """How many whole blocks of the last stage follow the tap?

    `taps`: backbone to a pattern whose group is the number of the tapped block.
    """
    parts, good = [], 0
    for name, pattern in taps.items():
        graph = facts.graph(name)
        match = re.search(pattern, graph["tap_layer"])
        if match is None:
            msg = f"the tap of {name} is '{graph['tap_layer']}', which does not tell its block"
            raise NotAvailable(msg)
        dropped = blocks[name] - int(match[1])
        good += dropped == claimed
        parts.append(f"{name} is tapped at {graph['tap_layer']}, {dropped} whole blocks follow")
    same = all(facts.graph(n)["parameters"] == facts.graph(n)["logged_parameters"] for n in taps)
    evidence = "; ".join(parts) + "."
    if same:
        evidence += " With these taps the rebuilt networks have the logged number of parameters."
    return Result(f"the last {claimed} blocks replaced", evidence,
                  by_match(good, len(taps), "networks", LOGS))  # fmt: skip


@rule
def scaled_as(facts, backbones, scalings):
    """Did the metadata notebooks scale the pixels as the text says?"""
    rows = {name: facts.backbones[name] for name in backbones}
    good = [name for name, row in rows.items() if row.logged_scaling in scalings]
    used = {name: _SCALING[row.logged_scaling] for name, row in rows.items()}
    evidence = "; ".join(f"{name}: {text}" for name, text in used.items()) + "."
    claimed = listed(_SCALING[scaling] for scaling in scalings[:1])
    return Result(claimed, evidence, by_match(len(good), len(rows), "networks", LOGS))


_SCALING = {
    "signed": "−1 to 1",
    "identity": "0 to 255, which the network itself scales to −1 to 1",
    "torch": "normalised with the mean and deviation of ImageNet",
    "caffe": "channels reversed, ImageNet means subtracted",
}


@rule
def channel_order(facts, backbones, recipe, wanted="bgr"):
    """In which order do the channels arrive, after a step that reverses them?"""
    read = facts.recipes[recipe].channel_order
    reversing = [n for n in backbones if facts.backbones[n].logged_scaling == "caffe"]
    arrives = read[::-1] if len(reversing) == len(backbones) else read
    evidence = (
        f"The notebooks read the photographs as {read.upper()}; the step for {listed(backbones)} "
        f"reverses the channels, so {arrives.upper()} arrives."
    )
    return Result(f"{wanted.upper()} input", evidence, HOLDS if arrives == wanted else LOGS)


@rule
def stock_values(facts, table, column, quantity, digits, unit=1):
    """Are the printed sizes of the stock networks those of keras.applications?

    `quantity` of ``results/structures.json``; printed ones may be rounded or truncated.
    """
    rows = facts.table(table).rows
    missing = [row for row in rows if row not in facts.structures]
    if missing:
        msg = f"the structure of {missing[0]} is not described in results/structures.json"
        raise NotAvailable(msg)
    values = {row: facts.structures[row]["stock"][quantity] for row in rows}
    wrong = {}
    for row, value in values.items():
        printed = facts.cell(table, row, column)
        if not agrees(printed, value / unit, digits):
            wrong[row] = f"{row} printed {printed:g}, Keras {value / unit:g}"
    good = len(values) - len(wrong)
    agreeing = share(good, len(values), "networks")
    evidence = f"{agreeing} of Table {table} agree with Keras in {label(column)}"
    evidence += f"; {'; '.join(wrong.values())}." if wrong else "."
    return Result(f"{label(column)} of {len(values)} networks", evidence,
                  by_match(good, len(values), "networks", LOGS))  # fmt: skip


@rule
def trained_size(facts, table, column, rows, unit=1e6, digits=1):
    """Is the printed number of parameters that of the trained network or of the stock one?"""
    parts, good, trained = [], 0, {}
    for row, name in rows.items():
        printed = facts.cell(table, row, column)
        trained[row] = facts.run(name).parameters["total"]
        good += agrees(printed, trained[row] / unit, digits)
        parts.append(
            f"{row} printed {printed:g} million, trained {trained[row] / unit:.2f} million"
        )
    first, *others = trained
    ratios = listed(f"{trained[o] / trained[first]:.1f} times fewer than {o}" for o in others)
    evidence = f"{'; '.join(parts)}. As trained, {first} has {ratios}."
    claimed = ", ".join(f"{facts.cell(table, row, column):g} million" for row in rows)
    return Result(claimed, evidence, by_match(good, len(rows), "networks", LOGS))
