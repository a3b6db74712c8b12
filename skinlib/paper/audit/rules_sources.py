"""Rules about where a printed number comes from: which logged training, average or duration."""

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.paper.audit.facts import NotAvailable
from skinlib.paper.audit.rules_logs import quantity
from skinlib.paper.audit.verdicts import (
    HOLDS,
    LOGS,
    OPEN,
    Result,
    agrees,
    by_match,
    listed,
    only,
    percent,
    rule,
    truncated,
    written,
)


@rule
def from_one_run(facts, backbone, cells, rows):
    """Can one logged training have given all these numbers of one network?

    `cells`: ``[table, row, column, quantity]``; `rows`: ``[table, row, measure]``, which may
    deviate from the log in a single cell by a hundredth.
    """
    runs = {name: run for name, run in facts.logged.items() if run.backbone == backbone}
    sources = {}
    for table, row, column, path in cells:
        printed = facts.cell(table, row, column)
        sources[f"{column} {written(printed)} in Table {table}"] = [
            name for name, run in runs.items() if agrees(printed, quantity(run, path))
        ]
    for table, row, measure in rows:
        cells_ = np.array(facts.table(table).rows[row][: len(CLASSES)])
        sources[f"the row of {row} in Table {table}"] = [
            name
            for name, run in runs.items()
            if np.abs(np.array(getattr(run, measure)) - cells_).sum() < 0.0101
        ]
    common = set.intersection(*map(set, sources.values()))
    parts = [f"{what}: {listed(found) if found else 'none'}" for what, found in sources.items()]
    evidence = f"Logged trainings that fit – {'; '.join(parts)}."
    return Result(f"one {backbone}", evidence, HOLDS if common else LOGS)


@rule
def is_average(facts, table, row, column, run, printed, claimed, source="paper"):
    """Which average of the logged one-vs-rest AUCs is a printed AUC?

    `printed` is a number, or the name of one in the abstract.
    """
    number = facts.headline[source]["abstract"][printed] if isinstance(printed, str) else printed
    averages = facts.run(run).auc
    kinds = [kind for kind, value in averages.items() if agrees(number, value)]
    said = ", ".join(f"{kind} {value:.4f}" for kind, value in averages.items())
    evidence = f"Logged for {run}: {said}. Table {table} prints "
    evidence += f"{written(facts.cell(table, row, column))} for the same network."
    found = only(f"the {kinds[0]} average") if kinds else LOGS
    verdict = HOLDS if claimed in kinds else found
    return Result(f"{claimed} average {written(number)}", evidence, verdict)


@rule
def auc_of_training(facts, table, row, column, runs):
    """Which training gives a printed AUC, as an average or as a mean of truncated class AUCs?

    The first of `runs` is the training that gave the accuracy.
    """
    number = facts.cell(table, row, column)
    parts, found = [], []
    for name in runs:
        run = facts.run(name)
        cut = [truncated(value, 2) for value in run.class_auc]
        mean = sum(cut) / len(cut)
        said = ", ".join(f"{kind} {value:.4f}" for kind, value in run.auc.items())
        parts.append(f"{name}: {said}, mean of the class AUCs cut to two decimals {mean:.4f}")
        if any(agrees(number, value) for value in run.auc.values()):
            found.append(name)
        elif agrees(number, mean):
            found.append(f"{name}, with class AUCs cut to two decimals")
    evidence = f"Printed is {written(number)}. {'; '.join(parts)}."
    other = only(found[0]) if found else LOGS
    return Result(written(number), evidence, HOLDS if found[:1] == [runs[0]] else other)


@rule
def column_from_elsewhere(facts, table, column, rows, elsewhere):
    """Are the AUCs of a column any logged average, or those of another work?

    `rows`: row to training; `elsewhere`: row to ``[number, what it is]``.
    """
    parts, matching, copied = [], 0, 0
    for row, name in rows.items():
        printed, averages = facts.cell(table, row, column), facts.run(name).auc
        kinds = [kind for kind, value in averages.items() if agrees(printed, value)]
        matching += bool(kinds)
        values = ", ".join(f"{kind} {value:.4f}" for kind, value in averages.items())
        said = f"{row} printed {written(printed)}, logged {values}"
        if row in elsewhere:
            number, what = elsewhere[row]
            fits = agrees(printed, number)
            copied += fits
            said += f"; {what} {number}" + ("" if fits else " (not that either)")
        parts.append(said)
    evidence = (
        f"{matching} of the {len(rows)} printed AUCs match a logged average of their own training; "
        f"{copied} match an AUC that reference [14], or a sheet of the authors about it, has for "
        f"another network. {'. '.join(parts)}."
    )
    claimed = ", ".join(written(facts.cell(table, row, column)) for row in rows)
    return Result(claimed, evidence, HOLDS if matching == len(rows) else LOGS)


