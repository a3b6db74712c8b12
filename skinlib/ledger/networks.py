"""Tables 4, A1 and A2: the networks, as printed and as counted on their graphs."""

import re

from skinlib import paper
from skinlib.ledger.cells import NONE, Notes, cut_to, rounds_to, text
from skinlib.ledger.entry import entry


def table_4(facts):
    """Size, parameters and depth of the stock networks and of the cut ones."""
    draft, journal = paper.printed()["4"], paper.printed("journal")["4"]
    notes, rows = Notes(), []
    for model in draft.rows:
        graph = facts.structures[model]
        stock, cut = graph["stock"], graph["truncated"]
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
                "Parameters up to the tap": f"{cut['parameters']:,}",
                "Depth up to the tap": str(cut["depth"]),
            }
        )  # fmt: skip
    caption = (
        "size, parameters and depth of the stock networks with their 1000-class top, as printed "
        "and as counted on the graphs (depth: layers with parameters), and of the part up to the "
        "tap, which is what the paper's models use of them."
    )
    return entry("4", rows, caption, notes.markdown())


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


def table_a1(facts):
    """Structure of the large networks."""
    names = ("DenseNet201", "InceptionResNetV2", "ResNet50", "ResNet152", "NASNetLarge")
    return _structure("A1", names, facts)


def table_a2(facts):
    """Structure of the mobile networks."""
    names = ("MobileNetV2", "MobileNetV3Small", "MobileNetV3Large", "NASNetMobile")
    return _structure("A2", names, facts)


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
        kept = ", ".join(
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
                "With SA, graph": kept,
                "Tap": f"{graph['tap_layer']}, {' × '.join(map(str, graph['tap_shape']))}",
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
