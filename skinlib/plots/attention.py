"""The Soft-Attention layer and its module, drawn and measured."""

import numpy as np

from skinlib.plots.diagrams import pooled, shape_text
from skinlib.plots.photographs import ATTENTION_MAP
from skinlib.plots.sketch import Sketch
from skinlib.plots.style import BLUE, INK, MUTED, SMALL, VERMILLION, WIDTH, subplots

MAPS = 16
_EXAMPLE = (7, 7, 128)
VARIANTS = {"as_described": "as described", "as_coded": "as coded"}
_SHADE = {"as_described": BLUE, "as_coded": VERMILLION}


def kernel_reach(height, channels, maps=MAPS):
    """Count the weights of the as-coded attention kernel that ever meet data.

    The kernel (C, 3, 3) lies on axes (H, W, C) with stride C on the last (protocol, "Soft-Attention
    layer exactly as coded"): of its C taps over the height only those reach a row that are less
    than H away from the middle one, and its one step over the channels sees the first three.

    Parameters
    ----------
    height, channels : int
        H and C of the tensor; C is 3 at least.
    maps : int
        K.

    Returns
    -------
    dict
        ``weights`` and ``meeting_data`` (counts, biases left out), ``share``,
        ``channels_seen``.
    """
    # "same" padding: this many taps above the row in question, the rest from it downwards.
    above = (channels - 1) // 2
    taps = min(channels, above + height) - max(0, above - (height - 1))
    weights, meeting = channels * 3 * 3 * maps, taps * 3 * 3 * maps
    return {
        "weights": weights,
        "meeting_data": meeting,
        "share": meeting / weights,
        "channels_seen": 3,
    }


