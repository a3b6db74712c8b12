"""Rules beside `agree`: numbers in an order, one training behind several numbers, and others."""

import math
import operator

import numpy as np

from skinlib.paper.audit.expressions import SETTINGS, cell, evaluate, fact
from skinlib.paper.audit.facts import NotAvailable
from skinlib.paper.audit.verdicts import (
    HOLDS,
    LOGS,
    NOT_HERE,
    OPEN,
    OWN_TABLE,
    Result,
    listed,
    only,
    rule,
    share,
)
from skinlib.paper.measured import scores
from skinlib.paper.rounding import agrees, written

# Sign, how to compare, and which of several numbers on the left is the hardest to do it with.
_SIGNS = {
    ">": (operator.gt, min), ">=": (operator.ge, min),
    "<": (operator.lt, max), "<=": (operator.le, max),
}  # fmt: skip
_WRITTEN = {">=": "≥", "<=": "≤"}
_LABELS = {"parameters_millions": "parameters in millions", "seconds_per_epoch": "seconds"}


@rule
def order(facts, comparisons, evidence="{each}."):
    """Are printed cells above or below others, all of them?

    A comparison is ``{table, columns, first, sign, second}``: rows of the first against rows of
    the second, ``others`` for all rows that have a number, or a number; ``against`` names another
    column for the second. With a ``name`` each, the claim holds against the ones that are true.
    """
    parts, claimed, good = [], [], []
    for one in comparisons:
        found = [_ordered(facts, column, **one) for column in one["columns"]]
        parts += [text for text, _ in found]
        second = one.get("second", "others")
        second = listed(second) if isinstance(second, list) else second
        where = listed(_label(column) for column in one["columns"])
        claimed.append(f"{listed(one['first'])} {one['sign']} {second} in {where}")
        good += [one.get("name")] if all(fits for _, fits in found) else []
    verdict = HOLDS
    if len(good) < len(comparisons):
        verdict = only(listed(good)) if good and None not in good else OWN_TABLE
    return Result("; ".join(claimed), evidence.format(each="; ".join(parts)), verdict)


def _ordered(facts, column, table, first, sign, second="others", against=None, **_):
    """Return the sentence of one comparison, and whether it holds."""
    holds, hardest = _SIGNS[sign]
    left = {row: cell(facts, table, row, column) for row in first}
    where = against or column
    if isinstance(second, int | float):
        right = {"": second}
    else:
        printed = facts.printed["paper"][table]
        rows = (
            second if isinstance(second, list) else [row for row in printed.rows if row not in left]
        )
        right = {row: printed.value(row, where) for row in rows}
        right = {row: value for row, value in right.items() if value is not None}
    limit = hardest(left.values())
    wrong = [row for row, value in right.items() if not holds(limit, value)]
    # What decides is the number that is closest to the wrong side.
    closest = (min if hardest is max else max)(right, key=right.get)
    place = f" ({_label(where)})" if against else ""
    shown = listed(f"{_name(row)}{place} {written(right[row])}" for row in wrong or [closest])
    names = listed(f"{_name(row)} {written(value)}" for row, value in left.items())
    rest = f" (the closest of {len(right)})" if len(right) > 1 and not wrong else ""
    sentence = (
        f"Table {table}, {_label(column)}: {names} {_WRITTEN.get(sign, sign)} {shown.strip()}{rest}"
    )
    return f"{sentence}: {'not so' if wrong else 'so'}", not wrong


def _name(row):
    """Return a row's name; a work is named by its number."""
    return f"[{row}]" if row.isdigit() else row


def _label(column):
    return _LABELS.get(column, column.replace("_", " "))


@rule
def one_run(facts, backbone, parts, claimed, among=""):
    """Can one logged training of a network have given all these numbers?

    `parts`: what it is, to the printed value and the logged one as expressions, ``{0}`` for the
    name of a training. A row of classes may deviate in one cell by a hundredth. `among`: a part of
    the names of the trainings.
    """
    runs = [n for n, run in facts.logged.items() if run.backbone == backbone and among in n]
    common, said = set(runs), []
    for what, (printed, value) in parts.items():
        target = evaluate(printed, facts)
        values = {name: evaluate(value.format(name), facts) for name in runs}
        if np.ndim(target):
            fitting = [name for name in runs if np.abs(values[name] - target).sum() < 0.0101]
            said.append(f"{what}: {listed(fitting)}")
        else:
            fitting = [name for name in runs if agrees(target, values[name])]
            highest = f", where the highest is {max(values.values()):.2f}"
            said.append(f"{what} {written(target)}: {listed(fitting)}{'' if fitting else highest}")
        common &= set(fitting)
    evidence = f"Of {len(runs)} logged trainings fit – {'; '.join(said)}."
    return Result(claimed, evidence, HOLDS if common else LOGS)


