"""Backbones as stacks of blocks, drawn from data: what is kept, where it is tapped."""

from skinlib.plots.diagrams import shape_text
from skinlib.plots.sketch import KINDS, Sketch
from skinlib.plots.style import INK, MUTED, SMALL, WIDTH, text_width

_ROW, _TALL, _GAP = 0.29, 0.45, 0.05
_PANEL, _MARGIN = 2.42, 0.1


def structures(entries, names):
    """Backbones cut at their tap, one stack each, two stacks abreast.

    Figures 3 and 4 of the paper, drawn from the real graphs (protocol, "Tap point per
    backbone"), which the paper's figures and Tables A1 and A2 do not agree with. A stage is
    filled as far as it is kept; a dropped one is an outline.

    Parameters
    ----------
    entries : list of dict
        ``backbone``, ``input_size`` (pixels), ``stages``, ``tap_layer``, ``tap_shape``; each
        stage with ``name``, ``blocks`` and ``kept_blocks`` (counts), ``shape`` (of its
        output) and, optionally, ``tapped``: whether the tap is inside the block after the
        kept ones.
    names : sequence of str
        The backbones to draw, in order.
    """
    by_name = {entry["backbone"]: entry for entry in entries}
    chosen = [by_name[name] for name in names]
    pairs = [chosen[place : place + 2] for place in range(0, len(chosen), 2)]
    heights = [max(map(_height, pair)) for pair in pairs]
    legend = 0.55
    sketch = Sketch(WIDTH, legend + sum(heights))
    _legend(sketch)
    y = legend
    for pair, height in zip(pairs, heights, strict=True):
        for column, entry in enumerate(pair):
            _stack(sketch, _MARGIN + column * (_PANEL + 0.16), y, entry)
        y += height
    return sketch.figure


def stage_label(stage):
    """Return what a stage is called: ``dense layer: 29 of 32``, ``dense layer × 6``."""
    name, blocks, kept = stage["name"], stage["blocks"], stage["kept_blocks"]
    if blocks > 1 and (0 < kept < blocks or stage.get("tapped")):
        return f"{name}: {kept} of {blocks}"
    return f"{name} × {blocks}" if blocks > 1 else name


def _share(stage):
    """Return the share of a stage that is kept; of a block with the tap inside, half."""
    return (stage["kept_blocks"] + 0.5 * bool(stage.get("tapped"))) / stage["blocks"]


def _two_lines(stage):
    words = text_width(stage_label(stage), SMALL) + text_width(_shape(stage["shape"]), SMALL)
    return stage.get("tapped") or words > _PANEL - 0.48


def _shape(shape):
    return "×".join(f"{side}" for side in shape)


def _row_height(stage):
    return _TALL if _two_lines(stage) else _ROW


def _height(entry):
    return sum(_row_height(stage) + _GAP for stage in entry["stages"]) + 2.4


def _legend(sketch):
    fill, edge = KINDS["image"]
    sketch.rectangle(0.1, 0.15, 0.32, 0.2, facecolor=fill, edgecolor=edge)
    sketch.text(0.5, 0.25, "kept", ha="left")
    sketch.rectangle(1.1, 0.15, 0.16, 0.2, facecolor=fill, edgecolor="none")
    sketch.rectangle(1.1, 0.15, 0.32, 0.2, facecolor="none", edgecolor=edge)
    sketch.text(1.5, 0.25, "kept in part", ha="left")
    sketch.rectangle(2.6, 0.15, 0.32, 0.2, facecolor="none", edgecolor=MUTED, linestyle="--")
    sketch.text(3.0, 0.25, "dropped", ha="left")


def _stack(sketch, x, y, entry):
    """Draw one backbone from its input to the softmax."""
    width = _PANEL - 0.2
    middle = x + width / 2
    sketch.text(x, y + 0.14, entry["backbone"], size=10.5, ha="left", fontweight="bold")
    size = entry["input_size"]
    sketch.text(x, y + 0.35, f"input {_shape((size, size, 3))}", ha="left", color=MUTED)
    y += 0.5
    last = None
    for stage in entry["stages"]:
        box = _stage(sketch, x, y, width, stage)
        last = box if _share(stage) else last
        y += box.height + _GAP
    # Beside the dropped stages, not through them.
    words = f"{entry['tap_layer']}\n{shape_text(entry['tap_shape'])}"
    tap = sketch.box(x, y + 0.22, width, 0.44, words, size=SMALL)
    around = x + width + 0.12
    sketch.arrow(last.right, (around, last.right[1]), (around, y + 0.08),
                 (middle, y + 0.08), tap.top)  # fmt: skip
    sketch.text(x + 0.02, y + 0.1, "tap", ha="left", fontweight="bold")
    attention = sketch.box(x, tap.y + 0.64, width, 0.3, "Soft-Attention module", kind="attention")
    softmax = sketch.box(x, attention.y + 0.48, width, 0.3, "Dense 7, softmax", kind="output")
    sketch.chain(tap, attention, softmax)


def _stage(sketch, x, y, width, stage):
    """Draw one stage, filled as far as it is kept; return its box."""
    fill, edge = KINDS["image"]
    height = _row_height(stage)
    kept = _share(stage)
    if kept:
        sketch.rectangle(x, y, width * kept, height, facecolor=fill, edgecolor="none")
    outline = {"edgecolor": edge} if kept else {"edgecolor": MUTED, "linestyle": (0, (4, 2.5))}
    box = sketch.rectangle(x, y, width, height, facecolor="none", linewidth=1, **outline)
    colour = INK if kept else MUTED
    lines = (0.3, 0.72) if _two_lines(stage) else (0.5, 0.5)
    upper, lower = (y + height * line for line in lines)
    sketch.text(x + 0.07, upper, stage_label(stage), ha="left", color=colour)
    sketch.text(x + width - 0.07, lower, _shape(stage["shape"]), ha="right", color=colour)
    if stage.get("tapped"):
        sketch.text(x + 0.07, lower, f"tap inside no. {stage['kept_blocks'] + 1}", ha="left")
    return box
