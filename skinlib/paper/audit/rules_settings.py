"""Rules about how the trainings were set up: text against the settings the notebooks logged."""

import math

from skinlib.paper.audit.facts import NotAvailable
from skinlib.paper.audit.verdicts import (
    HOLDS,
    LOGS,
    OPEN,
    Result,
    by_match,
    listed,
    only,
    rule,
    share,
)

# Setting by name: how to read it from a logged training; None where it was not logged.
SETTINGS = {
    "learning rate": lambda run: run.settings.get("learning_rate"),
    "learning-rate schedule": lambda run: run.settings.get("schedule"),
    "patience": lambda run: run.settings.get("patience"),
    "stopping on": lambda run: run.settings.get("monitor"),
    "epochs at most": lambda run: run.settings.get("epochs_at_most"),
    # 8,962 images in 896 steps is a batch of 10, the last one short.
    "batch size": lambda run: (
        round(run.train_images / run.settings["steps_per_epoch"])
        if run.settings.get("steps_per_epoch")
        else None
    ),
    "training images": lambda run: run.train_images,
    "test images": lambda run: run.test_images,
    "held-out share": lambda run: round(run.test_images / (run.test_images + run.train_images), 2),
    "images": lambda run: run.test_images + run.train_images,
    "class weights": lambda run: run.class_weights,
    "device": lambda run: (
        ("GPU" if any("GPU" in name for name in run.devices) else "CPU") if run.devices else None
    ),
}


def _setting(run, name):
    return SETTINGS[name](run)


@rule
def set_in_every_run(facts, runs, settings):
    """Had all these trainings these settings? Those that did not log one do not count."""
    known = {}
    for name in runs:
        values = {key: _setting(facts.run(name), key) for key in settings}
        if None not in values.values():
            known[name] = values
    if not known:
        msg = f"no training logged {listed(settings)}"
        raise NotAvailable(msg)
    good = [name for name, values in known.items() if values == settings]
    tally = {}
    for values in known.values():
        text = ", ".join(f"{key} {_word(value)}" for key, value in values.items())
        tally[text] = tally.get(text, 0) + 1
    found = "; ".join(f"{text} in {count}" for text, count in tally.items())
    evidence = f"Of {len(known)} printed trainings with a log: {found}."
    if 0 < len(good) < len(known):
        rest = [name for name in known if name not in good]
        names, verb = (good, "had it") if len(good) < len(rest) else (rest, "had not")
        evidence += f" {listed(names)} {verb}."
    claimed = ", ".join(f"{key} {_word(value)}" for key, value in settings.items())
    return Result(claimed, evidence, by_match(len(good), len(known), "trainings", LOGS))


def _word(value):
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return "equal" if len(set(value)) == 1 else f"{min(value):g} to {max(value):g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


@rule
def set_in_some_run(facts, setting, value, table=None):
    """Has any logged training this number of images?"""
    found = {name: _setting(run, setting) for name, run in facts.logged.items()}
    good = [name for name, number in found.items() if number == value]
    numbers = listed(f"{number:,}" for number in sorted(set(found.values())))
    evidence = f"{setting.capitalize()} of the {len(found)} logged trainings: {numbers}."
    if table:
        total = facts.cell(table, "total", "images")
        evidence += f" {value:,} is {total:,} + {value - total:,}." if value > total else ""
    return Result(f"{value:,} {setting}", evidence, HOLDS if good else LOGS)


@rule
def whole_data(facts, runs, table):
    """Do training and test images of the logs add up to the total of the table?"""
    total = facts.cell(table, "total", "images")
    sums = {_setting(facts.run(name), "images") for name in runs}
    evidence = (
        f"Training and held-out images of the {len(runs)} printed trainings add up to "
        f"{listed(f'{value:,}' for value in sorted(sums))}; Table {table} has {total:,}"
    )
    if sums != {total}:
        missing = listed(f"{total - value:,}" for value in sorted(sums))
        evidence += f", so {missing} photographs took no part"
        policy = facts.recipes["md-as-logged"].missing_age
        evidence += " (the notebooks drop rows without an age)" if policy == "drop" else ""
    part = f"{listed(f'{value:,}' for value in sorted(sums))} of the {total:,} photographs"
    verdict = HOLDS if sums == {total} else only(part)
    return Result(f"{total:,} images", f"{evidence}.", verdict)


