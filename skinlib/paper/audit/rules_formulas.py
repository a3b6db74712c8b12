"""Rules that evaluate a printed formula on logged counts and compare with the printed tables."""

import ast
import operator

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.paper.audit.facts import NotAvailable
from skinlib.paper.audit.verdicts import (
    HOLDS,
    LOGS,
    OWN_TABLE,
    Result,
    agrees,
    decimals,
    mean_agrees,
    only,
    rounded,
    rule,
    truncated,
)

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def evaluate(formula, names):
    """Evaluate a formula of names, numbers, ``+ - * /`` and parentheses; nothing else."""

    def value(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return node.value
        if isinstance(node, ast.Name) and node.id in names:
            return names[node.id]
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](value(node.left), value(node.right))
        msg = f"'{formula}' is no formula of {', '.join(names)}"
        raise ValueError(msg)

    return value(ast.parse(formula, mode="eval").body)


def _counts(run):
    if run.tn_fp_fn_tp is None or None in run.tn_fp_fn_tp:
        msg = f"the one-vs-rest counts of {run.name} are not complete"
        raise NotAvailable(msg)
    return dict(zip(("TN", "FP", "FN", "TP"), np.array(run.tn_fp_fn_tp, float).T, strict=True))


@rule
def formula_gives_row(facts, formula, run, table, row, instead=None):
    """Gives the formula, class by class, the cells that the table prints?"""
    counts = _counts(facts.run(run))
    cells = facts.table(table).rows[row][: len(CLASSES)]

    def fitting(text):
        values = evaluate(text, counts)
        pairs = zip(cells, values, strict=True)
        return sum(agrees(cell, value) for cell, value in pairs), values

    good, values = fitting(formula)
    shown = ", ".join(f"{name} {value:.3f}" for name, value in zip(CLASSES, values, strict=True))
    evidence = (
        f"On the logged counts of {run} the printed formula gives {shown}: {good} of the "
        f"{len(CLASSES)} cells of Table {table}."
    )
    if instead:
        other, _ = fitting(instead)
        evidence += f" {instead} gives {other} of them."
    return Result(formula, evidence, HOLDS if good == len(CLASSES) else OWN_TABLE)


@rule
def formula_gives_cell(facts, formula, run, table, row, column, overall=False):
    """Is the mean of the formula over the classes (cut to two decimals perhaps) the cell?

    `overall`: say also what share of images was classified correctly.
    """
    trained = facts.run(run)
    counts = _counts(trained)
    values = evaluate(formula, counts)
    value = float(np.mean(values))
    printed = facts.cell(table, row, column)
    evidence = (
        f"On the logged counts of {run} the formula has the mean {value:.4f} over the classes; "
        f"Table {table} prints {printed:.2f}."
    )
    cut = float(np.mean(np.floor(values * 100 + 1e-9) / 100))
    if not agrees(printed, value) and agrees(printed, cut):
        evidence += f" Of class values cut to two decimals the mean is {cut:.4f}."
    if overall:
        right = counts["TP"].sum() / sum(trained.images)
        evidence += f" The share of all images classified correctly is {right:.4f}."
    return Result(formula, evidence, HOLDS if mean_agrees(printed, values.tolist()) else OWN_TABLE)


@rule
def false_counts(facts, run, fp, fn):
    """Give row (or column) sums minus TP the logged FP and FN, and for which orientation?

    Logged matrices have the true class in rows.
    """
    matrix = np.array(facts.confusion["logged"][run])
    logged = facts.run(run).tn_fp_fn_tp
    rows = [k for k, counts in enumerate(logged) if counts is not None]
    expected = {"FP": [logged[k][1] for k in rows], "FN": [logged[k][2] for k in rows]}

    def fits(m):
        sums = {"rows": m.sum(axis=1), "columns": m.sum(axis=0)}
        found = {"FP": sums[fp] - np.diag(m), "FN": sums[fn] - np.diag(m)}
        return all([*found[name][rows]] == expected[name] for name in expected)

    as_logged, turned = fits(matrix), fits(matrix.T)
    mel = CLASSES.index("mel")
    evidence = (
        f"{run}, true classes in rows: FP from {fp} and FN from {fn} "
        f"{'are' if as_logged else 'are not'} the logged counts; with predictions in rows they "
        f"{'are' if turned else 'are not'}. For melanoma the log has FP {logged[mel][1]} and "
        f"FN {logged[mel][2]}."
    )
    verdict = HOLDS if as_logged else LOGS
    if turned and not as_logged:
        verdict = only("a matrix with predictions in rows")
    return Result(f"FP from the {fp}, FN from the {fn}", evidence, verdict)


@rule
def true_negatives(facts, run):
    """Gives the printed formula of TN, total − row − column + diagonal, the logged counts?"""
    matrix = np.array(facts.confusion["logged"][run])
    found = matrix.sum() - matrix.sum(axis=0) - matrix.sum(axis=1) + np.diag(matrix)
    logged = facts.run(run).tn_fp_fn_tp
    rows = [k for k, counts in enumerate(logged) if counts is not None]
    good = sum(int(found[k] == logged[k][0]) for k in rows)
    evidence = f"{run}: the formula gives the logged TN in {good} of {len(rows)} logged classes."
    return Result("TN", evidence, HOLDS if good == len(rows) else LOGS)


@rule
def class_weights(facts, formula, table, run):
    """Gives the printed formula the class weights that the notebooks used?"""
    counts, total = _class_counts(facts, table)
    weights = evaluate(formula, {"N": total, "C": len(CLASSES), "N_i": counts})
    typed = facts.run(run).class_weights
    good = [
        any(abs(cut(w, decimals(t)) - t) < 1e-9 for cut in (rounded, truncated))
        for w, t in zip(weights, typed, strict=True)
    ]
    shown = ", ".join(
        f"{name} {w:.3f} ({t:g})" for name, w, t in zip(CLASSES, weights, typed, strict=True)
    )
    evidence = f"The formula on Table {table}, in brackets the weights of {run}: {shown}."
    return Result(formula, evidence, HOLDS if all(good) else LOGS)


@rule
def new_weights(facts, formula, table, known):
    """Do the weights differ from no weights, and from a known scheme?

    `known`: ``{name: formula}`` of schemes in common use.
    """
    counts, total = _class_counts(facts, table)
    names = {"N": total, "C": len(CLASSES), "N_i": counts}
    weights = evaluate(formula, names)
    same = [n for n, f in known.items() if np.allclose(weights, evaluate(f, names), rtol=1e-12)]
    plain = np.allclose(weights, 1)
    evidence = (
        f"On Table {table} the weights go from {weights.min():.3f} to {weights.max():.3f}, so the "
        f"loss {'is' if plain else 'is not'} the unweighted one"
    )
    evidence += f"; they equal those of {same[0]}, to the last digit." if same else "."
    verdict = LOGS if plain else only("the unweighted loss") if same else HOLDS
    return Result("a new loss function", evidence, verdict)


def _class_counts(facts, table):
    counts = np.array([facts.cell(table, name, "images") for name in CLASSES], float)
    return counts, counts.sum()