@rule
def some_run_has(facts, backbone, table, row, columns, averages=("macro", "weighted")):
    """Did any logged training of a network reach the printed precision, F1, …?"""
    runs = [r for r in facts.logged.values() if r.backbone == backbone and "MD" in r.name]
    parts, fits = [], None
    for column in columns:
        printed = facts.cell(table, row, column)
        found = {
            f"{run.name} ({kind})"
            for run in runs
            for kind in averages
            if agrees(printed, getattr(run, kind)[column])
        }
        best = max(run.macro[column] for run in runs)
        names = listed(sorted(found)) if found else "none"
        parts.append(f"{column} {written(printed)}: {names}; highest macro {column} {best:.2f}")
        names_only = {name.partition(" (")[0] for name in found}
        fits = names_only if fits is None else fits & names_only
    claimed = ", ".join(f"{c} {written(facts.cell(table, row, c))}" for c in columns)
    evidence = f"{len(runs)} logged trainings of {backbone} with metadata. {'. '.join(parts)}."
    return Result(claimed, evidence, HOLDS if fits else LOGS)


@rule
def classes_done_well(facts, run, classes, table, row):
    """Are these the only classes in which a training reaches the F1 that the table prints?"""
    trained = facts.run(run)
    printed = facts.table(table).rows[row][: len(CLASSES)]
    well = [n for n, f1, least in zip(CLASSES, trained.f1, printed, strict=True) if f1 >= least]
    values = ", ".join(
        f"{name} {f1:.2f} ({least:.2f})"
        for name, f1, least in zip(CLASSES, trained.f1, printed, strict=True)
    )
    evidence = (
        f"F1 logged for {run}, in brackets what Table {table} prints for {row}: {values}. It is "
        f"no lower in {listed(well)}."
    )
    if set(well) == set(classes):
        verdict = HOLDS
    else:
        # "Well" is our reading: where the named classes are among them, the claim is too narrow.
        verdict = only(listed(well)) if set(classes) < set(well) else LOGS
    return Result(f"only {listed(classes)}", evidence, verdict)


@rule
def times_are_epochs(facts, table, column, rows, tolerance=0.03):
    """Are the printed times those of a training epoch? `rows`: row to training."""
    parts, epochs = [], 0
    for row, name in rows.items():
        printed, run = facts.cell(table, row, column), facts.run(name)
        epochs += abs(run.seconds_per_epoch / printed - 1) <= tolerance
        where = f" on {listed(run.devices)}" if run.devices else ""
        parts.append(f"{row} printed {printed:,} s, logged {run.seconds_per_epoch:,} s for an "
                     f"epoch of {name}{where}")  # fmt: skip
    evidence = (
        f"{'; '.join(parts)}. {epochs} of the {len(rows)} printed times fit one training epoch "
        f"(within {percent(tolerance, 0)})."
    )
    claimed = ", ".join(f"{facts.cell(table, row, column):,}" for row in rows)
    return Result(claimed, evidence, LOGS if epochs else HOLDS)


@rule
def divided(facts, table, rows, column, numerator, divisor):
    """Are the journal's inference times the epoch times over a number of images, truncated?"""
    parts, same = [], 0
    for row in rows:
        printed = facts.cell(table, row, column, "journal")
        epoch = facts.cell(table, row, numerator, "journal")
        same += abs(truncated(epoch / divisor, 2) - printed) < 1e-9
        parts.append(f"{row} {printed:.2f}, {epoch:,} / {divisor} = {epoch / divisor:.4f}")
    # No time of inference was logged, so nothing contradicts these; matching digits say where
    # they may come from.
    verdict = OPEN if same else HOLDS
    evidence = (
        f"{'; '.join(parts)}. Of the {len(rows)} times {same} are the seconds of a training "
        f"epoch divided by {divisor}, truncated."
    )
    claimed = ", ".join(written(facts.cell(table, r, column, "journal")) for r in rows)
    return Result(claimed, evidence, verdict)


@rule
def printed_matrix(facts, figure, label):
    """Is a row of a printed confusion matrix the logged one, and does it add up?"""
    entry = facts.confusion["journal"][figure]
    place = CLASSES.index(label)
    printed, logged = entry["counts"][place], facts.confusion["logged"][entry["run"]][place]
    images = facts.run(entry["run"]).images[place]
    evidence = (
        f"Row {label}: the diagonal is printed {printed[place]}, logged {logged[place]} "
        f"({entry['run']}); the printed row adds up to {sum(printed)}, the logged one to "
        f"{sum(logged)}, and there were {images} images of {label}."
    )
    return Result(str(printed[place]), evidence, HOLDS if printed == logged else LOGS)


@rule
def weights_were_off(facts, table, column, runs):
    """Were the trainings behind a column made without class weights?"""
    parts, fits, without = [], 0, 0
    for row, name in runs.items():
        run = facts.run(name)
        printed = facts.cell(table, row, column, "journal")
        fits += agrees(printed, run.accuracy)
        none = len(set(run.class_weights)) == 1
        without += none
        weights = "equal" if none else f"{min(run.class_weights)} to {max(run.class_weights)}"
        parts.append(f"{row} {written(printed)}, {name} {run.accuracy:.4f}, weights {weights}")
    if fits < len(runs):
        msg = "the trainings behind the column are not identified"
        raise NotAvailable(msg)
    evidence = "; ".join(parts) + "."
    claimed = ", ".join(written(facts.cell(table, row, column, "journal")) for row in runs)
    verdict = by_match(without, len(runs), "rows", only("trainings with other class weights"))
    return Result(claimed, evidence, verdict)
