"""Sentences about what benches found, with their numbers in them; Markdown, no file access."""

from skinlib.bench.cells import short, span
from skinlib.bench.cost import FLOP_PER_MAC, PASSES
from skinlib.bench.devices import BUS_BYTES_PER_SECOND, H100_OVER_RTX_3090, expected_h100
from skinlib.bench.words_exports import exported, turns

MISSING = "Not measured yet: `python -m skinlib bench {name}`.\n"
# Sentences that stand on another place of the page than those about their bench.
ASIDE = {"fed": "step", "traffic": "step"}
BRACKETS = {
    "exports": {"brackets": "95 % intervals of a bootstrap over lesions, paired for changes"}
}


def of(name, found):
    """Return the sentences about a bench, or how to run it where there are no results.

    Parameters
    ----------
    name : str
        Of `skinlib.bench.NAMES`, or a key of `ASIDE`.
    found : dict
        Stored results by name.

    Returns
    -------
    str
        Markdown paragraphs.
    """
    makers = {"input": delivered, "fed": fed, "step": steps, "traffic": traffic,
              "options": options, "latency": inference, "growth": growth, "reproduce": hours,
              "small": small, "exports": exported, "runtimes": turns}  # fmt: skip
    bench = ASIDE.get(name, name)
    if not found.get(bench):
        return MISSING.format(name=bench)
    if name in ASIDE:
        return makers[name](found) + "\n"
    end = f"\n\n{where(found[bench], **BRACKETS.get(name, {}))}"
    return makers[name](found) + end + "\n"


def where(record, brackets="least and greatest of the rounds"):
    """Say on what machine, when and under what load something was measured."""
    versions = record["versions"]
    backend = versions["backend"]
    load = record.get("load")
    busy = f"; load average {short(load[0], 2)} on {record['cores']} cores" if load else ""
    minutes = record.get("bench_seconds", 0) / 60
    took = f" The bench took {short(minutes, 2)} minutes." if minutes else ""
    return (
        f"Measured {record['measured'][:10]} on {record['device']}, Python {versions['python']}, "
        f"Keras {versions['keras']} with {backend} {versions.get(backend, '')}{busy}. "
        f"Brackets: {brackets}.{took}"
    )


def delivered(found):
    cases = found["input"]["cases"]
    ours, theirs = cases["ours"], cases["decode and SciPy"]
    ram = cases["RAM and SciPy"]["images_per_second"]["median"]
    left = cases["cache"]["images_per_second"]["median"]
    return (
        f"{found['input']['pictures']}, delivered at {found['input']['size']} pixels in batches of "
        f"{found['input']['batch']}. With the same augmentation our way delivers "
        f"{_rate(ours)} images a second and the authors' {_rate(theirs)}: "
        f"**{span(ours['times_theirs'])} times as many**. Decoding is not what costs: from float "
        f"arrays in memory their warp still allows no more than {short(ram)}. Where the "
        "augmentation is part of the step on a GPU, the CPU only reads bytes, and does "
        f"{short(left)} images a second."
    )


def _rate(case):
    return short(case["images_per_second"]["median"])


def _measured(found, name="step"):
    rows = found[name]["backbones"]
    return {key: row for key, row in rows.items() if "error" not in row}


def fed(found):
    rows = _measured(found)
    highest = max(rows, key=lambda name: rows[name]["input_share"]["median"])
    lowest = min(rows, key=lambda name: rows[name]["input_share"]["median"])
    expected = {name: rate for name in rows if (rate := expected_h100(name))}
    text = (
        "Reading and augmenting a batch takes "
        f"{short(100 * rows[highest]['input_share']['median'])} % of the time of a training step "
        f"of {highest} and {short(100 * rows[lowest]['input_share']['median'], 2)} % of one of "
        f"{lowest}, measured in turn."
    )
    if expected:
        fastest = max(expected, key=expected.get)
        needed = expected[fastest] * rows[fastest]["input_size"] ** 2 * 3
        text += (
            f" The fastest of them may train on {short(expected[fastest])} images a second on an "
            f"H100. That is an expectation, not a measurement: {H100_OVER_RTX_3090:g} times the "
            "rate published for an RTX 3090 (timm's benchmarks), which is what ResNet-50 gains. As "
            f"bytes it is {short(needed / 1e9)} GB a second; the bus of such a machine, 16 lanes "
            f"of PCI Express 5.0, can carry {short(BUS_BYTES_PER_SECOND / 1e9, 2)}."
        )
        if found.get("input"):
            left = found["input"]["cases"]["cache"]["images_per_second"]["median"]
            text += (
                f" This CPU reads {short(left)} images a second from the cache, "
                f"{short(left / expected[fastest], 2)} times what that card may take."
            )
    return text


