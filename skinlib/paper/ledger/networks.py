"""Tables A1 and A2: the blocks of the networks, as printed and as counted on their graphs."""

import re

import pandas as pd

from skinlib import paper
from skinlib.paper.rounding import NONE

# Columns of A1 and A2, and what a printed cell of theirs counts.
PRINTED_NAMES = {
    "DenseNet201": ("DenseNet-201", r"DenseBlock x (\d+)"),
    "InceptionResNetV2": ("InceptionResNetV2", r"Inception ResNet [ABC] x (\d+)"),
    "ResNet50": ("ResNet-50", r"Residual Block x (\d+)"),
    "ResNet152": ("ResNet-152", r"Residual Block x (\d+)"),
    "NASNetLarge": ("NasNet-Large", r"(?:Normal|Reduction) Cell(?: x (\S+))?"),
    "MobileNetV2": ("MobileNetV2", r"bottleneck(?: (\d+) repeated)?"),
    "MobileNetV3Small": ("MobileNetV3 Small", r"bottleneck[^,]*?(?:, (\d+) repeated)?"),
    "MobileNetV3Large": ("MobileNetV3 Large", r"bottleneck[^,]*?(?:, (\d+) repeated)?"),
    "NASNetMobile": ("NasNet Mobile", r"(?:Normal|Reduction) Cell(?: x (\S+))?"),
}
COUNTED = ("dense layer", "Inception-ResNet", "residual block", "bottleneck", "cell")


def blocks(number, structures):
    """Return Table A1 or A2: numbers of consecutive blocks of equal shape.

    The structures are those of `skinlib.paper.measured.structures`.
    """
    table, rows = paper.printed()[number], []
    for name, (column, pattern) in PRINTED_NAMES.items():
        if column not in table.columns:
            continue
        with_attention = next(
            c for c in table.columns if c.replace(" ", "") == f"{column}+SA".replace(" ", "")
        )
        stages = [stage for stage in structures[name]["stages"]
                  if any(word in stage["name"] for word in COUNTED)]  # fmt: skip
        rows.append(
            {
                "Network": name,
                "Blocks": " / ".join(dict.fromkeys(stage["name"] for stage in stages)),
                "Stock, paper": _printed_blocks(table, column, pattern),
                "Stock, graph": ", ".join(str(stage["blocks"]) for stage in stages),
                "With SA, paper": _printed_blocks(table, with_attention, pattern),
                "With SA, graph": ", ".join(
                    f"{stage['kept_blocks']}{' + part of the next' if stage['tapped'] else ''}"
                    for stage in stages
                ),
            }
        )
    return pd.DataFrame(rows)


def _printed_blocks(table, column, pattern):
    cells = [table.value(row, column) for row in table.rows]
    matches = [re.fullmatch(pattern, cell) for cell in cells if cell]
    return ", ".join(match[1] or "1" for match in matches if match) or NONE
