"""Tables and sentences of the page on what was run, and what was not afforded."""

import pandas as pd

from skinlib.bench.cells import short
from skinlib.evidence import run_list
from skinlib.evidence.run_list import FAILED, FINISHED, MISSING, RUNNING
from skinlib.tables import NOT_PRINTED, NOT_RUN, number

# More names than these are counted, not listed.
MOST = 3


def pages(plans=None):
    """Return frames, texts and figures (none) of the page, by file name (``runs-…``).

    Parameters
    ----------
    plans : list of skinlib.evidence.run_list.Plan, optional
        All studies by default.

    Returns
    -------
    frames : dict of str to pandas.DataFrame
    texts : dict of str to str
    drawn : dict
        Empty.
    """
    plans = run_list.gather() if plans is None else plans
    real = [each for each in plans if not each.synthetic]
    rows = [row for each in real for row in each.there]
    frames = {
        "runs-studies": pd.DataFrame([_study(each) for each in plans]),
        "runs-designs": pd.DataFrame([_design(each) for each in plans]),
        "runs-list": pd.DataFrame([_run(row) for row in rows] or [{"Run": NOT_RUN}]),
    }
    drawn_pictures = [row for each in plans if each.synthetic for row in each.there]
    texts = {"runs-totals": of_totals(rows, drawn_pictures), "runs-missing": of_missing(real)}
    return frames, texts, {}


def of_totals(rows, drawn=()):
    """Say how much training there was on the real data, on what; Markdown.

    Parameters
    ----------
    rows : list of skinlib.evidence.run_list.Row
        Runs that were started, on the real data.
    drawn : list of skinlib.evidence.run_list.Row
        Those on synthetic pictures.
    """
    if not rows:
        return "No run on the real data is there yet.\n"
    done = [row for row in rows if row.status == FINISHED]
    machines = "; ".join(f"{count} on {name}" for name, count in run_list.devices(rows).items())
    lines = [
        f"* On the real data **{_runs(len(rows))}** {_was(len(rows))} started and {len(done)} "
        f"finished: {machines}.",
        f"* They trained for **{short(run_list.hours(rows))} h**, "
        f"{sum(row.epochs for row in rows):,} epochs in all.",
    ]
    cpu = [row for row in rows if row.cores]
    if cpu:
        lines.append(
            f"* On CPUs that is **{short(run_list.core_hours(cpu))} core-hours**: hours times the "
            "cores of the machine, also where two runs shared it."
        )
    other = [row for row in rows if not row.on_cpu]
    if other:
        lines.append(f"* On accelerators it is {short(run_list.hours(other))} h.")
    longest = max(rows, key=lambda row: row.seconds)
    lines.append(f"* The longest is *{longest.name}*, {short(longest.seconds / 3600)} h.")
    lines += _memory(run_list.peaks_mb(rows))
    times = [row.run.record.get("resumed", 0) for row in rows]
    again = sum(count > 0 for count in times)
    lines.append(
        f"* {_runs(again).capitalize()} {_was(again)} interrupted and resumed, {sum(times)} "
        f"{'time' if sum(times) == 1 else 'times'}."
        if again
        else "* No run had to be resumed."
    )
    if drawn:
        lines.append(
            f"* On synthetic pictures {_runs(len(drawn))} {'is' if len(drawn) == 1 else 'are'} "
            f"there, {short(run_list.hours(drawn))} h."
        )
    return "\n".join(lines) + "\n"


def _memory(peaks):
    """Say what runs need, and what a process grows to that trains many."""
    if not peaks:
        return []
    least = [each[0] for each in peaks.values()]
    text = (
        f"* The smallest peak of memory of each recipe and size, nearest to what one run needs, is "
        f"{_span(least)} MB."
    )
    kind, grown = max(peaks.items(), key=lambda item: item[1][-1])
    if grown[-1] > max(least):
        _, recipe, size = kind
        text += (
            f" A process that trains several runs keeps memory of each: with *{recipe}* at {size} "
            f"pixels the peaks go from {grown[0]:,} to {grown[-1]:,} MB."
        )
    return [text]


