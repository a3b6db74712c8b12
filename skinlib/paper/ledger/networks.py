"""Tables 4, A1 and A2: the networks, as printed and as counted on their graphs."""

import re

import pandas as pd

from skinlib import paper
from skinlib.paper.ledger.cells import NONE, Notes, cut_to, rounds_to, text
from skinlib.paper.ledger.entry import entry


def table_4(facts):
    """Size, parameters and depth of the stock networks and of the cut ones."""
    draft, journal = paper.printed()["4"], paper.printed("journal")["4"]
    notes, rows = Notes(), []
    for model in draft.rows:
        graph = facts.structures[model]
        stock = graph["stock"]
        printed = draft.value(model, "parameters_millions")
        depth = draft.value(model, "depth")
        wrong = "" if depth == stock["depth"] else "not the depth of the graph"
        trainable = journal.value(model, "trainable_parameters")
        agrees = trainable is None or trainable == stock["trainable"]
        rows.append(
            {
                "Network": model,
                "Size (MB), paper": text(draft.value(model, "size_mb"), 0),
                "Size (MiB), float32": f"{stock['mib']:.0f}",
                "Parameters, paper": notes.mark(
                    f"{printed} M",
                    _rounding(stock["parameters"] / 1e6, printed),
                    model,
                    "parameters",
                ),
                "Parameters, graph": f"{stock['parameters']:,}",
                "Trainable, journal": notes.mark(
                    f"{trainable:,}" if trainable else NONE,
                    "" if agrees else "not the trainable parameters of the graph",
                    model,
                    "trainable",
                ),
                "Trainable, graph": f"{stock['trainable']:,}",
                "Depth, paper": notes.mark(str(depth), wrong, model, "depth"),
                "Depth, graph": str(stock["depth"]),
            }
        )  # fmt: skip
    caption = (
        "size, parameters and depth of the stock networks with their 1000-class top, as printed "
        "and as counted on the graphs (depth: layers with parameters)."
    )
    return entry("4", rows, caption, notes.markdown())


def kept(structures):
    """Return how much of each network is left when it is cut at its tap.

    Parameters
    ----------
    structures : dict of str to dict
        `skinlib.models.structure.structure` by backbone.

    Returns
    -------
    pandas.DataFrame
        ``network``, ``tap``, ``shape`` (of the tap), ``parameters``, ``kept``, ``share``,
        ``depth``, ``kept_depth``.
    """
    rows = []
    for name, graph in structures.items():
        stock, cut = graph["stock"], graph["truncated"]
        rows.append(
            {
                "network": name,
                "tap": graph["tap_layer"],
                "shape": " × ".join(map(str, graph["tap_shape"])),
                "parameters": stock["parameters"],
                "kept": cut["parameters"],
                "share": cut["parameters"] / stock["parameters"],
                "depth": stock["depth"],
                "kept_depth": cut["depth"],
            }
        )
    return pd.DataFrame(rows)


def _rounding(value, printed):
    if rounds_to(value, printed, 1):
        return None
    return "cut, not rounded" if cut_to(value, printed, 1) else f"the graph has {value:.2f} M"


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


# The networks of Table A1 and Figure 3, and those of Table A2 and Figure 4.
LARGE = ("DenseNet201", "InceptionResNetV2", "ResNet50", "ResNet152", "NASNetLarge")
MOBILE = ("MobileNetV2", "MobileNetV3Small", "MobileNetV3Large", "NASNetMobile")


def table_a1(facts):
    """Structure of the large networks."""
    return _structure("A1", LARGE, facts)


def table_a2(facts):
    """Structure of the mobile networks."""
    return _structure("A2", MOBILE, facts)


def _structure(number, names, facts):
    table, rows = paper.printed()[number], []
    for name in names:
        graph = facts.structures[name]
        column, pattern = PRINTED_NAMES[name]
        with_attention = next(
            c for c in table.columns if c.replace(" ", "") == f"{column}+SA".replace(" ", "")
        )
        stages = [s for s in graph["stages"] if any(word in s["name"] for word in COUNTED)]
        stock = ", ".join(str(stage["blocks"]) for stage in stages)
        whole = ", ".join(
            f"{stage['kept_blocks']}{' + part of the next' if stage['tapped'] else ''}"
            for stage in stages
        )
        rows.append(
            {
                "Network": name,
                "Blocks": " / ".join(dict.fromkeys(stage["name"] for stage in stages)),
                "Stock, paper": _printed_blocks(table, column, pattern),
                "Stock, graph": stock,
                "With SA, paper": _printed_blocks(table, with_attention, pattern),
                "With SA, graph": whole,
            }
        )
    caption = (
        f"{table.title[0].lower()}{table.title[1:]}: numbers of consecutive blocks of equal shape, "
        "as printed and as counted on the graphs of keras.applications, whole and cut at the tap "
        "of the authors' notebooks. "
        "SA: soft attention. N: not specified."
    )
    return entry(number, rows, caption)


def _printed_blocks(table, column, pattern):
    found = []
    for row in table.rows:
        cell = table.value(row, column)
        match = re.fullmatch(pattern, cell) if cell else None
        if match:
            found.append(match[1] or "1")
    return ", ".join(found) or NONE
