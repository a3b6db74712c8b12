"""Rules that compare printed cells with what the authors' notebooks logged."""

import numpy as np

from skinlib.common.classes import CLASSES, HAM10000_COUNTS
from skinlib.paper.audit.facts import NotAvailable
from skinlib.paper.audit.verdicts import (
    HOLDS,
    LOGS,
    OWN_TABLE,
    Result,
    agrees,
    label,
    listed,
    mean_agrees,
    only,
    rule,
    share,
    written,
)


def quantity(run, path):
    """Return a number of a logged training by name, ``accuracy`` or ``auc.macro`` for example.

    ``one_vs_rest.<name>`` is the mean over classes of a rate computed from the logged counts.
    """
    if path.startswith("one_vs_rest."):
        return float(np.mean(class_values(run, path)))
    first, _, second = path.partition(".")
    value = getattr(run, first)
    value = value.get(second) if second and value is not None else value
    if value is None:
        msg = f"'{path}' of {run.name} was not logged"
        raise NotAvailable(msg)
    return value


def class_values(run, path):
    """Return the class values behind a mean of `quantity`, or None where it is no such mean."""
    if path == "auc.macro":
        return run.class_auc
    if not path.startswith("one_vs_rest."):
        return None
    counts = run.tn_fp_fn_tp
    if counts is None or None in counts:
        msg = f"the one-vs-rest counts of {run.name} are not complete"
        raise NotAvailable(msg)
    tn, fp, fn, tp = np.array(counts, float).T
    sensitivity, specificity = tp / (tp + fn), tn / (tn + fp)
    rates = {
        "specificity": specificity,
        "sensitivity": sensitivity,
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "precision": tp / (tp + fp),
        "f1": 2 * tp / (2 * tp + fp + fn),
    }
    return rates[path.partition(".")[2]].tolist()


def _say(value):
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


@rule
def cells_in_log(facts, cells, version="paper"):
    """Is each printed cell the logged number, rounded or truncated to the printed digits?

    A mean over classes may also be that of class values cut to two decimals.

    A cell is ``{table, row, column, run, quantity}`` and may name ``also``: another training
    of the same network which the cell may come from.
    """
    good, cut, other, parts = 0, 0, [], []
    for cell in cells:
        printed = facts.cell(cell["table"], cell["row"], cell["column"], version)
        value = quantity(facts.run(cell["run"]), cell["quantity"])
        exact = isinstance(printed, int) and isinstance(value, int)
        same = printed == value if exact else agrees(printed, value)
        place = f"{cell['row']}, {label(cell['column'])}"
        said = f"{place}: printed {written(printed)}, logged {_say(value)}"
        behind = class_values(facts.run(cell["run"]), cell["quantity"])
        if not same and behind and mean_agrees(printed, behind):
            same, cut = True, cut + 1
            said += " (the printed one if the classes are cut to two decimals first)"
        good += same
        for name in [] if same else cell.get("also", []):
            second = quantity(facts.run(name), cell["quantity"])
            said += f" ({name}: {_say(second)})"
            if agrees(printed, second):
                other.append(name)
        parts.append((same, said))
    claimed = ", ".join(
        written(facts.cell(c["table"], c["row"], c["column"], version)) for c in cells
    )
    # A long list of agreeing cells helps nobody: count them, and name the others.
    if len(cells) > 4:
        wrong = [said for same, said in parts if not same]
        evidence = f"{share(good, len(cells), 'cells')} agree with the logs"
        evidence += f", {cut} of them as a mean of classes cut to two decimals" if cut else ""
        evidence += f"; {'; '.join(wrong)}." if wrong else "."
    else:
        evidence = "; ".join(said for _, said in parts) + "."
    if good == len(cells):
        return Result(claimed, evidence, HOLDS)
    matched = good + len(other) == len(cells)
    return Result(claimed, evidence, only(listed(other)) if matched else LOGS)