def of_missing(plans):
    """Say which planned runs are not finished, and what the finished ones ran on; Markdown.

    Parameters
    ----------
    plans : list of skinlib.evidence.run_list.Plan
        Of studies on the real data.
    """
    total = sum(len(each.planned) for each in plans)
    short_of = [each for each in plans if each.count(FINISHED) < len(each.planned)]
    if not short_of:
        return f"All {total} planned runs on the real data are finished.\n"
    missing = sum(len(each.planned) - each.count(FINISHED) for each in short_of)
    lines = [f"Of {total} planned runs on the real data {missing} are not finished. "
             f"{_reason(plans)}", ""]  # fmt: skip
    for each in short_of:
        left = [row for row in each.planned if row.status != FINISHED]
        how = ", ".join(
            f"{each.count(status)} {status}"
            for status in (MISSING, RUNNING, FAILED)
            if each.count(status)
        )
        specs = [row.spec for row in left]
        what = "; ".join(
            [
                _listed(dict.fromkeys(spec.backbone for spec in specs), "backbones"),
                f"{_span({spec.size for spec in specs})} px",
                _seeds({spec.seed for spec in specs}),
            ]
        )
        lines.append(
            f"* **{each.study.name}**: {len(left)} of {len(each.planned)} ({how}): {what}."
        )
    return "\n".join(lines) + "\n"


def _reason(plans):
    done = [row for each in plans for row in each.there if row.status == FINISHED]
    if not done:
        return "None is, so far."
    fast = sum(not row.on_cpu for row in done)
    if not fast:
        names = ", ".join(run_list.devices(done))
        return (
            f"None of the finished ones ({len(done)}) had an accelerator; they ran on {names}. "
            "[The page on speed](speed.md) says how long a study takes there."
        )
    return f"Of the finished ones ({len(done)}) {fast} ran on an accelerator."


def _runs(count):
    return "one run" if count == 1 else f"{count:,} runs"


def _was(count):
    return "was" if count == 1 else "were"


def _seeds(seeds):
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {_numbers(seeds)}"


def _numbers(seeds):
    return ", ".join(map(str, sorted(seeds)))


def _listed(names, what):
    names = list(names)
    return ", ".join(names) if len(names) <= MOST else f"{len(names)} {what}"


def _span(values):
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _study(plan):
    there = plan.there
    peaks = [peak for each in run_list.peaks_mb(there).values() for peak in each]
    return {
        "Study": plan.study.name,
        "Title": plan.study.title,
        "Planned": len(plan.planned),
        "Finished": plan.count(FINISHED),
        "Failed": plan.count(FAILED),
        "Unfinished": plan.count(RUNNING, MISSING),
        "Beside the plan": len(plan.rows) - len(plan.planned),
        "Training, h": short(run_list.hours(there)) if there else NOT_PRINTED,
        "CPU core-hours": short(run_list.core_hours(there) or None),
        "Peak memory, MB": _span(peaks) if peaks else NOT_PRINTED,
    }


def _design(plan):
    """Return what a study asks for, or of a folder without a study what its runs were."""
    records = [row.run.record for row in plan.there]
    specs = [row.spec for row in plan.planned]
    data = dict.fromkeys(record["data"]["name"] for record in records)
    sizes = [spec.size for spec in specs] or [record["input_size"] for record in records]
    recipes = [spec.recipe for spec in specs] or [record["recipe"]["name"] for record in records]
    backbones = [spec.backbone for spec in specs] or [record["backbone"] for record in records]
    seeds = [spec.seed for spec in specs] or [record["seed"] for record in records]
    return {
        "Study": plan.study.name,
        "Data": ", ".join(data) or NOT_RUN,
        "Device": "; ".join(run_list.devices(plan.there)) or NOT_RUN,
        "Input, px": _span(sizes),
        "Backbones": _listed(dict.fromkeys(backbones), "backbones"),
        "Recipes": ", ".join(dict.fromkeys(recipes)),
        "Seeds": _numbers(set(seeds)),
    }


def _run(row):
    record = row.run.record
    return {
        "Run": row.name,
        "Study": row.study,
        "Status": row.status,
        "Epochs": row.epochs,
        "s/epoch": number(record.get("seconds_per_epoch"), 0),
        "Training, h": short(row.seconds / 3600),
        "Peak memory, MB": f"{record['peak_memory_mb']:,}"
        if "peak_memory_mb" in record
        else NOT_PRINTED,
        "Device": record["device"],
        "Finished": record.get("finished", NOT_PRINTED),
        "Keras / backend": f"{record['versions']['keras']} / {record['versions']['backend']}",
        "Split": f"{record['split']['unit']} ({record['split']['hash']})",
        "Resumed": record.get("resumed", 0),
    }
