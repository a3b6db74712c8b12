"""Stored results of benches as tables of text, and the hours that they predict, for *Speed*."""

import json

import numpy as np
import pandas as pd

from skinlib import book, paper
from skinlib.bench.cost import PASSES, floors
from skinlib.common import paths
from skinlib.common.classes import HAM10000_COUNTS
from skinlib.experiments.study import load_study
from skinlib.models.backbones import get_backbone
from skinlib.stats.bootstrap import Estimate

RUNTIMES = {"keras": "Keras", "onnx": "ONNX Runtime", "litert": "LiteRT", "openvino": "OpenVINO"}
# Columns of the table of a bench: a number of a stored entry, or the entry itself, and its scale.
COLUMNS = {
    "runtimes": {"parameters, M": ("parameters", 1e-6)},
    "latency": {
        "parameters, M": ("parameters", 1e-6),
        "one image, ms": (None, 1000),
        "p90, ms": ("p90", 1000),
        "batches, images/s": ("throughput", 1),
    },
    "step": {
        "GMAC": ("macs", 1e-9),
        "activations, M": ("activations", 1e-6),
        "training images/s": ("train", 1),
        "prediction images/s": ("forward", 1),
        "input / step, %": ("input_share", 100),
        "first step, s": ("first_step_seconds", 1),
    },
    "input": {"images/s": ("images_per_second", 1), "times theirs": ("times_theirs", 1)},
}
# Peaks of GPUs in 16 bits, from data sheets: FLOP and bytes a second.
GPUS = {"NVIDIA H100 SXM": (989e12, 3.35e12), "NVIDIA A100 SXM 80 GB": (312e12, 2.039e12)}
# Images without an age in HAM10000, which some recipes drop.
WITHOUT_AGE = 57