@rule
def chosen_on_reported(facts, runs):
    """Is the reported accuracy the highest of all epochs on the very images reported?"""
    inflated, chosen, counted, example = [], 0, 0, ""
    for name in runs:
        run = facts.run(name)
        curve = facts.curves.get(name, {}).get("val_accuracy")
        if not curve:
            continue
        counted += 1
        if abs(max(curve) - run.accuracy) < 0.001:
            chosen += 1
            inflated.append(max(curve) - run.held_out["last_ten"])
            example = example or (
                f"{name}: {run.accuracy:.4f} at epoch {run.epochs['kept']} of {run.epochs['run']}; "
                f"{run.held_out['at_lowest_loss']:.4f} at the lowest held-out loss, "
                f"{run.held_out['last_ten']:.4f} on average over the last ten epochs"
            )
    if not counted:
        msg = "no learning curve was logged"
        raise NotAvailable(msg)
    evidence = (
        f"In {share(chosen, counted, 'printed trainings with a curve')} the reported accuracy is "
        "the highest of all epochs on the held-out photographs, the ones the tables report."
    )
    if inflated:
        mean = sum(inflated) / len(inflated)
        evidence += f" {example}; over all, {mean:.3f} above the last ten epochs on average."
    return Result("a test set apart from the validation set", evidence,
                  by_match(counted - chosen, counted, "trainings", LOGS))  # fmt: skip


@rule
def isolated_effect(facts, compared, like_for_like, effect, standard_errors=2):
    """Does a comparison differ in one thing only, and what do the pairs say that do?

    A gain of a pair counts when it is more than so many standard errors of a difference of
    two shares. One pair is one training each, without a fixed seed.
    """
    differing = set()
    for first, second in compared:
        differing |= _differences(facts.run(first), facts.run(second))
    gains, parts = [], []
    for without, with_it in like_for_like:
        a, b = facts.run(without), facts.run(with_it)
        if _differences(a, b):
            msg = f"{without} and {with_it} differ in {listed(sorted(_differences(a, b)))}"
            raise NotAvailable(msg)
        gain = b.accuracy - a.accuracy
        error = math.sqrt(sum(r.accuracy * (1 - r.accuracy) / r.test_images for r in (a, b)))
        gains.append(gain / error)
        parts.append(
            f"{with_it} {b.accuracy:.4f}, {without} {a.accuracy:.4f} "
            f"(macro F1 {b.macro['f1']:.2f}, {a.macro['f1']:.2f})"
        )
    pairs = listed(f"{second} with {first}" for first, second in compared)
    evidence = f"Compared are {pairs}. Beside {effect} they differ in {listed(sorted(differing))}. "
    if not differing:
        evidence = f"Compared are {pairs}, which differ in nothing but {effect}. "
    evidence += f"Pairs of the logs that differ in {effect} alone – {'; '.join(parts)}."
    if all(gain > standard_errors for gain in gains):
        verdict = HOLDS
    elif not any(gain > 0 for gain in gains):
        verdict = LOGS
    else:
        verdict = OPEN
    return Result(f"{effect} raises the accuracy", evidence, verdict)


def _differences(first, second):
    """Return the names of the settings that both trainings logged and that differ."""
    pairs = {name: (_setting(first, name), _setting(second, name)) for name in SETTINGS}
    return {name for name, pair in pairs.items() if None not in pair and pair[0] != pair[1]}


@rule
def recipe_sets(facts, field, value, recipes, otherwise=LOGS):
    """Did the notebooks set a field to this? Read from the recipes transcribed from them."""
    found = {}
    for name in recipes:
        recipe = facts.recipes.get(name)
        if recipe is None or not hasattr(recipe, field):
            msg = f"recipe {name} has no field {field}"
            raise NotAvailable(msg)
        found[name] = getattr(recipe, field)
    good = sum(_same(setting, value) for setting in found.values())
    label = field.replace("_", " ")
    values = "; ".join(f"{name}: {_plain(setting)}" for name, setting in found.items())
    evidence = f"{label.capitalize()} in the notebooks, as transcribed in the recipes – {values}."
    return Result(f"{label} {_plain(value)}", evidence,
                  by_match(good, len(found), "arms", otherwise))  # fmt: skip


def _same(setting, value):
    return bool(setting) if value == "on" else not setting if value is None else setting == value


def _plain(value):
    if value is None:
        return "none"
    return str(value) if isinstance(value, int | float | str) else "on"


@rule
def minimum_rate(facts, printed, recipe):
    """Can the learning rate fall to the printed minimum?"""
    setup = facts.recipes[recipe]
    evidence = (
        f"The printed minimum is {printed:,.0f}, the initial rate {setup.learning_rate:g}: "
        f"{'nothing falls to a larger number' if printed > setup.learning_rate else 'it can fall'}."
        f" The notebooks set {setup.minimum_learning_rate:g}."
    )
    good = math.isclose(printed, setup.minimum_learning_rate)
    return Result(f"minimum learning rate {printed:,.0f}", evidence, HOLDS if good else LOGS)


@rule
def pretrained(facts, runs):
    """Started the networks behind these trainings from ImageNet weights?"""
    scratch = [n for n in runs if not facts.backbones[facts.run(n).backbone].pretrained]
    good = len(runs) - len(scratch)
    evidence = f"{share(good, len(runs), 'printed trainings')} started from ImageNet weights"
    evidence += (
        f"; {listed(scratch)} was built by hand and started from scratch." if scratch else "."
    )
    return Result("pretrained networks", evidence,
                  by_match(good, len(runs), "trainings", LOGS))  # fmt: skip
