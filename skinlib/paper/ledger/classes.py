"""Tables A3, A4 and A5: the results of each class, and means over classes.

``ours`` is a `skinlib.paper.measured.Ours`.
"""

import statistics

import numpy as np
import pandas as pd

from skinlib import paper
from skinlib.common.classes import CLASSES
from skinlib.paper.ledger import UNKNOWN, Notes
from skinlib.paper.ledger.models import swapped
from skinlib.paper.measured import scores, spread
from skinlib.paper.rounding import CUT, DIFFERS, SAME, compare, cut, fixed

# Score of a table: of a log, of the other table, of our runs, and in words.
_SCORES = {"A3": ("f1", "A4", "f1", "F1"), "A4": ("recall", "A3", "sensitivity", "recall")}
# Indicators of Table A5, and the scores of our runs.
INDICATORS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "ovr_balanced_accuracy",
    "precision": "macro_precision",
    "f1": "macro_f1",
    "sensitivity": "mean_recall",
    "specificity": "specificity",
    "auc": "auc_macro",
}


def per_class(number, ours):
    """Return Table A3 (F1) or A4 (recall) and its notes."""
    score, _, key, _ = _SCORES[number]
    notes, rows = Notes(), []
    for row, (*cells, mean) in paper.printed()[number].rows.items():
        run = paper.behind(row)
        logged, recomputed = getattr(run, score), float(np.mean(cells))
        reasons = _reasons(number, row)
        rows.append(
            {"Model": row, "Source": "paper"}
            | {name: notes.mark(fixed(value), reason, row, name)
               for name, value, reason in zip(CLASSES, cells, reasons, strict=True)}
            | {"Mean": notes.mark(fixed(mean), _mean_reason(row, score, mean, recomputed), row,
                                  "mean"),
               "Mean of the row": fixed(recomputed, 4)}
        )  # fmt: skip
        rows.append(
            {"Model": row, "Source": "logged"}
            | {name: fixed(value) for name, value in zip(CLASSES, logged, strict=True)}
            | {"Mean": fixed(run.macro[score]), "Mean of the row": fixed(float(np.mean(logged)), 4)}
        )
        found = ours.by_recipe(*row.split())
        rows += [_ours(row, title, key, runs) for title, runs in found.items() if runs]
    note = notes.markdown(ours.sources())
    return pd.DataFrame(rows), f"Logged on {_tested(paper.printed()[number].rows)}.\n\n{note}"


def _ours(row, title, key, runs):
    values = np.array([scores(run)["classes"][key] for run in runs])
    cells = {name: spread(values[:, index], 2) for index, name in enumerate(CLASSES)}
    means = np.nanmean(values, axis=1)
    return {"Model": row, "Source": title, **cells, "Mean": spread(means, 2),
            "Mean of the row": spread(means, 4)}  # fmt: skip


def _tested(rows):
    """Return on how many images the runs behind the rows were tested, the fewest by name."""
    counts = {row: paper.behind(row).test_images for row in rows}
    common = statistics.mode(counts.values())
    others = {}
    for row, count in counts.items():
        if count != common:
            others.setdefault(count, []).append(row)
    parts = [f"{count:,} for {', '.join(names)}" for count, names in others.items()]
    return "; ".join([f"{common:,} test images", *parts])


def _reasons(number, row):
    """Say for each class why the printed cell is not the logged one, None where it is.

    Reasons are computed from the numbers: a row that is another one, a cell that repeats another
    one, a number cut instead of rounded.
    """
    score, other, _, _ = _SCORES[number]
    tables, run = paper.printed(), paper.behind(row)
    printed = tables[number].rows[row][:7]
    rows = {f"the printed row of Table {other}": tables[other].rows[row][:7]}
    rows |= {
        f"the logged row of {name}": tuple(getattr(paper.behind(name), score))
        for name in tables[number].rows
        if name != row
    }
    taken = [name for name, cells in rows.items() if cells == printed]
    states = [compare(*pair) for pair in zip(printed, getattr(run, score), strict=True)]
    elsewhere = getattr(run, _SCORES[other][0])
    reasons = []
    for index, state in enumerate(states):
        if state == SAME:
            reasons.append(None)
        elif taken and states.count(DIFFERS) > 1:
            reasons.append(f"the whole row is {taken[0]}")
        elif state == CUT:
            reasons.append("cut, not rounded")
        elif CLASSES[index] == "vasc" and printed[index] == printed[CLASSES.index("nv")]:
            reasons.append("the printed cell of vasc repeats the one of nv")
        elif printed[index] == elsewhere[index]:
            reasons.append(f"the printed cell equals its {_SCORES[other][3]}")
        else:
            reasons.append(UNKNOWN)
    return reasons


def _mean_reason(row, score, printed, mean):
    state = compare(printed, mean)
    if state == SAME:
        return None
    if state == CUT:
        return "the mean of the printed cells, cut, not rounded"
    headline = paper.logged_run(row)
    if headline != paper.behind(row) and compare(printed, headline.macro[score]) == SAME:
        return (
            "not the mean of the row; the mean of the training run that the headline accuracy is of"
        )
    return "not the mean of the row"


def table_a5(ours):
    """Return Table A5, indicators of the mobile models, and its notes."""
    table, notes, rows = paper.printed()["A5"], Notes(), []
    for model in table.rows:
        run = paper.logged_run(f"{model} MD")
        for indicator, key in INDICATORS.items():
            printed, logged = table.value(model, indicator), logged_indicator(run, indicator)
            name, reason = indicator.replace("_", " "), _a5_reason(model, indicator, printed, run)
            rows.append(
                {
                    "Model": model,
                    "Indicator": name,
                    "Paper": notes.mark(fixed(printed), reason, model, name),
                    "Logged": fixed(logged, 4 if indicator in ("accuracy", "auc") else 3),
                    **ours.cells(model, "MD", key),
                }
            )
    return pd.DataFrame(rows), notes.markdown(ours.sources())


def logged_indicator(run, indicator):
    """Return an indicator of a logged training run: its accuracy, or a mean over classes."""
    return run.accuracy if indicator == "accuracy" else float(np.mean(run.rates()[indicator]))


def _a5_reason(model, indicator, printed, run):
    state = compare(printed, logged_indicator(run, indicator))
    mean_f1 = paper.printed()["A3"].value(f"{model} MD", "mean")
    if state == SAME:
        return None
    if indicator == "f1" and compare(printed, mean_f1) == SAME:
        return "the printed mean of Table A3, which repeats nv in place of vasc"
    if state == CUT:
        return "cut, not rounded"
    if indicator == "accuracy":
        return swapped(paper.printed()["5"], model, "MD", printed, run.accuracy)
    if compare(printed, float(np.mean(cut(run.rates()[indicator])))) in (SAME, CUT):
        return "the mean of the seven values, each cut to two decimals"
    return UNKNOWN
