"""Tables A3, A4 and A5: the results of each class, and means over classes."""

import statistics

import numpy as np

from skinlib import paper
from skinlib.common.classes import CLASSES
from skinlib.paper.ledger.cells import UNKNOWN, Notes, compare, row_reasons, text
from skinlib.paper.ledger.entry import entry
from skinlib.paper.ledger.ours import scores, spread
from skinlib.paper.ledger.results import accuracy, swapped


def table_a3(facts):
    """F1 of each class."""
    return _per_class("A3", "f1", "F1 of each class", facts)


def table_a4(facts):
    """Recall of each class."""
    return _per_class("A4", "recall", "recall of each class", facts)


def _per_class(number, metric, title, facts):
    table, notes, rows = paper.printed()[number], Notes(), []
    other = {"A3": "A4", "A4": "A3"}[number]
    other_metric = {"f1": "recall", "recall": "f1"}[metric]
    for row, cells in table.rows.items():
        run = paper.behind(row)
        printed, logged = cells[:7], getattr(run, metric)
        everyone = {f"the printed row of Table {other}": paper.printed()[other].rows[row][:7]}
        everyone |= {
            f"the logged row of {name}": tuple(getattr(paper.behind(name), metric))
            for name in table.rows
            if name != row
        }
        own = {f"its {'recall' if metric == 'f1' else 'F1'}": getattr(run, other_metric)}
        reasons = row_reasons(printed, logged, everyone, own)
        mean = float(np.mean(printed))
        rows.append(
            {"Model": row, "Source": "paper"}
            | {
                name: notes.mark(text(value), reason, row, name)
                for name, value, reason in zip(CLASSES, printed, reasons, strict=True)
            }
            | {
                "Mean": notes.mark(
                    text(cells[7]), _mean_reason(row, metric, cells[7], mean), row, "mean"
                ),
                "Mean of the row": text(mean, 4),
            }
        )
        rows.append(
            {"Model": row, "Source": "logged"}
            | {name: text(value) for name, value in zip(CLASSES, logged, strict=True)}
            | {"Mean": text(run.macro[metric]), "Mean of the row": text(float(np.mean(logged)), 4)}
        )
        rows += _our_rows(row, metric, facts)
    caption = (
        f"{title}. Below each printed row the logged one, and ours where we trained the network. "
        "Mean of the row: recomputed from its cells; the logged mean is the report's."
    )
    return entry(
        number, rows, caption, f"Logged on {_tested(table.rows)}.", notes.markdown(),
        facts.ours.sources(),
    )  # fmt: skip


def _tested(rows):
    """Return on how many images the trainings behind the rows were tested, the fewest by name."""
    counts = {row: paper.behind(row).test_images for row in rows}
    common = statistics.mode(counts.values())
    others = {}
    for row, count in counts.items():
        if count != common:
            others.setdefault(count, []).append(row)
    parts = [f"{count:,} for {', '.join(names)}" for count, names in others.items()]
    return "; ".join([f"{common:,} test images", *parts])


def _mean_reason(row, metric, printed, mean):
    state = compare(printed, mean)
    if state == "same":
        return None
    if state == "cut":
        return "the mean of the printed cells, cut, not rounded"
    headline = paper.logged_run(row)
    if headline != paper.behind(row) and compare(printed, headline.macro[metric]) == "same":
        return "not the mean of the row; the mean of the training that the headline accuracy is of"
    return "not the mean of the row"


def _our_rows(row, metric, facts):
    backbone, arm = row.split()
    key = {"f1": "f1", "recall": "sensitivity"}[metric]
    found = []
    if facts.ours.runs(backbone, arm):
        found.append(("ours, authors' recipe", facts.ours.runs(backbone, arm)))
    if arm == "MD" and (
        "clean" in {recipe for name, recipe in facts.ours.real if name == backbone}
    ):
        found.append(("ours, clean recipe", facts.ours.real[backbone, "clean"]))
    return [_our_row(row, title, key, runs) for title, runs in found]


def _our_row(row, title, key, runs):
    values = np.array([scores(run).classes[key] for run in runs])
    cells = {name: spread(values[:, index], 2) for index, name in enumerate(CLASSES)}
    means = np.nanmean(values, axis=1)
    return {"Model": row, "Source": title, **cells, "Mean": spread(means, 2),
            "Mean of the row": spread(means, 4)}  # fmt: skip


