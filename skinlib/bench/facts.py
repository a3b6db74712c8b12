"""Numbers for the sentences of the page on speed, written as the book prints them."""

from skinlib import book
from skinlib.bench.cells import short, span
from skinlib.bench.tables_exports import FAST, LARGE, SLOW


def prediction(found, photographs):
    """Return what one photograph takes, and how backbones compare.

    Parameters
    ----------
    found : dict
        See `skinlib.bench.found.read`.
    photographs : pandas.DataFrame
        See `skinlib.bench.found.single_photographs`.

    Returns
    -------
    dict of str to str
    """
    wide = photographs.pivot(index="backbone", columns="runtime", values="milliseconds")
    alone = {name: row["median"] for name, row in found["latency"]["backbones"].items()}
    ends = photographs.sort_values("milliseconds").iloc[[0, -1]].to_dict("records")
    facts = {"runtime_span": _range(wide["Keras"] / wide.min(axis=1))}
    for word, row in zip(("least", "greatest"), ends, strict=True):
        facts[word] = short(row["milliseconds"])
        facts[f"{word}_how"] = f"{row['backbone']}, {row['runtime']}"
    for word, name in (("slow", SLOW), ("large", LARGE)):
        facts[f"{word}_span"] = _range((wide.loc[name] / wide.loc[FAST]).dropna())
        facts[f"{word}_alone"] = short(alone[name] / alone[FAST], 2)
    return facts


def _range(values):
    return f"{short(values.min(), 2)} to {short(values.max(), 2)}"


def training(found):
    """Return how near a step comes to the limits of the machine, and what input costs."""
    rows = {name: row for name, row in found["step"]["backbones"].items() if "error" not in row}
    reached = {name: row["of_roofline"]["median"] for name, row in rows.items()}
    inputs = {name: row["input_share"]["median"] for name, row in rows.items()}
    nearest, farthest = max(reached, key=reached.get), min(reached, key=reached.get)
    most = max(inputs, key=inputs.get)
    cases = found["input"]["cases"]
    rates = {name: short(case["images_per_second"]["median"]) for name, case in cases.items()}
    return {
        "nearest": nearest,
        "nearest_share": book.text(reached[nearest], ".0%"),
        "farthest": farthest,
        "farthest_share": book.text(reached[farthest], ".0%"),
        "input_name": most,
        "input_most": book.text(inputs[most], ".1%"),
        "pictures": found["input"]["pictures"].replace(" x ", " × "),
        "ours": rates["ours"],
        "theirs": rates["decode and SciPy"],
        "times": span(cases["ours"]["times_theirs"]),
        "ram": rates["RAM and SciPy"],
        "cache": rates["cache"],
    }


def totals(found, study="paper"):
    """Return what a study takes, and how costs grow with the number of images."""
    hours = [row["hours"]["cpu"] for row in found["reproduce"]["runs"] if row["study"] == study]
    growth = found["growth"]["last_step"]
    before, after = growth["sets"]
    return {
        "paper_runs": str(len(hours)),
        "paper_hours": "–" if None in hours else short(sum(hours)),
        "epochs": short(found["reproduce"]["logged_epochs"]),
        "before": book.text(before, ","),
        "after": book.text(after, ","),
        "peak": short(growth["peak_mb"]),
        "exponent": short(max(growth["exponent"].values()), 2),
    }
