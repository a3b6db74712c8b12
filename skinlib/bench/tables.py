"""What benches found, as tables of strings for the terminal and the book; no file access."""

import math

import pandas as pd

from skinlib.bench.devices import GPUS, expected_h100
from skinlib.classes import HAM10000_COUNTS

NOT_MEASURED = "not measured"
NONE = "–"
# Images from which the seconds of an epoch are those of its steps.
LARGE = 1000


def short(value, digits=3):
    """Format a number with so many significant digits, without exponents.

    >>> short(0.01234), short(1234.5), short(98765.4)
    ('0.0123', '1,230', '98,800')
    """
    if value is None:
        return NONE
    if not value:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    rounded = float(f"{value:.{digits}g}")
    text = f"{rounded:,.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


def span(spread, scale=1.0, digits=3):
    """Format a spread as ``median [min, max]``."""
    values = (spread.get(key) for key in ("median", "min", "max"))
    median, low, high = (short(None if v is None else scale * v, digits) for v in values)
    return f"{median} [{low}, {high}]"


def of(name, found):
    """Return the tables of a bench.

    Parameters
    ----------
    name : str
    found : dict
        Stored results by file name without suffix: ``input``, ``input-gpu``, …

    Returns
    -------
    list of (str, pandas.DataFrame)
        Titles and tables; empty where there are no results.
    """
    makers = {
        "small": (("Imports", imports), ("Pixel cache", pixel_cache)),
        "input": (("Input", delivered),),
        "options": (("Options", options),),
        "latency": (("Inference", inference),),
        "step": (("Step", steps), ("Roofline", roofline), ("Input beside the step", fed)),
        "growth": (("Growth", growth),),
        "reproduce": (("Hours by backbone", hours_by_backbone), ("Hours by study", hours_by_study),
                      ("Predicted and measured epochs", epochs)),
    }  # fmt: skip
    if found.get(name) is None and found.get(f"{name}-gpu") is None:
        return []
    return [(title, make(found)) for title, make in makers[name]]


def _pair(found, name):
    """Return the results of the CPU and of the GPU, None where they are not there."""
    return found.get(name), found.get(f"{name}-gpu")


def _gpu(value):
    return NOT_MEASURED if value is None else value


def _get(tree, *keys):
    """Look up nested keys; None where one is missing."""
    for key in keys:
        if tree is None:
            return None
        tree = tree.get(key)
    return tree


def _maybe(spread, scale=1.0, digits=3):
    return NOT_MEASURED if spread is None else span(spread, scale, digits)


def delivered(found):
    """Images a second from file or memory to the network, by way."""
    cpu, gpu = _pair(found, "input")
    rows = []
    for name, case in (cpu or gpu)["cases"].items():
        rows.append(
            {
                "Way": case["label"],
                "Augmented": "yes" if case["augmented"] else "no",
                "CPU, images/s": _maybe(_get(cpu, "cases", name, "images_per_second")),
                "times theirs": _maybe(_get(cpu, "cases", name, "times_theirs")),
                "GPU, images/s": _maybe(_get(gpu, "cases", name, "images_per_second")),
            }
        )
    return pd.DataFrame(rows)