def table_a5(facts):
    """Indicators of the mobile models."""
    table, notes, rows = paper.printed()["A5"], Notes(), []
    for model in table.rows:
        run = paper.logged_run(f"{model} MD")
        logged = indicators(run)
        for indicator, value in logged.items():
            printed, ours = table.value(model, indicator), INDICATORS[indicator]
            reason = _a5_reason(model, indicator, printed, value)
            rows.append(
                {
                    "Model": model,
                    "Indicator": indicator.replace("_", " "),
                    "Paper": notes.mark(text(printed), reason, model, indicator.replace("_", " ")),
                    "Logged": text(value, 4 if indicator in ("accuracy", "auc") else 3),
                    "Ours, authors' recipe": facts.ours.cell(model, "md-as-logged", ours),
                    "Ours, clean recipe": facts.ours.cell(model, "clean", ours),
                }
            )  # fmt: skip
    caption = (
        "indicators of the mobile models, means over the classes. Balanced accuracy is the mean of "
        "(sensitivity + specificity)/2 over the one-vs-rest tasks, not the mean recall. Logged: "
        "from the notebook's one-vs-rest counts and reports; AUC: macro."
    )
    return entry("A5", rows, caption, notes.markdown(), facts.ours.sources())


INDICATORS = {
    "accuracy": accuracy,
    "balanced_accuracy": lambda measured: measured.summary["ovr_balanced_accuracy"],
    "precision": lambda measured: measured.summary["macro_precision"],
    "f1": lambda measured: measured.summary["macro_f1"],
    "sensitivity": lambda measured: measured.summary["mean_recall"],
    "specificity": lambda measured: float(np.nanmean(measured.classes["specificity"])),
    "auc": lambda measured: measured.summary["auc_macro"],
}


def indicators(run):
    """Return the seven indicators of a logged training; NaN where a count was not logged."""
    return {
        "accuracy": run.accuracy,
        "balanced_accuracy": float(np.mean(_by_class(run, "balanced_accuracy"))),
        "precision": run.macro["precision"],
        "f1": _macro_f1(run),
        "sensitivity": run.macro["recall"],
        "specificity": float(np.mean(_by_class(run, "specificity"))),
        "auc": run.auc["macro"],
    }


def _macro_f1(run):
    """Return the mean F1 from the counts of a training, else from its report (two decimals)."""
    counts = run.tn_fp_fn_tp
    if not counts or None in counts:
        return run.macro["f1"]
    _, fp, fn, tp = np.array(counts, float).T
    return float(np.mean(2 * tp / (2 * tp + fp + fn)))


def _a5_reason(model, indicator, printed, logged):
    state = compare(printed, logged)
    if state in (None, "same"):
        return None
    if (
        indicator == "f1"
        and compare(printed, paper.printed()["A3"].value(f"{model} MD", "mean")) == "same"
    ):
        return "the printed mean of Table A3, which repeats nv in place of vasc"
    if state == "cut":
        return "cut, not rounded"
    if indicator == "accuracy":
        return swapped(paper.printed()["5"], model, "MD", printed, logged)
    classes = _by_class(paper.logged_run(f"{model} MD"), indicator)
    cut = float(np.mean(np.floor(np.array(classes) * 100 + 1e-6) / 100)) if classes else None
    if cut is not None and (compare(printed, cut) in ("same", "cut")):
        return "the mean of the seven values, each cut to two decimals"
    return UNKNOWN


def _by_class(run, indicator):
    """Return an indicator of each class of a logged training, where it was logged."""
    counts = np.array([cells or [np.nan] * 4 for cells in run.tn_fp_fn_tp or []], float)
    if indicator == "auc":
        return run.class_auc
    if indicator in ("balanced_accuracy", "specificity") and len(counts):
        tn, fp, fn, tp = counts.T
        specificity = tn / (tn + fp)
        values = specificity if indicator == "specificity" else (tp / (tp + fn) + specificity) / 2
        return values.tolist()
    return getattr(run, {"sensitivity": "recall"}.get(indicator, indicator), None)