def soft_attention_layer():
    """What the attention kernel spans, as described and as coded, and what follows.

    Figure 6 of the paper; the as-coded half from the notebooks (protocol, "Soft-Attention layer
    exactly as coded"). To scale, for the tensor that DenseNet201 gives: shaded is what one
    output position depends on.
    """
    height, width, channels = _EXAMPLE
    reach = kernel_reach(height, channels)
    weights, share = reach["weights"], f"{reach['share'] * 100:.1f} %"
    sketch = Sketch(WIDTH, 7.9)
    sketch.text(0.1, 0.16, "shaded: what the map at ● depends on", ha="left", color=MUTED)
    _kernel(
        sketch, 0.36, "as_described", f"As described: kernel 3 × 3 × {channels}",
        f"all {weights:,} weights meet data · all {channels} channels",
    )  # fmt: skip
    _kernel(
        sketch, 3.08, "as_coded", f"As coded: kernel ({channels}, 3, 3) on axes (H, W, C)",
        f"{reach['meeting_data']:,} of {weights:,} weights meet data ({share}) · "
        f"{reach['channels_seen']} of {channels} channels",
    )  # fmt: skip
    top, size = 6.4, (1.5, 0.5)
    steps = (
        (f"{MAPS} maps, ReLU\n{shape_text((height, width, MAPS))}", "plain"),
        (f"softmax over the\n{height * width} positions", "attention"),
        (f"α: sum of the maps\n{shape_text((height, width, 1))}", "attention"),
        (f"α · t\n{shape_text(_EXAMPLE)}", "plain"),
    )
    boxes = [
        sketch.box(0.1 + 1.75 * (place % 3), top + 0.85 * (place // 3), *size, text, kind=kind)
        for place, (text, kind) in enumerate(steps)
    ]
    scale = sketch.box(1.85, top + 0.85, *size, "× γ, learned:\nas described only", dashed=True)
    for left, right in ((boxes[0], boxes[1]), (boxes[1], boxes[2]), (boxes[3], scale)):
        sketch.arrow(left.right, right.left)
    bend = top + 0.67
    sketch.arrow(boxes[2].bottom, (boxes[2].bottom[0], bend), (boxes[3].top[0], bend), boxes[3].top)
    return sketch.figure


def _kernel(sketch, y, variant, title, verdict):
    """Draw the tensor from the front (H × W) and from the side (H × C), the kernel shaded."""
    height, width, channels = _EXAMPLE
    colour = _SHADE[variant]
    described = variant == "as_described"
    sketch.text(0.1, y + 0.12, title, size=11, ha="left", fontweight="bold")
    cell, left, top = 0.165, 0.55, y + (0.62 if described else 0.84)
    side = left + width * cell + 0.75
    depth = (WIDTH - 0.2 - side) / channels
    row, column = height // 2, width // 2
    rows = (row - 1, row + 2) if described else (0, height)
    seen = channels if described else 3
    span = (rows[1] - rows[0]) * cell
    shade = {"facecolor": colour, "edgecolor": "none", "alpha": 0.55}
    sketch.rectangle(left + (column - 1) * cell, top + rows[0] * cell, 3 * cell, span, **shade)
    sketch.rectangle(side, top + rows[0] * cell, seen * depth, span, **shade)
    if not described:
        # Most of the kernel hangs over the edges, where there is only padding.
        for edge, away in ((top, -0.2), (top + height * cell, 0.2)):
            for across in (column - 1, column + 2):
                sketch.axes.plot([left + across * cell] * 2, [edge, edge + away], color=colour,
                                 linestyle=":", linewidth=1.4)  # fmt: skip
    for line in range(height + 1):
        sketch.axes.plot([left, left + width * cell], [top + line * cell] * 2, color="#8a8a8a",
                         linewidth=0.7)  # fmt: skip
        sketch.axes.plot([left + line * cell] * 2, [top, top + height * cell], color="#8a8a8a",
                         linewidth=0.7)  # fmt: skip
        sketch.axes.plot([side, WIDTH - 0.2], [top + line * cell] * 2, color="#8a8a8a",
                         linewidth=0.7)  # fmt: skip
    for across in (side, WIDTH - 0.2):
        sketch.axes.plot([across] * 2, [top, top + height * cell], color="#8a8a8a", linewidth=0.7)
    sketch.axes.plot(left + (column + 0.5) * cell, top + (row + 0.5) * cell, "o", color=INK,
                     markersize=4.5)  # fmt: skip
    bottom = top + height * cell
    sketch.text(left + width * cell / 2, y + 0.47, "from the front", color=MUTED)
    sketch.text((side + WIDTH - 0.2) / 2, y + 0.47, "from the side", color=MUTED)
    for x, text in ((left - 0.2, f"H = {height}"), (side - 0.2, f"H = {height}")):
        sketch.text(x, (top + bottom) / 2, text, rotation=90)
    below = bottom + (0.14 if described else 0.32)
    sketch.text(left + width * cell / 2, below, f"W = {width}")
    sketch.text((side + WIDTH - 0.2) / 2, below, f"C = {channels} channels")
    if not described:
        x, middle = side + seen * depth, (top + bottom) / 2
        sketch.arrow((x + 0.4, middle), (x + 0.03, middle))
        sketch.text(x + 0.46, middle, "channels 0, 1, 2", ha="left", backgroundcolor="white")
    sketch.text(0.1, below + 0.31, verdict, ha="left", fontweight="bold")
    if not described:
        words = f"dotted: the kernel is {channels} rows high, most of them padding"
        sketch.text(0.1, below + 0.54, words, ha="left", color=MUTED)


def soft_attention_module():
    """The module around the layer, in the order printed and in the order coded.

    Figure 7 of the paper, which puts a ReLU first, and the notebooks (protocol, "Soft-Attention
    block and head"), which do not.
    """
    after = pooled(_EXAMPLE)
    half = (*after[:2], after[2] // 2)
    sketch = Sketch(WIDTH, 5.25)
    for x, title, first in ((0.1, "As printed", True), (2.72, "As coded", False)):
        middle, narrow, height = x + 1.19, 1.13, 0.42
        sketch.text(middle, 0.26, title, size=11, fontweight="bold", va="baseline")
        source = sketch.box(x, 0.45, 2.38, height, f"t  {shape_text(_EXAMPLE)}", kind="image")
        start = source
        if first:
            start = sketch.box(x, 1.1, 2.38, height, "ReLU")
            sketch.chain(source, start)
        layer = sketch.box(x + 1.25, 1.95, narrow, height, "Soft-\nAttention", kind="attention",
                           size=SMALL)  # fmt: skip
        words = f"MaxPool 2 × 2\n{shape_text(half)}"
        pools = [sketch.box(across, 2.6, narrow, 0.5, words, size=SMALL)
                 for across in (x, x + 1.25)]  # fmt: skip
        fork = 1.73
        sketch.arrow(start.bottom, (middle, fork), head=False)
        sketch.arrow((middle, fork), (pools[0].top[0], fork), pools[0].top)
        sketch.arrow((middle, fork), (layer.top[0], fork), layer.top)
        sketch.chain(layer, pools[1])
        joined = sketch.box(x, 3.4, 2.38, height, f"concatenate  {shape_text(after)}")
        for pool in pools:
            sketch.arrow(pool.bottom, (pool.bottom[0], joined.y))
        relu = sketch.box(x, 4.05, 2.38, height, "ReLU")
        dropout = sketch.box(x, 4.7, 2.38, height, "Dropout 0.5")
        sketch.chain(joined, relu, dropout)
    return sketch.figure


def channel_dependence(changes):
    """How much the attention maps move when one channel of the input is perturbed.

    The measured counterpart of `soft_attention_layer`: a channel that the maps do not depend on
    gives exactly zero, drawn as a tick on the zero line.

    Parameters
    ----------
    changes : dict of str to array-like
        ``as_described`` and ``as_coded``: one number a channel, largest change of a map.
    """
    measured = {name: np.asarray(changes[name], float) for name in VARIANTS}
    positive = np.concatenate([values[values > 0] for values in measured.values()])
    smallest, largest = (positive.min(), positive.max()) if len(positive) else (0.1, 1.0)
    decades = 10.0 ** np.arange(np.ceil(np.log10(smallest)), np.floor(np.log10(largest)) + 1)
    with subplots(WIDTH, 5.0, nrows=2, sharex=True, sharey=True) as (figure, panels):
        for axes, (name, values) in zip(panels, measured.items(), strict=True):
            channels = np.arange(len(values))
            moves = values > 0
            axes.set_yscale("symlog", linthresh=smallest / 2, linscale=0.4)
            axes.vlines(channels[moves], 0, values[moves], color=_SHADE[name], linewidth=1.4)
            axes.plot(channels[moves], values[moves], "o", color=_SHADE[name], markersize=3)
            axes.plot(channels[~moves], values[~moves], "|", color=MUTED, markersize=7)
            axes.axhline(0, color=INK, linewidth=0.8)
            if not moves.all():
                words = f"{(~moves).sum()} channels: exactly 0"
                axes.text(channels[~moves].mean(), smallest, words, ha="center",
                          backgroundcolor="white")  # fmt: skip
            axes.set_title(f"{VARIANTS[name]}: {moves.sum()} of {len(values)} channels count",
                           fontsize=10.5, loc="left", fontweight="bold")  # fmt: skip
            axes.set(ylabel="change of the maps", ylim=(-smallest / 4, 2.5 * largest))
            axes.set_yticks([0, *decades])
            axes.grid(visible=False, axis="x")
        panels[-1].set_xlabel("perturbed channel")
    return figure


def attention_examples(maps):
    """Attention maps of both variants beside each other, for the same input.

    Each map is divided by its mean, so that 1 is what attention spread evenly would be; one
    colour scale for all.

    Parameters
    ----------
    maps : list of dict
        ``as_described`` and ``as_coded`` (h × w, the sum of the maps), ``title`` (optional) and
        ``image`` (uint8, H × W × 3, optional).
    """
    pictures = any(entry.get("image") is not None for entry in maps)
    columns = (["image"] if pictures else []) + list(VARIANTS)
    relative = [{name: entry[name] / np.mean(entry[name]) for name in VARIANTS} for entry in maps]
    highest = max(float(values.max()) for pair in relative for values in pair.values())
    across = WIDTH / len(columns)
    grid = {"nrows": len(maps), "ncols": len(columns), "squeeze": False}
    with subplots(WIDTH, len(maps) * (across - 0.05) + 0.8, **grid) as (figure, panels):
        for row, (entry, pair) in enumerate(zip(maps, relative, strict=True)):
            for axes, column in zip(panels[row], columns, strict=True):
                axes.set(xticks=[], yticks=[])
                axes.grid(visible=False)
                axes.spines[:].set_visible(False)
                if row == 0:
                    axes.set_title(VARIANTS.get(column, "input"), fontsize=10.5)
                if column in pair:
                    shown = axes.imshow(pair[column], cmap=ATTENTION_MAP, vmin=0, vmax=highest)
                elif entry.get("image") is not None:
                    axes.imshow(entry["image"])
                else:
                    axes.axis("off")
            panels[row][0].set_ylabel(entry.get("title", ""), fontsize=SMALL)
        figure.colorbar(shown, ax=panels, location="bottom", aspect=40, pad=0.02,
                        label="attention, in multiples of its mean")  # fmt: skip
    return figure