@rule
def rows_in_log(facts, table, rows, quantity, classes=CLASSES):
    """Are the per-class cells of each row those of its logged training?

    Logs give two decimals, rounded; a cell one hundredth lower may be the same number,
    truncated, and counts as agreeing.
    """
    column_of = facts.table(table).columns.index
    parts, slack, wrong = [], [], 0
    for row, name in rows.items():
        cells = facts.table(table).rows[row]
        logged = getattr(facts.run(name), quantity)
        before = wrong
        for class_ in classes:
            printed, value = cells[column_of(class_)], logged[CLASSES.index(class_)]
            if abs(printed - value) < 1e-9:
                continue
            said = f"{row}, {class_}: printed {printed:.2f}, logged {value:.2f}"
            if abs(printed + 0.01 - value) < 1e-9:
                slack.append(said)
            else:
                wrong += 1
                parts.append(said)
        if wrong > before:
            parts += _twins(facts, table, row)
    total = len(rows) * len(classes)
    claimed = f"{quantity} of {listed(rows)}" if len(rows) < 3 else f"{quantity}, {len(rows)} rows"
    if wrong:
        return Result(claimed, f"Table {table}, {'; '.join(parts)}.", LOGS)
    good = f"all {total}" if not slack else f"{total - len(slack)} of {total}"
    evidence = f"Table {table}: {good} cells equal the logs"
    evidence += f"; {listed(slack)}, a hundredth less, as truncating would give." if slack else "."
    return Result(claimed, evidence, HOLDS)


def _twins(facts, table, row):
    """Say of which other logged training, or printed row, the row is a copy."""
    cells = facts.table(table).rows[row][: len(CLASSES)]
    twins = [
        f"the {measure} of {name}"
        for name, run in facts.logged.items()
        for measure in ("recall", "f1")
        if np.allclose(getattr(run, measure), cells)
    ]
    twins += [
        f"the row of the same name in Table {number}"
        for number in ("A3", "A4")
        if number != table and np.allclose(facts.table(number).rows[row][: len(CLASSES)], cells)
    ]
    return [f"the row of {row} equals {listed(twins)}"] if twins else []


@rule
def column_repeats(facts, table, column, of, rows, quantity):
    """Do two columns of a table hold the same numbers where the logs do not?"""
    index = facts.table(table).columns.index
    place = CLASSES.index(column)
    parts = []
    for row in rows:
        cells = facts.table(table).rows[row]
        logged = getattr(facts.run(row), quantity)[place]
        if cells[index(column)] == cells[index(of)] and not agrees(cells[index(column)], logged):
            parts.append(f"{row} printed {cells[index(column)]:.2f}, logged {logged:.2f}")
    claimed = f"{quantity} of {column}, {len(rows)} rows"
    if parts:
        evidence = (
            f"In {share(len(parts), len(rows), 'rows')} the {column} cell of Table {table} repeats "
            f"the {of} cell and is not what was logged: {'; '.join(parts)}."
        )
        return Result(claimed, evidence, LOGS)
    return Result(claimed, f"Table {table}: no {column} cell repeats {of} wrongly.", HOLDS)


@rule
def abstract_in_log(facts, run, numbers):
    """Are the numbers of the abstract those of a logged training?

    `numbers`: name in the abstract to quantity of the training.
    """
    said, trained = facts.headline["paper"]["abstract"], facts.run(run)
    values = {name: quantity(trained, path) for name, path in numbers.items()}
    good = sum(agrees(said[name], value) for name, value in values.items())
    parts = [f"{name} {written(said[name])}, logged {value:.4g}" for name, value in values.items()]
    evidence = f"{run}, macro averages: {'; '.join(parts)}."
    claimed = ", ".join(f"{name} {written(said[name])}" for name in numbers)
    return Result(claimed, evidence, HOLDS if good == len(numbers) else LOGS)


@rule
def recounted(facts, table, column):
    """Are the class counts those of the data set, as skinlib and the logged splits count it?"""
    printed = {name: facts.cell(table, name, column) for name in CLASSES}
    other = [
        f"{name} printed {printed[name]:,}, counted {count:,}"
        for name, count in HAM10000_COUNTS.items()
        if printed[name] != count
    ]
    good = share(len(CLASSES) - len(other), len(CLASSES), "classes")
    evidence = f"{good} agree with the count that skinlib checks a copy of the data against"
    evidence += f"; {'; '.join(other)}." if other else f" ({sum(printed.values()):,} photographs)."
    claimed = ", ".join(f"{name} {count:,}" for name, count in printed.items())
    return Result(claimed, evidence, HOLDS if not other else OWN_TABLE)