def stored(name):
    """Return the results of a bench, of the CPU and of a GPU, as far as they are there."""
    files = (paths.RESULTS / "bench" / f"{name}{suffix}.json" for suffix in ("", "-gpu"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in files if path.is_file()]


def short(value, scale=1, digits=3):
    """Return a number, or the median and range of a spread, with so many significant digits."""
    if isinstance(value, dict):
        value = Estimate(*(scale * value[key] for key in ("median", "min", "max")))
    elif value is not None:
        value = scale * value
    return book.text(value, f",.{digits}g")


def extent(values):
    """Return the smallest and the largest of some numbers, ``3.1 to 10``."""
    return f"{short(values.min(), digits=2)} to {short(values.max(), digits=2)}"


def frame(name):
    """Return a row of text for each backbone, or case, that a bench could measure."""
    records, rows = stored(name), []
    for record in records:
        for key, entry in (record.get("backbones") or record["cases"]).items():
            if "error" in entry:
                continue
            row = {"Device": record["device"], "Backbone": key, "px": entry.get("input_size")}
            if "label" in entry:
                augmented = "yes" if entry["augmented"] else "no"
                row = {"Device": record["device"], "Way": entry["label"], "Augmented": augmented}
            for title, (number, scale) in COLUMNS[name].items():
                row[title] = short(entry[number] if number else entry, scale)
            if memory := entry.get("memory_mb"):
                row["memory, MB"] = f"{memory['gpu'] or memory['process']:,}"
            rows.append(row)
    return pd.DataFrame(rows).drop(columns=[] if len(records) > 1 else "Device")


def runtimes(record):
    """Return each time of one photograph, its median and a cell, of `bench.runtimes.measure`."""
    rows = [
        {
            "backbone": name,
            "runtime": RUNTIMES[each["runtime"]],
            "precision": each["precision"],
            "milliseconds": 1000 * each["median"],
            "cell": short(each, 1000),
        }
        for name, entry in record["backbones"].items()
        for each in entry["runtimes"]
        if "error" not in each
    ]
    return pd.DataFrame(rows)


def _wide(times):
    """Return milliseconds by backbone, in columns of runtime and precision in their order."""
    order = dict.fromkeys(zip(times["runtime"], times["precision"], strict=True))
    columns = ["runtime", "precision"]
    return times.pivot_table(index="backbone", columns=columns, values="milliseconds")[list(order)]


def speedups(times):
    """Return how many times as fast a lower precision is than float32, from `runtimes`."""
    wide, rows = _wide(times), []
    for runtime, precision in wide:
        if precision != "fp32":
            gain = (wide[runtime, "fp32"] / wide[runtime, precision]).dropna().sort_values()
            ends = [f"{short(gain.iloc[end], digits=2)} ({gain.index[end]})" for end in (0, -1)]
            median = short(gain.iloc[len(gain) // 2], digits=2)
            rows.append([runtime, precision, median, *ends])
    columns = ["Runtime", "Precision", "Times as fast, median", "Least", "Most"]
    return pd.DataFrame(rows, columns=columns)


def ratios(times, slow, fast):
    """Return how many times as long the backbones `slow` take as `fast`, from `runtimes`."""
    wide = _wide(times)
    found = {"Fastest": wide.idxmin(), "Slowest": wide.idxmax()}
    found["Slowest / fastest"] = (wide.max() / wide.min()).map(short)
    for name in slow:
        found[f"{name} / {fast}"] = (wide.loc[name] / wide.loc[fast]).map(short)
    return pd.DataFrame(found).reset_index(names=["Runtime", "Precision"])


def machines(names):
    """Return one row for each stored result of some benches: when and where it was measured."""
    rows = []
    for name, record in ((each, record) for each in names for record in stored(each)):
        versions, seconds = record["versions"], record.get("bench_seconds")
        backend = versions["backend"]
        rows.append({
            "Bench": name,
            "Measured": record["measured"][:10],
            "Device": record["device"],
            "Keras": f"{versions['keras']}, {backend} {versions.get(backend, '')}",
            "Load at the start": short(record["load"] and record["load"][0], digits=2),
            "Minutes": short(seconds and seconds / 60, digits=2),
        })  # fmt: skip
    return pd.DataFrame(rows)


def logged_epochs():
    """Return the median number of epochs of the authors' trainings, as logged."""
    return float(np.median([run.epochs["run"] for run in paper.logged().values() if run.epochs]))


def hours(study):
    """Predict the hours of each run of a study on HAM10000, from the rates that ``step`` measured.

    Returns
    -------
    pandas.DataFrame
        ``Backbone``; hours of `logged_epochs` on each measured device (``CPU, h``, ``GPU, h``),
        of all epochs that the recipe allows (``…, at most, h``), and the least on each of `GPUS`.
    """
    return pd.DataFrame([_hours(spec) for spec in load_study(study).specs])


def _hours(spec):
    recipe, backbone = spec.resolve(), get_backbone(spec.backbone)
    images = sum(HAM10000_COUNTS.values()) - WITHOUT_AGE * (recipe.missing_age == "drop")
    shares = {"validation": recipe.validation_share, "test": recipe.test_share, "none": 0}
    share = shares[recipe.selection]
    train = round(images * (1 - recipe.test_share - recipe.validation_share))
    scored = round(images * share)
    # Arithmetic and memory traffic of convolutions go with the area of the picture.
    area = (spec.size / backbone.input_size) ** 2 / 3600
    expected, row = min(recipe.epochs, logged_epochs()), {"Backbone": spec.backbone}
    for step in stored("step"):
        device, rates = step["device"][:3].upper(), step["backbones"][spec.backbone]
        epoch = area * sum(
            count / rates[key]["median"] for count, key in ((train, "train"), (scored, "forward"))
        )
        row |= {f"{device}, h": expected * epoch, f"{device}, at most, h": recipe.epochs * epoch}
    for gpu, peaks in GPUS.items():
        # A prediction takes one of the passes of a training step.
        least = floors(rates, *peaks, precision="mixed_bfloat16")["roofline"]
        row[f"{gpu}, floor, h"] = expected * area * (train + scored / PASSES) * least
    return row
