"""The stored results of benches, and what the page on speed shows of all of them."""

import json

import pandas as pd

from skinlib.bench import NAMES
from skinlib.bench.cells import NONE, NOT_MEASURED, short
from skinlib.bench.tables_exports import RUNTIMES, spans
from skinlib.common import paths


def read():
    """Return the stored results by name, of CPU and GPU (``step``, ``step-gpu``)."""
    found = {}
    for name in NAMES:
        for key in (name, f"{name}-gpu"):
            path = paths.RESULTS / "bench" / f"{key}.json"
            if path.is_file():
                found[key] = json.loads(path.read_text(encoding="utf-8"))
    return found


def shown(frame):
    """Return a table without the columns in which nothing was measured."""
    empty = frame.isin([NOT_MEASURED, NONE]).all()
    return frame.loc[:, ~empty]


def single_photographs(record):
    """Return the milliseconds of one photograph in float32, by backbone and runtime.

    Parameters
    ----------
    record : dict
        Result of `skinlib.bench.runtimes.measure`.

    Returns
    -------
    pandas.DataFrame
        ``backbone``, ``runtime`` and ``milliseconds``; the fastest backbone with Keras first.
    """
    rows = [
        {"backbone": backbone, "runtime": RUNTIMES[runtime], "milliseconds": 1000 * seconds}
        for (runtime, precision), measured in spans(record).items()
        if precision == "fp32"
        for backbone, seconds in measured.items()
    ]
    frame = pd.DataFrame(rows)
    order = frame.groupby("backbone")["milliseconds"].max().sort_values().index
    return frame.sort_values("backbone", key=lambda names: names.map(list(order).index))


def machines(found):
    """Return one row a bench: when it ran, where, and how busy the machine was."""
    rows = []
    for name, record in found.items():
        versions, load = record["versions"], record.get("load")
        backend = versions["backend"]
        minutes = record.get("bench_seconds", 0) / 60
        rows.append(
            {
                "Bench": name,
                "Measured": record["measured"][:10],
                "Device": record["device"],
                "Keras": f"{versions['keras']}, {backend} {versions.get(backend, '')}",
                "Load at the start": short(load[0], 2) if load else NONE,
                "Minutes": short(minutes, 2) if minutes else NONE,
            }
        )
    return pd.DataFrame(rows)
