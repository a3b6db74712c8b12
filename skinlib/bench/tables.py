"""What the benches of single steps found, as tables of strings; no file access."""

import pandas as pd

from skinlib.bench import tables_exports as exports
from skinlib.bench import tables_total as total
from skinlib.bench.cells import NONE, NOT_MEASURED, failed, get, maybe, pair, scaled, short
from skinlib.bench.devices import expected_h100
from skinlib.common.classes import HAM10000_COUNTS


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
        "small": (("Imports", total.imports), ("Pixel cache", total.pixel_cache)),
        "input": (("Input", delivered),),
        "options": (("Options", options),),
        "latency": (("Inference", inference),),
        "runtimes": (
            ("Runtimes in fp32", exports.runtimes),
            ("Lower precisions", exports.precisions),
            ("Sizes", exports.sizes),
            ("Ratios", exports.ratios),
        ),
        "exports": (("Parity", exports.parity), ("Costs", exports.costs)),
        "step": (("Step", steps), ("Roofline", roofline), ("Input beside the step", fed)),
        "growth": (("Growth", total.growth),),
        "reproduce": (
            ("Hours by backbone", total.hours_by_backbone),
            ("Hours by study", total.hours_by_study),
            ("Predicted and measured epochs", total.epochs),
        ),
    }
    if found.get(name) is None and found.get(f"{name}-gpu") is None:
        return []
    return [(title, make(found)) for title, make in makers[name]]


def delivered(found):
    """Images a second from file or memory to the network, by way."""
    cpu, gpu = pair(found, "input")
    rows = []
    for name, case in (cpu or gpu)["cases"].items():
        rows.append(
            {
                "Way": case["label"],
                "Augmented": "yes" if case["augmented"] else "no",
                "CPU, images/s": maybe(get(cpu, "cases", name, "images_per_second")),
                "times theirs": maybe(get(cpu, "cases", name, "times_theirs")),
                "GPU, images/s": maybe(get(gpu, "cases", name, "images_per_second")),
            }
        )
    return pd.DataFrame(rows)


def fed(found):
    """Input beside the training step, and what an H100 would ask for."""
    cpu, gpu = pair(found, "step")
    images = sum(HAM10000_COUNTS.values())
    rows = []
    for name, row in (cpu or gpu)["backbones"].items():
        expected = expected_h100(name)
        size = row.get("input_size")
        rows.append(
            {
                "Backbone": name,
                "CPU, input / step, %": maybe(get(cpu, "backbones", name, "input_share"), 100),
                "GPU, input / step, %": maybe(get(gpu, "backbones", name, "input_share"), 100),
                "H100, expected images/s": NONE if expected is None else short(expected),
                "needs, MB/s": NONE if not (expected and size)
                else short(expected * size**2 * 3 / 1e6),
                "whole set, GB": NONE if not size else short(images * size**2 * 3 / 1e9),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _by_backbone(found):
    """Yield each backbone of the bench of steps: name, results on the CPU, on the GPU."""
    cpu, gpu = pair(found, "step")
    for name in (cpu or gpu)["backbones"]:
        yield name, get(cpu, "backbones", name) or {}, get(gpu, "backbones", name) or {}


def steps(found):
    """Training and prediction by backbone."""
    rows = []
    for name, row, other in _by_backbone(found):
        rows.append(
            {
                "Backbone": name,
                "px": str((row or other).get("input_size", NONE)),
                "GMAC": short(scaled(row or other, "macs", 1e9)),
                "activations, M": short(scaled(row or other, "activations", 1e6)),
                "CPU, training images/s": failed(row) or maybe(row.get("train")),
                "CPU, prediction images/s": failed(row) or maybe(row.get("forward")),
                "first step, s": short(row.get("first_step_seconds")),
                "memory, MB": short(get(row, "memory_mb", "process"), 4),
                "GPU, training images/s": failed(other) or maybe(other.get("train")),
                "GPU memory, MB": NOT_MEASURED
                if get(other, "memory_mb", "gpu") is None
                else short(other["memory_mb"]["gpu"], 4),
            }
        )
    return pd.DataFrame(rows)


def roofline(found):
    """How near a training step comes to the peaks measured beside it."""
    rows = []
    for name, row, other in _by_backbone(found):
        rows.append(
            {
                "Backbone": name,
                "FLOP/byte": short(get(row, "achieved", "flop_per_byte")),
                "GFLOP/s": short(scaled(row.get("achieved", {}), "flops", 1e9)),
                "GB/s": short(scaled(row.get("achieved", {}), "bytes_per_second", 1e9)),
                "of compute, %": maybe(row.get("of_compute"), 100),
                "of bandwidth, %": maybe(row.get("of_bandwidth"), 100),
                "of the roofline, %": maybe(row.get("of_roofline"), 100),
                "GPU, of the roofline, %": maybe(other.get("of_roofline"), 100),
            }
        )
    return pd.DataFrame(rows)


def options(found):
    """Settings of a step, against the plain one."""
    cpu, gpu = pair(found, "options")
    rows = []
    for network, entry in (cpu or gpu)["networks"].items():
        for name, case in entry["options"].items():
            here = get(cpu, "networks", network, "options", name) or {}
            there = get(gpu, "networks", network, "options", name) or {}
            rows.append(
                {
                    "Network": f"{network}, {entry['input_size']} px",
                    "Setting": case["label"],
                    "CPU, s a step": failed(here) or maybe(here.get("seconds")),
                    "times as fast": failed(here) or maybe(here.get("times_plain")),
                    "first steps, s": short(here.get("first_seconds")),
                    "memory, MB": short(get(here, "memory_mb", "process"), 4),
                    "GPU, times as fast": failed(there) or maybe(there.get("times_plain")),
                }
            )
    return pd.DataFrame(rows)


def inference(found):
    """One photograph, and batches."""
    cpu, gpu = pair(found, "latency")
    rows = []
    for name, row in (cpu or gpu)["backbones"].items():
        here = get(cpu, "backbones", name)
        there = get(gpu, "backbones", name)
        rows.append(
            {
                "Backbone": name,
                "px": str(row["input_size"]),
                "parameters, M": short(row["parameters"] / 1e6),
                "one image, ms": maybe(here, 1000),
                "p90, ms": short(scaled(here or {}, "p90", 1e-3)),
                "batches, images/s": maybe(get(here, "throughput")),
                "GPU, one image, ms": maybe(there, 1000),
                "GPU, batches, images/s": maybe(get(there, "throughput")),
            }
        )
    return pd.DataFrame(rows)
