"""Rules that look outside the paper and its logs: our own runs, and the works it compares with."""

from skinlib.paper.audit.facts import NotAvailable
from skinlib.paper.audit.verdicts import (
    HOLDS,
    LOGS,
    NOT_HERE,
    ONLY,
    OPEN,
    Result,
    agrees,
    listed,
    only,
    rule,
    written,
)


@rule
def our_run(facts, backbone, recipe, table, row, column, metric="accuracy", tolerance=0.02):
    """What reached our run of this network, and was it set up as theirs?

    ``open`` while there is no run; ``not reproducible here`` while the run had smaller
    pictures or fewer epochs than theirs, so that it decides nothing.
    """
    printed = facts.cell(table, row, column)
    claimed = f"{row}, {metric} {written(printed)}"
    runs = [run for run in facts.ours if (run.backbone, run.recipe) == (backbone, recipe)]
    if not runs:
        return Result(claimed, f"No finished run of ours with {backbone}, {recipe}.", OPEN)
    full = [run for run in runs if run.as_logged_setup]
    run = (full or sorted(runs, key=lambda run: run.size))[-1]
    value = run.summary[metric]
    evidence = (
        f"{run.name}: {value:.4f} on {run.images:,} test images, {run.epochs} epochs at "
        f"{run.size} pixels."
    )
    if not full:
        size = facts.graph(backbone)["input_size"]
        evidence += f" The authors trained longer, at {size} pixels, so this run does not decide."
        return Result(claimed, evidence, NOT_HERE)
    near = abs(value - printed) <= tolerance
    evidence += f" Within {tolerance:g} of the printed number: {'yes' if near else 'no'}."
    return Result(claimed, evidence, HOLDS if near else NOT_HERE)


@rule
def our_effect(facts, factor):
    """Did turning one thing on improve the network in our factorial study?

    ``open`` while the study is not finished, or where neither interval excludes 0.
    """
    if factor not in facts.effects:
        msg = f"the factorial study that turns {factor} on and off is not finished here"
        raise NotAvailable(msg)
    found = {score: facts.effects[factor][score] for score in ("accuracy", "mean recall")}
    said = ", ".join(f"{score} {one.text(signed=True)}" for score, one in found.items())
    evidence = (
        f"Main effect of {factor} over all combinations of the other factors, MobileNetV2 above a "
        f"frozen lower part at 96 pixels, lesion-disjoint: {said}."
    )
    better = [score for score, one in found.items() if one.sign > 0]
    if len(better) == len(found):
        return Result(f"{factor} improves", evidence, HOLDS)
    verdict = f"{ONLY} {listed(better)}" if better else OPEN
    return Result(f"{factor} improves", evidence, verdict)


@rule
def measured_speed(facts, fast, slow, factor=None, tolerance=0.25):
    """How many times faster is a prediction, measured by us on one device?

    Without a claimed factor, twice as fast is enough for "much".
    """
    missing = [name for name in (fast, slow) if name not in facts.inference]
    if missing:
        msg = f"the time of a prediction was not measured here for {listed(missing)}"
        raise NotAvailable(msg)
    ratio = facts.inference[slow] / facts.inference[fast]
    evidence = (
        f"Measured here, one device: {fast} {facts.inference[fast]:.4g} s an image, {slow} "
        f"{facts.inference[slow]:.4g} s, {ratio:.1f} times as long."
    )
    good = ratio >= 2 if factor is None else abs(ratio / factor - 1) <= tolerance
    others = {
        name: seconds / facts.inference[fast]
        for name, seconds in facts.inference.items()
        if factor and name not in (fast, slow)
    }
    if others:
        said = listed(f"{value:.1f} of {name}" for name, value in others.items())
        evidence += f" The same for others: {said}."
    fits = [name for name, value in others.items() if abs(value / factor - 1) <= tolerance]
    claimed = f"{fast} faster than {slow}" + (f", {factor} times" if factor else "")
    other = only(listed(fits)) if fits else NOT_HERE
    return Result(claimed, evidence, HOLDS if good else other)


@rule
def reported_elsewhere(facts, table, row, cells, data, expected_data="HAM10000"):
    """Does the cited work report this number, as this measure, on this data?

    `cells`: column to ``[reported, measure]``; a measure that differs from the column, or
    other data, is what the number holds against.
    """
    parts, wrong, other = [], [], []
    for column, (value, measure) in cells.items():
        printed = facts.cell(table, row, column)
        same = agrees(printed, value)
        parts.append(f"{column} printed {written(printed)}, reported {value} ({measure})")
        if not same:
            wrong.append(column)
        elif measure != column:
            other.append(measure)
    evidence = f"Reference [{row}], evaluated on {data}: {'; '.join(parts)}."
    claimed = f"[{row}] " + ", ".join(
        f"{column} {written(facts.cell(table, row, column))}" for column in cells
    )
    if wrong:
        return Result(claimed, evidence, NOT_HERE)
    against = [*dict.fromkeys(other), *([data] if data != expected_data else [])]
    return Result(claimed, evidence, only(" on ".join(against)) if against else HOLDS)


@rule
def rerun_agrees(facts, table, row, cells, run):
    """Do the authors' own re-run of a cited work and the printed cells agree?"""
    parts, wrong = [], 0
    trained = facts.run(run)
    for column, path in cells.items():
        printed = facts.cell(table, row, column)
        first, _, second = path.partition(".")
        value = getattr(trained, first)
        value = value[second] if second else value
        same = agrees(printed, value) or abs(printed + 0.01 - value) < 1e-9
        wrong += not same
        parts.append(f"{column} printed {written(printed)}, logged {value:.4g}")
    evidence = f"{run}, {trained.test_images} images: {'; '.join(parts)}."
    claimed = ", ".join(f"{c} {written(facts.cell(table, row, c))}" for c in cells)
    return Result(claimed, evidence, LOGS if wrong else HOLDS)
