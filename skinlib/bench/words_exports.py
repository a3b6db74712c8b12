"""Sentences about exported files and runtimes, with their numbers in them; Markdown."""

from skinlib.bench.cells import short
from skinlib.bench.tables_exports import FAST, LARGE, RUNTIMES, SLOW, TITLES, small, spans, stored
from skinlib.evidence.draws import Estimate

# What the tests allow of a file in fp32.
PROMISE = 1e-5
# Of skinlib.audit.
CLAIM = "time-thirty-measured"


def exported(found):
    """Say how near the files come to Keras, and what storing less costs."""
    record = found["exports"]
    kind = "photographs" if record["photographs"] else "validation"
    images = record[kind]
    exact = [row for row in record["exports"] if row["precision"] == "fp32"]
    largest = max(row["parity"][kind]["probabilities"] for row in exact)
    same = all(row["parity"][kind]["same"] == images for row in exact)
    said = "the same answer to all of them" if same else "not the same answer to all of them"
    where = (
        "of the official ISIC 2018 validation set, their labels not used,"
        if kind == "photographs"
        else "of our validation part"
    )
    text = (
        f"Of the released model `{record['model']}`, on {images} photographs {where} and with one "
        f"view, the files in fp32 give probabilities within {small(largest)} of those of Keras, "
        f"and {said}; {small(PROMISE)} is what the tests allow."
    )
    rows = [row for row in record["exports"] if "scores" in row]
    return text + ("\n\n" + costs(record, rows) if rows else "")


def costs(record, rows):
    """Say what storing less costs on the validation part."""
    before = [Estimate(*record["keras"][name]).text() for name in ("mean recall", "AUC, macro")]
    halves = [row for row in rows if row["precision"] == "fp16"]
    weights = [row for row in rows if row["precision"] == "int8" and not row["calibrated"]]
    computed = [row for row in rows if row["calibrated"]]
    text = (
        f"On the {record['validation']:,} photographs of our own validation part Keras reaches a "
        f"mean recall of {before[0]} and a macro AUC of {before[1]} with one view. "
    )
    parts = [
        f"{what} {_range(some)}"
        for what, some in (
            ("Weights in float16 change the mean recall by", halves),
            ("weights in int8 by", weights),
            (f"computing in int8 too, with ranges from {record['calibration']} training "
             "photographs, by", computed),
        )
        if some
    ]  # fmt: skip
    text += "; ".join(parts) + ". "
    return text + _losses(rows) + _odd(rows)


def _losses(rows):
    """Name the files whose loss is beyond what the draw of the lesions may make of it."""
    parts = []
    for score in ("mean recall", "AUC, macro"):
        worse = [row for row in rows if Estimate(*row["scores"][score]).sign < 0]
        names = ", ".join(f"{TITLES[row['format']]} ({stored(row)})" for row in worse)
        parts.append(f"for the {_SHORT[score]} {f'that of {names}' if worse else 'none'}")
    return f"Intervals that lie below 0 as a whole: {', '.join(parts)}."


_SHORT = {"mean recall": "mean recall", "AUC, macro": "macro AUC"}


def _odd(rows):
    """Warn of files whose distance is no longer the one that the rule was made with."""
    far = {
        f"{TITLES[row['format']]} ({stored(row)})": distance
        for row in rows
        if (distance := row["parity"]["validation"].get("distance", 0)) > 1
    }
    if not far:
        return ""
    low, high = short(min(far.values()), 2), short(max(far.values()), 2)
    times = low if low == high else f"{low} to {high}"
    return (
        f" In the worst picture the distance is {times} times its own size off with "
        f"{', '.join(far)}: such a file cannot tell which pictures are unlike the training "
        "pictures."
    )


def _range(rows):
    values = sorted(row["scores"]["mean recall"][0] for row in rows)
    low, high = (f"{round(value, 4) + 0.0:+.4f}" for value in (values[0], values[-1]))
    return low if low == high else f"{low} to {high}"


def turns(found):
    """Say what "so many times faster" depends on."""
    record = found["runtimes"]
    measured = spans(record)
    plain = {key[0]: seconds for key, seconds in measured.items() if key[1] == "fp32"}
    count = record["visits"] * record["repeats"]
    lines = [
        f"{len(record['backbones'])} backbones, random weights, recipe *{record['recipe']}*, the "
        f"authors' input sizes, one photograph at a time, {record['threads']} thread, at most "
        f"{count} times each{_busy(record)}."
    ]
    if plain:
        lines.append(_faster(plain))
    both = {
        runtime: seconds[SLOW] / seconds[FAST]
        for runtime, seconds in plain.items()
        if {SLOW, FAST} <= set(seconds)
    }
    if both:
        lines.append(_claim(both, plain))
    lines += _precisions(measured)
    return " ".join(lines)


def _busy(record):
    """Say how busy the machine was while the backbones took their turns."""
    each = (row["loads"] for row in record["backbones"].values())
    loads = [load for loads in each for load in loads if load is not None]
    if not loads:
        return ""
    low, high = short(min(loads), 2), short(max(loads), 2)
    return f", at load averages of {low} to {high} on {record['cores']} cores"


def _faster(plain):
    spread = {
        runtime: max(seconds.values()) / min(seconds.values()) for runtime, seconds in plain.items()
    }
    each = ", ".join(
        f"{short(value, 2)} with {RUNTIMES[runtime]}" for runtime, value in spread.items()
    )
    text = f"In fp32 the slowest backbone takes this many times as long as the fastest: {each}."
    if "keras" in plain and len(plain) > 1:
        gains = [
            plain["keras"][name] / min(s[name] for s in plain.values() if name in s)
            for name in plain["keras"]
        ]
        text += (
            " The same backbone is up to "
            f"{short(max(gains), 2)} times and at least {short(min(gains), 2)} times as fast with "
            "the fastest runtime as with Keras: the choice of the runtime alone can make that."
        )
    return text


def _claim(both, plain):
    from skinlib import audit

    claimed = next(each for each in audit.claims() if each.id == CLAIM).arguments["factor"]
    each = ", ".join(f"{short(value, 2)} ({RUNTIMES[key]})" for key, value in both.items())
    text = (
        f"The paper's abstract has {FAST} diagnose {claimed:g} times faster than {SLOW}; "
        f"measured here in fp32: {each}."
    )
    large = [s[LARGE] / s[FAST] for s in plain.values() if {LARGE, FAST} <= set(s)]
    if large:
        low, high = short(min(large), 2), short(max(large), 2)
        text += f" Against {LARGE} it is {low} to {high}, by runtime."
    return text


def _precisions(measured):
    """Say how much faster lower precision is, runtime by runtime."""
    parts = []
    for runtime, title in RUNTIMES.items():
        for precision in ("fp16", "int8"):
            less, whole = (measured.get((runtime, each), {}) for each in (precision, "fp32"))
            gains = sorted(whole[name] / less[name] for name in less if name in whole)
            if gains:
                parts.append(
                    f"{title} {precision} {short(gains[len(gains) // 2], 2)} "
                    f"[{short(gains[0], 2)}, {short(gains[-1], 2)}]"
                )
    if not parts:
        return []
    return [
        "Times as fast as fp32 with the same runtime, median over the backbones and extremes: "
        + "; ".join(parts)
        + "."
    ]
