"""What exported files answer, and how fast runtimes are, as tables of strings; no file access."""

import pandas as pd

from skinlib.bench.cells import NONE, maybe, short
from skinlib.stats.bootstrap import Estimate

TITLES = {"keras": "Keras", "onnx": "ONNX", "litert": "LiteRT", "openvino": "OpenVINO"}
RUNTIMES = TITLES | {"onnx": "ONNX Runtime"}
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def stored(row):
    """Say how an export stores and computes."""
    if row["precision"] != "int8":
        return row["precision"]
    return "int8, calibrated" if row["calibrated"] else "int8 weights"


def parity(found):
    """How far the answers of each file are from those of Keras."""
    record, rows = found["exports"], []
    kind = "photographs" if record["photographs"] else "validation"
    for row in record["exports"]:
        measured = row["parity"].get(kind) or row["parity"]["validation"]
        rows.append({
            "Format": TITLES[row["format"]],
            "Stored": stored(row),
            "MB": short(row["bytes"] / 1e6),
            "Probability, largest difference": small(measured["probabilities"]),
            "Attention, largest": small(measured.get("attention")),
            "Distance, largest share": small(measured.get("distance")),
            "Same answer": f"{measured['same']} of {measured['images']}",
        })  # fmt: skip
    return pd.DataFrame(rows)


def small(value):
    """Format a difference: in powers of ten where it is tiny."""
    if value is None:
        return NONE
    if not value or value >= 1e-3:
        return short(value, 2)
    digits, power = f"{value:.1e}".split("e")
    return f"{digits} · 10{str(int(power)).translate(RAISED)}"


def costs(found):
    """What storing less changes on the validation part, with paired intervals."""
    rows = []
    for row in found["exports"]["exports"]:
        if "scores" not in row:
            continue
        measured = row["parity"]["validation"]
        changes = {name: Estimate(*values) for name, values in row["scores"].items()}
        rows.append({
            "Format": TITLES[row["format"]],
            "Stored": stored(row),
            "MB": short(row["bytes"] / 1e6),
            "Probability, mean difference": small(measured["mean"]),
            "Distance, largest share": small(measured.get("distance")),
            "Same answer": f"{measured['same']} of {measured['images']}",
            **{f"Change of {name}": each.text(4, signed=True) for name, each in changes.items()},
        })  # fmt: skip
    return pd.DataFrame(rows)


def variant(row, runtime, precision):
    """Return what was measured of a backbone with a runtime, or an empty dictionary."""
    for each in row["runtimes"]:
        if (each["runtime"], each["precision"]) == (runtime, precision):
            return each
    return {}


def _cell(measured, key="median"):
    if "error" in measured:
        return "failed"
    if key == "median":
        return maybe(measured, 1000) if measured else NONE
    return short(measured.get("bytes") and measured["bytes"] / 1e6)


def runtimes(found):
    """Milliseconds of one photograph in float32, by backbone and runtime."""
    rows = []
    for name, row in found["runtimes"]["backbones"].items():
        cells = {f"{title}, ms": _cell(variant(row, runtime, "fp32"))
                 for runtime, title in RUNTIMES.items()}  # fmt: skip
        parameters = short(row["parameters"] / 1e6)
        rows.append({"Backbone": name, "px": str(row["input_size"]), "parameters, M": parameters,
                     **cells})  # fmt: skip
    return pd.DataFrame(rows)


def precisions(found):
    """Milliseconds of one photograph by backbone, runtime and precision below float32."""
    rows = []
    for name, row in found["runtimes"]["backbones"].items():
        cells = {
            f"{title}, {precision}, ms": _cell(variant(row, runtime, precision))
            for runtime, title in RUNTIMES.items()
            for precision in ("fp16", "int8")
            if runtime != "keras"
        }
        rows.append({"Backbone": name, **cells})
    return pd.DataFrame(rows)


def speedups(found):
    """How many times as fast a lower precision is than float32 with the same runtime."""
    measured, rows = spans(found["runtimes"]), []
    for (runtime, precision), seconds in measured.items():
        whole = measured.get((runtime, "fp32"), {})
        gains = {name: whole[name] / seconds[name] for name in seconds if name in whole}
        if precision == "fp32" or not gains:
            continue
        ordered = sorted(gains, key=gains.get)
        rows.append({
            "Runtime": RUNTIMES[runtime],
            "Precision": precision,
            "Times as fast, median": short(gains[ordered[len(ordered) // 2]], 2),
            "Least": f"{short(gains[ordered[0]], 2)} ({ordered[0]})",
            "Most": f"{short(gains[ordered[-1]], 2)} ({ordered[-1]})",
        })  # fmt: skip
    return pd.DataFrame(rows)


def sizes(found):
    """Megabytes of the exported files by backbone, format and precision."""
    rows = []
    for name, row in found["runtimes"]["backbones"].items():
        cells = {
            f"{title}, {precision}": _cell(variant(row, runtime, precision), "bytes")
            for runtime, title in TITLES.items()
            for precision in ("fp32", "fp16", "int8")
            if runtime != "keras"
        }
        rows.append({"Backbone": name, **cells})
    return pd.DataFrame(rows)


def spans(record):
    """Return by runtime and precision the medians of all backbones measured with it.

    Returns
    -------
    dict of (str, str) to dict of str to float
        Seconds by backbone.
    """
    found = {}
    for name, row in record["backbones"].items():
        for each in row["runtimes"]:
            if "error" not in each:
                key = each["runtime"], each["precision"]
                found.setdefault(key, {})[name] = each["median"]
    return found


FAST, SLOW, LARGE = "MobileNetV3Large", "DenseNet201", "InceptionResNetV2"


def ratios(found):
    """How many times faster one backbone is than another, by runtime and precision."""
    rows = []
    for (runtime, precision), seconds in spans(found["runtimes"]).items():
        fastest, slowest = min(seconds, key=seconds.get), max(seconds, key=seconds.get)
        rows.append({
            "Runtime": RUNTIMES[runtime],
            "Precision": precision,
            "Fastest": fastest,
            "Slowest": slowest,
            "Slowest / fastest": short(seconds[slowest] / seconds[fastest]),
            f"{SLOW} / {FAST}": _over(seconds, SLOW, FAST),
            f"{LARGE} / {FAST}": _over(seconds, LARGE, FAST),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _over(seconds, slow, fast):
    both = slow in seconds and fast in seconds
    return short(seconds[slow] / seconds[fast]) if both else NONE