def steps(found):
    rows = _measured(found)
    best = max(rows, key=lambda name: rows[name]["of_roofline"]["median"])
    worst = min(rows, key=lambda name: rows[name]["of_roofline"]["median"])
    peaks = [row["peak"] for row in rows.values()]
    compute = sorted(peak["flops"]["median"] for peak in peaks)[len(peaks) // 2]
    memory = sorted(peak["bytes_per_second"]["median"] for peak in peaks)[len(peaks) // 2]
    failed = sorted(set(found["step"]["backbones"]) - set(rows))
    text = (
        f"Batches of {found['step']['batch']}, recipe *{found['step']['recipe']}*, "
        f"{found['step']['precision']}, at the authors' input sizes. Between the steps this "
        f"machine multiplied matrices at {short(compute / 1e9)} GFLOP/s and copied memory at "
        f"{short(memory / 1e9)} GB/s (medians). {best} comes nearest to what those peaks allow, "
        f"{short(100 * rows[best]['of_roofline']['median'], 2)} %; {worst} stays at "
        f"{short(100 * rows[worst]['of_roofline']['median'], 2)} %."
    )
    return text + (f" Not measured to the end: {', '.join(failed)}." if failed else "")


def traffic(found):
    record = found["step"]
    return (
        f"A step cannot be faster than its arithmetic ({PASSES} passes of {FLOP_PER_MAC} "
        "operations a multiplication) and not faster than its memory traffic. For the latter "
        f"{record['bytes_per_element']} bytes are taken for each number that a layer puts out, "
        "which is what the published rates of batch-normalised networks on GPUs imply in "
        f"{record['precision']}; the traffic of the weights themselves is left out. A small "
        "network on a CPU can keep numbers in the cache that are counted as moved here."
    )


def options(found):
    lines = []
    for network, entry in found["options"]["networks"].items():
        parts = [
            f"{case['label']} {span(case['times_plain'], digits=2)}"
            for name, case in entry["options"].items()
            if name != "plain" and "error" not in case
        ]
        lines.append(
            f"* {network} at {entry['input_size']} pixels, times as fast as the plain step: "
            + "; ".join(parts)
            + "."
        )
    return "\n".join(lines)


def inference(found):
    record = found["latency"]
    rows = record["backbones"]
    fastest = min(rows, key=lambda name: rows[name]["median"])
    slowest = max(rows, key=lambda name: rows[name]["median"])
    threads = record["threads"]
    text = (
        f"{record['repeats']} single images after a warm-up, the networks in turn, "
        f"{_threads(threads)}: {fastest} takes {short(1000 * rows[fastest]['median'])} ms, "
        f"{slowest} {short(1000 * rows[slowest]['median'])} ms, "
        f"{short(rows[slowest]['median'] / rows[fastest]['median'], 2)} times as long."
    )
    small, large = rows.get("MobileNetV3Large"), rows.get("InceptionResNetV2")
    if small and large:
        text += (
            " The paper's Table 6 compares an epoch of InceptionResNetV2, trained on a CPU, with "
            "one of MobileNetV3Large, trained on a GPU, as prediction time; here the former takes "
            f"{short(large['median'] / small['median'], 2)} times as long as the latter."
        )
    return text


def _threads(count):
    if count is None:
        return "all threads"
    return "one thread" if count == 1 else f"{count} threads"


def growth(found):
    record = found["growth"]
    step = record["last_step"]
    before, after = step["sets"]
    steepest = max(step["exponent"], key=step["exponent"].get)
    return (
        f"From {before:,} to {after:,} images, {short(step['images'])} times as many, peak memory "
        f"becomes {short(step['peak_mb'])} times as large. No stage grows faster than the images "
        f"to the power {short(step['exponent'][steepest], 2)} (*{steepest}*); 1 is linear."
    )


def hours(found):
    record = found["reproduce"]
    rows = [row for row in record["runs"] if row["study"] == "paper"]
    text = (
        f"Expected: {short(record['logged_epochs'])} epochs a run, the median of the authors' "
        "logged trainings; at most: what the recipe allows before early stopping."
    )
    known = [row["hours"]["cpu"] for row in rows]
    if known and None not in known:
        text += (
            f" The {len(rows)} runs of the study *paper* would take this CPU "
            f"{short(sum(known))} hours, {short(sum(known) / 24 / 365, 2)} years: it is work for "
            "GPUs. Their columns are floors, from the counted arithmetic and memory traffic and "
            "the makers' data sheets; real trainings are several times slower."
        )
    return text


def small(found):
    record = found["small"]
    row, base = (record["imports"][name] for name in ("import skinlib", "Python alone"))
    loaded = row["backends"]
    text = (
        f"`import skinlib` takes {short(row['seconds']['median'], 2)} s, of which Python itself "
        f"{short(base['seconds']['median'], 2)}; it loads "
        + ("no backend." if not loaded else f"{', '.join(loaded)}.")
    )
    if record.get("book_seconds"):
        text += f" Rendering and building this book took {short(record['book_seconds'])} s."
    return text
