"""What whole data sets and studies cost, and imports, as tables of strings; no file access."""

import pandas as pd

from skinlib.bench.cells import NONE, NOT_MEASURED, pair, short, span
from skinlib.bench.devices import GPUS
from skinlib.common.classes import HAM10000_COUNTS

# Images from which the seconds of an epoch are those of its steps.
LARGE = 1000
# Shorter times are not told apart.
LEAST_HOURS = 0.01


def growth(found):
    """Processor seconds by stage, and peak memory, against the number of images."""
    record = pair(found, "growth")[0] or found["growth-gpu"]
    cells = {(row["set"], row["stage"]): row for row in record["rows"]}
    sets = list(dict.fromkeys(row["set"] for row in record["rows"]))
    exponents = record["last_step"]["exponent"]
    rows = [
        {
            "Stage": name,
            "what is done": what,
            **{f"{count:,} images, s": short(cells[count, name]["cpu_seconds"]) for count in sets},
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
    return pair(found, "reproduce")[0]["runs"]


def _hours(rows):
    def total(values):
        values = list(values)
        if None in values:
            return NOT_MEASURED
        return short(sum(values)) if sum(values) >= LEAST_HOURS else f"< {LEAST_HOURS}"

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
