"""Figures that show photographs of the data in use.

Pictures of HAM10000 shown this way must not be committed (CC BY-NC 4.0).
"""

import matplotlib as mpl
import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.plots.style import INK, MUTED, SMALL, STYLE, WIDTH, BookFigure

# Perceptually uniform, and as clear in grey.
ATTENTION_MAP = "viridis"


def class_examples(dataset, per_class=4, size=96):
    """A contact sheet of a data set: some pictures of each class.

    Figure 1 of the paper shows one a class. Pictures of HAM10000 shown this way must not be
    committed (CC BY-NC 4.0).

    Parameters
    ----------
    dataset : object
        With a ``table`` of the columns ``dx``, ``lesion_id`` and ``path``.
    per_class : int
    size : int
        Pixels a side.
    """
    from skinlib.data.images import decode
    from skinlib.data.pixels import resize

    with mpl.rc_context(STYLE):
        figure = BookFigure(figsize=(7, 7 / len(CLASSES) * per_class + 0.3), layout="constrained")
        grid = figure.subplots(per_class, len(CLASSES), squeeze=False)
        for column, name in enumerate(CLASSES):
            rows = dataset.table[dataset.table["dx"] == name].drop_duplicates("lesion_id")
            for row in range(per_class):
                axes = grid[row][column]
                axes.axis("off")
                if row == 0:
                    axes.set_title(name, fontsize=10)
                if row < len(rows):
                    axes.imshow(resize(decode(rows["path"].iloc[row]), size))
    return figure


# Figure 14, row by row: true class, predicted class.
_CELLS = (
    (("nv", "mel"), ("nv", "mel"), ("mel", "nv"), ("mel", "nv")),
    (("mel", "mel"), ("mel", "mel"), ("nv", "nv"), ("nv", "nv")),
)
_SHORT = {"nv": "nevus", "mel": "melanoma"}


def melanoma_nevus(examples):
    """Melanomas and nevi that a model took for each other, and ones it told apart.

    Figure 14 of the paper: above two nevi called melanoma and two melanomas called nevus, below
    two of each that were right. Under each picture the same with its attention map laid over
    it, cell by cell as the layer computes it.

    Parameters
    ----------
    examples : list of dict
        ``image`` (uint8, H × W × 3), ``attention`` (h × w, or None), ``label`` and
        ``predicted`` (class names), ``probability`` (of the predicted class), ``image_id``.
        Taken in order; a cell for which there is none says so.
    """
    waiting = list(examples)
    with mpl.rc_context(STYLE):
        figure = BookFigure(figsize=(WIDTH, 7.5), layout="constrained")
        figure.get_layout_engine().set(w_pad=0.02, h_pad=0.03, wspace=0.02, hspace=0.01)
        halves = figure.subfigures(2, 1, hspace=0.02)
        for half, title, wanted in zip(halves, ("wrong", "right"), _CELLS, strict=True):
            half.suptitle(title, fontsize=11, fontweight="bold")
            grid = half.subplots(2, 4)
            for column, (label, predicted) in enumerate(wanted):
                fits = (e for e in waiting if (e["label"], e["predicted"]) == (label, predicted))
                example = next(fits, None)
                if example is not None:
                    waiting = [other for other in waiting if other is not example]
                _cell(grid[0][column], grid[1][column], example, label, predicted)
    return figure


def _cell(above, below, example, label, predicted):
    verdict = f"{_SHORT[label]},\ncalled {_SHORT[predicted]}"
    for axes in (above, below):
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
    below.set_anchor("N")
    if example is None:
        above.set_title(verdict, fontsize=SMALL, color=MUTED, linespacing=1.3)
        for axes in (above, below):
            axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", facecolor="#f2f2f2")
        above.text(0.5, 0.5, "none", ha="center", va="center", color=MUTED, fontsize=SMALL)
        return
    above.set_title(verdict, fontsize=SMALL, color=INK, linespacing=1.3)
    height, width = example["image"].shape[:2]
    above.imshow(example["image"])
    below.imshow(example["image"])
    if example["attention"] is None:
        below.imshow(
            np.full((1, 1, 3), 242, np.uint8), extent=(-0.5, width - 0.5, height - 0.5, -0.5)
        )
        below.text(width / 2, height / 2, "no map", ha="center", va="center", color=MUTED,
                   fontsize=SMALL)  # fmt: skip
    else:
        # Nearest: smoothing would show a resolution that the map does not have.
        below.imshow(example["attention"], cmap=ATTENTION_MAP, alpha=0.55, interpolation="nearest",
                     extent=(-0.5, width - 0.5, height - 0.5, -0.5))  # fmt: skip
    number = example["image_id"].removeprefix("ISIC_")
    below.set_xlabel(f"p = {example['probability']:.2f}\n{number}", fontsize=SMALL, color=INK)