def fed(found):
    """Input beside the training step, and what an H100 would ask for."""
    cpu, gpu = _pair(found, "step")
    images = sum(HAM10000_COUNTS.values())
    rows = []
    for name, row in (cpu or gpu)["backbones"].items():
        expected = expected_h100(name)
        size = row.get("input_size")
        rows.append(
            {
                "Backbone": name,
                "CPU, input / step, %": _maybe(_get(cpu, "backbones", name, "input_share"), 100),
                "GPU, input / step, %": _maybe(_get(gpu, "backbones", name, "input_share"), 100),
                "H100, expected images/s": NONE if expected is None else short(expected),
                "needs, MB/s": NONE if not (expected and size)
                else short(expected * size**2 * 3 / 1e6),
                "whole set, GB": NONE if not size else short(images * size**2 * 3 / 1e9),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def steps(found):
    """Training and prediction by backbone."""
    cpu, gpu = _pair(found, "step")
    rows = []
    for name in (cpu or gpu)["backbones"]:
        row = _get(cpu, "backbones", name) or {}
        other = _get(gpu, "backbones", name) or {}
        rows.append(
            {
                "Backbone": name,
                "px": str((row or other).get("input_size", NONE)),
                "GMAC": short(_scaled(row or other, "macs", 1e9)),
                "activations, M": short(_scaled(row or other, "activations", 1e6)),
                "CPU, training images/s": _failed(row) or _maybe(row.get("train")),
                "CPU, prediction images/s": _failed(row) or _maybe(row.get("forward")),
                "first step, s": short(row.get("first_step_seconds")),
                "memory, MB": short(_get(row, "memory_mb", "process"), 4),
                "GPU, training images/s": _failed(other) or _maybe(other.get("train")),
                "GPU memory, MB": _gpu(_get(other, "memory_mb", "gpu")),
            }
        )
    return pd.DataFrame(rows)


def _failed(row):
    return "failed" if "error" in row else None


def _scaled(row, key, unit):
    return row[key] / unit if key in row else None


def roofline(found):
    """How near a training step comes to the peaks measured beside it."""
    cpu, gpu = _pair(found, "step")
    rows = []
    for name in (cpu or gpu)["backbones"]:
        row = _get(cpu, "backbones", name) or {}
        other = _get(gpu, "backbones", name) or {}
        rows.append(
            {
                "Backbone": name,
                "FLOP/byte": short(_get(row, "achieved", "flop_per_byte")),
                "GFLOP/s": short(_scaled(row.get("achieved", {}), "flops", 1e9)),
                "GB/s": short(_scaled(row.get("achieved", {}), "bytes_per_second", 1e9)),
                "of compute, %": _maybe(row.get("of_compute"), 100),
                "of bandwidth, %": _maybe(row.get("of_bandwidth"), 100),
                "of the roofline, %": _maybe(row.get("of_roofline"), 100),
                "GPU, of the roofline, %": _maybe(other.get("of_roofline"), 100),
            }
        )
    return pd.DataFrame(rows)


def options(found):
    """Settings of a step, against the plain one."""
    cpu, gpu = _pair(found, "options")
    rows = []
    for network, entry in (cpu or gpu)["networks"].items():
        for name, case in entry["options"].items():
            here = _get(cpu, "networks", network, "options", name) or {}
            there = _get(gpu, "networks", network, "options", name) or {}
            rows.append(
                {
                    "Network": f"{network}, {entry['input_size']} px",
                    "Setting": case["label"],
                    "CPU, s a step": _failed(here) or _maybe(here.get("seconds")),
                    "times as fast": _failed(here) or _maybe(here.get("times_plain")),
                    "first steps, s": short(here.get("first_seconds")),
                    "memory, MB": short(_get(here, "memory_mb", "process"), 4),
                    "GPU, times as fast": _failed(there) or _maybe(there.get("times_plain")),
                }
            )
    return pd.DataFrame(rows)


def inference(found):
    """One photograph, and batches."""
    cpu, gpu = _pair(found, "latency")
    rows = []
    for name, row in (cpu or gpu)["backbones"].items():
        here = _get(cpu, "backbones", name)
        there = _get(gpu, "backbones", name)
        rows.append(
            {
                "Backbone": name,
                "px": str(row["input_size"]),
                "parameters, M": short(row["parameters"] / 1e6),
                "one image, ms": _maybe(here, 1000),
                "p90, ms": short(_scaled(here or {}, "p90", 1e-3)),
                "batches, images/s": _maybe(_get(here, "throughput")),
                "GPU, one image, ms": _maybe(there, 1000),
                "GPU, batches, images/s": _maybe(_get(there, "throughput")),
            }
        )
    return pd.DataFrame(rows)


def growth(found):
    """Seconds by stage, and peak memory, against the number of images."""
    record = _pair(found, "growth")[0] or found["growth-gpu"]
    cells = {(row["set"], row["stage"]): row for row in record["rows"]}
    sets = list(dict.fromkeys(row["set"] for row in record["rows"]))
    exponents = record["last_step"]["exponent"]
    rows = [
        {
            "Stage": name,
            "what is done": what,
            **{f"{count:,} images, s": short(cells[count, name]["seconds"]) for count in sets},
            "exponent": short(exponents.get(name), 2),
        }
        for name, what in record["stages"].items()
    ]
    peaks = {
        f"{count:,} images, s": short(max(cells[count, name]["peak_mb"] for name in
                                          record["stages"]), 4)
        for count in sets
    }  # fmt: skip
    rows.append({"Stage": "peak memory, MB", "what is done": "all of it", **peaks,
                 "exponent": NONE})  # fmt: skip
    return pd.DataFrame(rows)


def imports(found):
    """Seconds of imports, and what they load."""
    result = found["small"]
    return pd.DataFrame(
        [
            {
                "What": name,
                "seconds": span(row["seconds"]),
                "modules": short(row["modules"], 5),
                "backends loaded": ", ".join(row["backends"]) or "none",
            }
            for name, row in result["imports"].items()
        ]
    )


def pixel_cache(found):
    """Images a second when the pixel cache is built."""
    images = sum(HAM10000_COUNTS.values())
    return pd.DataFrame(
        [
            {
                "Side, px": size,
                "images/s": span(row["images_per_second"]),
                "HAM10000, s": short(images / row["images_per_second"]["median"]),
                "HAM10000, GB": short(images * int(size) ** 2 * 3 / 1e9),
            }
            for size, row in found["small"]["pixel_cache"]["sizes"].items()
        ]
    )


def hours_by_backbone(found, study="paper"):
    """Hours of the runs of one study, by backbone."""
    rows = [row for row in _runs(found) if row["study"] == study]
    return pd.DataFrame(
        [
            {"Backbone": name, **_hours([row for row in rows if row["backbone"] == name])}
            for name in dict.fromkeys(row["backbone"] for row in rows)
        ]
    )


def hours_by_study(found):
    """Hours of all studies."""
    rows = _runs(found)
    return pd.DataFrame(
        [
            {"Study": name, **_hours([row for row in rows if row["study"] == name])}
            for name in dict.fromkeys(row["study"] for row in rows)
        ]
    )


def _runs(found):
    return _pair(found, "reproduce")[0]["runs"]


def _hours(rows):
    def total(values):
        values = list(values)
        return NOT_MEASURED if None in values else short(sum(values))

    return {
        "Runs": str(len(rows)),
        "CPU, h": total(row["hours"]["cpu"] for row in rows),
        "CPU at most, h": total(row["hours_at_most"] for row in rows),
        "GPU, h": total(row["hours"]["gpu"] for row in rows),
        **{
            f"{gpu.name}, floor, h": total(row["hours"]["floors"].get(gpu.name) for row in rows)
            for gpu in GPUS
        },
    }


def epochs(found):
    """Predicted seconds of an epoch beside those of the runs that are there."""
    return pd.DataFrame(
        [
            {
                "Study": row["study"],
                "Run": row["run"],
                "predicted, s": short(row["epoch_seconds"]["predicted"]),
                "measured, s": short(row["epoch_seconds"]["measured"]),
                "measured / predicted": NONE
                if not row["epoch_seconds"]["predicted"]
                else short(row["epoch_seconds"]["measured"] / row["epoch_seconds"]["predicted"], 2),
            }
            for row in _runs(found)
            # A few small batches say more about the first step than about the rate.
            if row["epoch_seconds"]["measured"] and row["images"] >= LARGE
        ],
        columns=["Study", "Run", "predicted, s", "measured, s", "measured / predicted"],
    )
