"""Drawn schemes of the whole model and of its input; definitions of the two evaluation figures."""

import numpy as np
from scipy.stats import norm

from skinlib.common.classes import CLASSES
from skinlib.data.ham10000 import SEXES, SITES
from skinlib.models.backbones import get_backbone
from skinlib.plots.sketch import KINDS, Sketch
from skinlib.plots.style import BLUE, INK, MUTED, SMALL, VERMILLION, WIDTH, subplots

# Mean and standard deviation of the 9,958 known ages of HAM10000, in years (protocol §1.1).
AGE_MEAN, AGE_STD = 51.86, 16.97
# First row of the paper's Table 3.
EXAMPLE = {"age": 15, "sex": "male", "localization": "back"}
METADATA_UNITS = 4096
NOT_SEEN = "not seen in training"


def shape_text(shape):
    """Return ``7 × 7 × 128`` for a shape."""
    return " × ".join(f"{side:,}" for side in shape)


def pooled(shape):
    """Return the shape after the attention module: half the sides, rounded up, twice as deep."""
    height, width, channels = shape
    return (height + 1) // 2, (width + 1) // 2, 2 * channels


def overall(backbone="DenseNet201"):
    """The whole model: photograph and metadata in, seven probabilities out.

    Figure 2 of the paper, with the layers and sizes of the notebooks (protocol, "Soft-Attention
    block and head"): the metadata branch is what the AD variant lacks.

    Parameters
    ----------
    backbone : str
        The one whose sizes are written into the boxes.
    """
    row = get_backbone(backbone)
    after = pooled(row.tap_shape)
    flat = int(np.prod(after))
    sketch = Sketch(WIDTH, 5.55)
    x, width, height, step = 0.2, 2.45, 0.52, 0.8
    frame = sketch.box(2.9, 0.1, 2.2, 2.62, dashed=True, kind="metadata")
    sketch.text(frame.centre[0], 0.3, "MD only; AD has no metadata", color="#00604a")
    photograph, stock, attention, flatten = (
        sketch.box(x, 0.5 + step * place, width, height, text, kind=kind)
        for place, (text, kind) in enumerate(
            (
                (f"photograph\n{shape_text((row.input_size, row.input_size, 3))}", "plain"),
                (f"{backbone}, up to its tap\n{shape_text(row.tap_shape)}", "image"),
                (f"Soft-Attention module\n{shape_text(after)}", "attention"),
                (f"flatten\n{flat:,}", "plain"),
            )
        )
    )
    data = sketch.box(3.05, 0.5, 1.9, height, "age, sex, localization\n21", kind="plain")
    dense = sketch.box(3.05, 0.5 + step * 2, 1.9, height, f"Dense, ReLU\n{METADATA_UNITS:,}",
                       kind="metadata")  # fmt: skip
    joined = sketch.box(x, 0.5 + step * 4, 4.75, height,
                        f"concatenate\n{flat + METADATA_UNITS:,}")  # fmt: skip
    verdict = sketch.box(x, 0.5 + step * 5, 4.75, height, "Dense, softmax\n7", kind="output")
    sketch.chain(photograph, stock, attention, flatten)
    sketch.chain(data, dense)
    sketch.arrow(flatten.bottom, (flatten.bottom[0], joined.y))
    sketch.arrow(dense.bottom, (dense.bottom[0], joined.y))
    sketch.chain(joined, verdict)
    sketch.text(verdict.centre[0], verdict.bottom[1] + 0.2, " · ".join(CLASSES))
    return sketch.figure


def metadata_schema(encoder_slots=None):
    """How age, sex and localization become 21 numbers, with one person as an example.

    Figure 5 of the paper, with the slots of the notebooks (protocol, "Metadata encoding"). The
    example is the first row of the paper's Table 3; its z-score is against the mean and standard
    deviation of all known ages of HAM10000.

    Parameters
    ----------
    encoder_slots : dict, optional
        ``sex`` and ``localization``: the values seen in training, in order; those of HAM10000
        when left out.
    """
    slots = encoder_slots or {"sex": SEXES, "localization": SITES}
    groups = [
        ("age", "z-score", [f"({EXAMPLE['age']} − {AGE_MEAN}) / {AGE_STD}"]),
        ("sex", "look up,\none-hot", [NOT_SEEN, *slots["sex"]]),
        ("localization", "look up,\none-hot", [NOT_SEEN, *slots["localization"]]),
    ]
    cell, gap, top = 0.235, 0.22, 0.55
    total = sum(len(names) for _, _, names in groups)
    bottom = top + total * cell + 2 * gap
    sketch = Sketch(WIDTH, bottom + 1.0)
    for x, head in ((0.75, "input"), (3.15, "slot"), (4.72, "number")):
        sketch.text(x, 0.24, head, size=10, fontweight="bold", va="baseline")
    y = top
    fill, edge = KINDS["metadata"]
    for name, operation, names in groups:
        height = len(names) * cell
        middle = y + height / 2
        words = f"{name}\n“{EXAMPLE[name]}”" if name != "age" else f"age\n{EXAMPLE['age']} years"
        source = sketch.box(0.15, max(middle - 0.24, 0.42), 1.2, 0.48, words)
        sketch.arrow(source.right, (2.22, source.right[1]))
        sketch.text(1.77, source.right[1] - (0.2 if "\n" in operation else 0.12), operation)
        for place, slot in enumerate(names):
            hot = name == "age" or slot == EXAMPLE[name]
            line = y + place * cell
            sketch.rectangle(2.3, line, 2.0, cell, facecolor=fill if hot else "white",
                             edgecolor=edge, linewidth=0.8)  # fmt: skip
            style = {"fontstyle": "italic", "color": MUTED} if slot == NOT_SEEN else {}
            sketch.text(2.38, line + cell / 2, slot, ha="left", **style)
            number = (EXAMPLE["age"] - AGE_MEAN) / AGE_STD if name == "age" else int(hot)
            written = f"{number:.2f}".replace("-", "−") if name == "age" else f"{number}"
            sketch.rectangle(4.4, line, 0.64, cell, facecolor=fill if hot else "white",
                             edgecolor=edge, linewidth=0.8)  # fmt: skip
            sketch.text(4.72, line + cell / 2, written, fontweight="bold" if hot else "normal")
        y += height + gap
    words = f"{total} numbers → Dense {METADATA_UNITS:,}, ReLU"
    dense = sketch.box(2.3, bottom + 0.4, 2.74, 0.46, words, kind="metadata")
    sketch.arrow((4.72, bottom + 0.04), (4.72, dense.y))
    return sketch.figure