@rule
def chosen_on_reported(facts, runs, claimed):
    """Is the reported accuracy the highest of all epochs on the very images reported?"""
    curves = {name: facts.curves[name]["val_accuracy"] for name in runs if name in facts.curves}
    if not curves:
        msg = "no learning curve was logged"
        raise NotAvailable(msg)
    logged = {name: facts.run(name) for name in curves}
    chosen = [name for name in curves if abs(max(curves[name]) - logged[name].accuracy) < 0.001]
    evidence = (
        f"In {share(len(chosen), len(curves), 'printed trainings with a curve')} the reported "
        "accuracy is the highest of all epochs on the held-out photographs, the ones the tables "
        "report."
    )
    if chosen:
        run = logged[chosen[0]]
        above = [max(curves[name]) - logged[name].held_out["last_ten"] for name in chosen]
        evidence += (
            f" {run.name}: {run.accuracy:.4f} at epoch {run.epochs['kept']} of "
            f"{run.epochs['run']}; {run.held_out['at_lowest_loss']:.4f} at the lowest held-out "
            f"loss, {run.held_out['last_ten']:.4f} on average over the last ten epochs; over all, "
            f"{np.mean(above):.3f} above the last ten epochs on average."
        )
    rest = len(curves) - len(chosen)
    if rest:
        verdict = only(share(rest, len(curves), "trainings")) if chosen else HOLDS
        return Result(claimed, evidence, verdict)
    return Result(claimed, evidence, LOGS)


@rule
def isolated_effect(facts, compared, like_for_like, effect, standard_errors=2):
    """Does a comparison differ in one thing only, and what do the pairs say that do?

    A gain of a pair counts when it is more than so many standard errors of a difference of
    two shares. One pair is one training each, without a fixed seed.
    """
    pairs = listed(f"{second} with {first}" for first, second in compared)
    differing = set().union(*(_differences(facts, *pair) for pair in compared))
    gains, parts = [], []
    for names in like_for_like:
        if _differences(facts, *names):
            msg = f"{listed(names)} differ in {listed(sorted(_differences(facts, *names)))}"
            raise NotAvailable(msg)
        a, b = map(facts.run, names)
        error = math.sqrt(sum(r.accuracy * (1 - r.accuracy) / r.test_images for r in (a, b)))
        gains.append((b.accuracy - a.accuracy) / error)
        parts.append(
            f"{b.name} {b.accuracy:.4f}, {a.name} {a.accuracy:.4f} "
            f"(macro F1 {b.macro['f1']:.2f}, {a.macro['f1']:.2f})"
        )
    evidence = (
        f"Compared are {pairs}. Beside {effect} they differ in {listed(sorted(differing))}. "
        f"Pairs of the logs that differ in {effect} alone – {'; '.join(parts)}."
    )
    verdict = OPEN if any(gain > 0 for gain in gains) else LOGS
    verdict = HOLDS if all(gain > standard_errors for gain in gains) else verdict
    return Result(f"{effect} raises the accuracy", evidence, verdict)


def _differences(facts, first, second):
    """Return the names of the settings that both trainings logged and that differ."""
    runs = facts.run(first), facts.run(second)
    pairs = {name: tuple(map(read, runs)) for name, read in SETTINGS.items()}
    return {name for name, pair in pairs.items() if None not in pair and pair[0] != pair[1]}


@rule
def our_run(facts, backbone, recipe, table, row, column, metric="accuracy", tolerance=0.02):
    """What did our run of this network reach, and was it set up as theirs?

    ``open`` while there is no run; ``not reproducible here`` while the run had smaller
    pictures or a changed recipe, so that it decides nothing.
    """
    printed = cell(facts, table, row, column)
    claimed = f"{row}, {metric} {written(printed)}"
    runs = facts.ours.real.get((backbone, recipe), [])
    if not runs:
        return Result(claimed, f"No finished run of ours with {backbone}, {recipe}.", OPEN)
    size = fact(facts, "described", backbone, "input_size")
    full = [r for r in runs if r.record["input_size"] == size and not r.record["changes"]]
    run = (full or sorted(runs, key=lambda run: run.record["input_size"]))[-1]
    found = scores(run)
    evidence = (
        f"{run.name}: {found[metric]:.4f} on {found['images']:,} test images, "
        f"{run.record['epochs']} epochs at {run.record['input_size']} pixels."
    )
    if not full:
        evidence += f" The authors trained longer, at {size} pixels, so this run does not decide."
        return Result(claimed, evidence, NOT_HERE)
    near = abs(found[metric] - printed) <= tolerance
    evidence += f" Within {tolerance:g} of the printed number: {'yes' if near else 'no'}."
    return Result(claimed, evidence, HOLDS if near else NOT_HERE)


@rule
def our_effect(facts, factor):
    """Did turning one thing on improve the network in our factorial study?

    ``open`` while the study is not finished, or where neither interval excludes 0.
    """
    found = {score: facts.get("effects", factor)[score] for score in ("accuracy", "mean recall")}
    said = ", ".join(f"{score} {one.text(signed=True)}" for score, one in found.items())
    evidence = (
        f"Main effect of {factor} over all combinations of the other factors, MobileNetV2 above a "
        f"frozen lower part at 96 pixels, lesion-disjoint: {said}."
    )
    better = [score for score, one in found.items() if one.sign > 0]
    verdict = only(listed(better)) if better else OPEN
    verdict = HOLDS if len(better) == len(found) else verdict
    return Result(f"{factor} improves", evidence, verdict)
