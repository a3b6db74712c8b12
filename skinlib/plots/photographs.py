"""Figures that show photographs of the data in use.

Pictures of HAM10000 shown this way must not be committed (CC BY-NC 4.0).
"""

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.data.images import decode
from skinlib.data.pixels import resize
from skinlib.plots.style import MUTED, SMALL, WIDTH, bare, subplots

# Perceptually uniform, and as clear in grey.
ATTENTION_MAP = "viridis"
# Figure 14 of the paper, row by row: true class, predicted class.
_CELLS = {
    "wrong": (("nv", "mel"), ("nv", "mel"), ("mel", "nv"), ("mel", "nv")),
    "right": (("mel", "mel"), ("mel", "mel"), ("nv", "nv"), ("nv", "nv")),
}
_SHORT = {"nv": "nevus", "mel": "melanoma"}


def class_examples(dataset, size):
    """Draw one picture of each class, so many pixels a side: figure 1 of the paper."""
    first = dataset.table.drop_duplicates("dx").set_index("dx")["path"]
    with subplots(7, 1.3, ncols=len(CLASSES)) as (figure, grid):
        for axes, name in zip(grid, CLASSES, strict=True):
            bare(axes)
            axes.set_title(name, fontsize=10)
            if name in first:
                axes.imshow(resize(decode(first[name]), size))
    return figure


def melanoma_nevus(examples):
    """Draw melanomas and nevi that a model took for each other, and ones it told apart.

    Figure 14 of the paper. Under each picture the same with its attention map laid over it,
    cell by cell as the layer computes it. An example has ``image`` (uint8, H × W × 3),
    ``attention`` (h × w, or None), ``label`` and ``predicted`` (class names), ``probability`` (of
    the predicted class) and ``image_id``, taken in order; a cell for which there is none says so.
    """
    waiting = {}
    for example in examples:
        waiting.setdefault((example["label"], example["predicted"]), []).append(example)
    with subplots(WIDTH, 6.7, nrows=4, ncols=4) as (figure, grid):
        figure.get_layout_engine().set(w_pad=0.02, h_pad=0.05, wspace=0.02, hspace=0.01)
        for half, (verdict, cells) in enumerate(_CELLS.items()):
            for column, wanted in enumerate(cells):
                above, below = grid[2 * half : 2 * half + 2, column]
                label, predicted = (_SHORT[name] for name in wanted)
                above.set_title(f"{label},\ncalled {predicted}", fontsize=SMALL, linespacing=1.3)
                _cell(above, below, waiting[wanted].pop(0) if waiting.get(wanted) else None)
            grid[2 * half, 0].set_ylabel(verdict, fontsize=11, fontweight="bold")
    return figure


def _cell(above, below, example):
    """Draw a picture and, below it, the picture under its map."""
    for axes, side in ((above, "S"), (below, "N")):
        bare(axes)
        axes.set_anchor(side)
    if example is None:
        for axes in (above, below):
            axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", facecolor="#f2f2f2")
        _say(above, "none")
        return
    height, width = example["image"].shape[:2]
    above.imshow(example["image"])
    below.imshow(example["image"])
    place = {"extent": (-0.5, width - 0.5, height - 0.5, -0.5)}
    if example["attention"] is None:
        below.imshow(np.full((1, 1, 3), 242, np.uint8), **place)
        _say(below, "no map")
    else:
        # Nearest: smoothing would show a resolution that the map does not have.
        below.imshow(example["attention"], cmap=ATTENTION_MAP, alpha=0.55, interpolation="nearest",
                     **place)  # fmt: skip
    number = example["image_id"].removeprefix("ISIC_")
    below.set_xlabel(f"p = {example['probability']:.2f}\n{number}", fontsize=SMALL)


def _say(axes, words):
    axes.text(0.5, 0.5, words, ha="center", va="center", color=MUTED, fontsize=SMALL,
              transform=axes.transAxes)  # fmt: skip