def confusion_definition():
    """The four cells of a 2 × 2 confusion matrix, rows true, columns predicted.

    Figure 8 of the paper, with the axes that its matrices have (protocol, errata: its formulas
    of FP and FN hold for exchanged axes).
    """
    sketch = Sketch(WIDTH, 3.4)
    left, top, width, height = 1.2, 0.85, 1.35, 0.9
    sketch.text(left + width, 0.2, "predicted", size=11, fontweight="bold")
    sketch.text(0.22, top + height, "true", size=11, fontweight="bold", rotation=90)
    cells = (
        ("TP\ntrue positive", "image"), ("FN\nfalse negative", "attention"),
        ("FP\nfalse positive", "attention"), ("TN\ntrue negative", "image"),
    )  # fmt: skip
    for place, (text, kind) in enumerate(cells):
        row, column = divmod(place, 2)
        short, words = text.split("\n")
        box = sketch.box(left + column * width, top + row * height, width - 0.06, height - 0.06,
                         kind=kind)  # fmt: skip
        sketch.text(box.centre[0], box.centre[1] - 0.14, short, size=15, fontweight="bold")
        sketch.text(box.centre[0], box.centre[1] + 0.2, words)
    for place, word in enumerate(("the class", "another")):
        sketch.text(left + (place + 0.5) * width, 0.6, word)
        sketch.text(1.12, top + (place + 0.45) * height, word, ha="right")
    right, below = left + 2 * width, top + 2 * height
    sketch.arrow((right - 0.02, top + 0.42), (right + 0.2, top + 0.42))
    sketch.text(right + 0.25, top + 0.42, "recall =\nTP / (TP + FN)", ha="left")
    sketch.arrow((left + width / 2, below - 0.02), (left + width / 2, below + 0.24))
    sketch.text(left + width / 2, below + 0.46, "precision =\nTP / (TP + FP)")
    sketch.text(right - 0.06, below + 0.46, "F1 = 2·TP / (2·TP + FP + FN)", ha="center")
    return sketch.figure


def auc_definition(distance=1.5, threshold=0.6):
    """The ROC curve of two normal score distributions, and the area below it.

    Figure 9 of the paper, computed: scores of the others from N(0, 1), of the class from
    N(`distance`, 1); the area is Φ(`distance` / √2).

    Parameters
    ----------
    distance : float
        In standard deviations.
    threshold : float
        Whose point is marked.
    """
    scores = np.linspace(-3.5, distance + 3.5, 400)
    others, members = norm(), norm(distance)
    area = norm.cdf(distance / np.sqrt(2))
    with subplots(4.4, 6.6, nrows=2, height_ratios=(1, 2.1)) as (figure, (above, below)):
        figure.get_layout_engine().set(w_pad=0.1)
        for curve, name, colour, offset, at in (
            (others, "other classes", VERMILLION, -0.3, 0.0),
            (members, "the class", BLUE, 0.3, distance),
        ):
            above.plot(scores, curve.pdf(scores), color=colour)
            above.fill_between(scores, curve.pdf(scores), where=scores >= threshold, color=colour,
                               alpha=0.25, linewidth=0)  # fmt: skip
            above.text(at + offset, 0.425, name, ha="right" if offset < 0 else "left", color=INK,
                       fontsize=SMALL)  # fmt: skip
        above.axvline(threshold, color=INK, linestyle=":", linewidth=1.2)
        above.text(threshold + 0.1, 0.49, "threshold", fontsize=SMALL)
        above.set(xlabel="score →", ylabel="density", ylim=(0, 0.52), yticks=[], xticks=[])
        below.fill_between(others.sf(scores), members.sf(scores), color=BLUE, alpha=0.18,
                           linewidth=0)  # fmt: skip
        below.plot(others.sf(scores), members.sf(scores), color=BLUE)
        below.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1)
        below.text(0.73, 0.18, f"AUC = {area:.3f}\n(the shaded area)", ha="center", fontsize=11)
        below.text(0.42, 0.31, "guessing: 0.5", fontsize=SMALL, rotation=45, color=MUTED,
                   rotation_mode="anchor", ha="center", va="bottom")  # fmt: skip
        point = others.sf(threshold), members.sf(threshold)
        below.plot(*point, "o", color=INK)
        below.annotate("at the threshold", point, (9, -6), textcoords="offset points", va="top",
                       fontsize=SMALL)  # fmt: skip
        below.set(xlabel="false-positive rate", ylabel="true-positive rate", aspect="equal",
                  xlim=(0, 1), ylim=(0, 1.01))  # fmt: skip
    return figure
