"""Tables 5, 6 and 7: the results of whole models, as paper | journal | logged | ours."""

import functools

import numpy as np

from skinlib import paper
from skinlib.paper.ledger.cells import NONE, UNKNOWN, Notes, as_printed, compare, cut_to, text
from skinlib.paper.ledger.entry import entry
from skinlib.paper.ledger.ours import LOGGED_RECIPE

AVERAGES = ("macro", "weighted", "micro")


def table_5(facts):
    """Accuracy: one row a model and arm."""
    draft, journal = paper.printed()["5"], paper.printed("journal")["5"]
    notes, rows = Notes(), []
    for arm in ("MD", "AD"):
        for model in draft.rows:
            run = paper.logged().get(f"{model} {arm}")
            printed, later = draft.value(model, arm), journal.value(model, arm)
            logged = run.accuracy if run else None
            shown = printed if printed is not None else later
            reason = swapped(draft, model, arm, shown, logged)
            if run is None and shown is not None:
                reason = "no log of this training was saved"
            row = {
                "Model": model,
                "Arm": arm,
                "Paper": text(printed),
                "Journal": text(later),
                "Logged": notes.mark(text(logged, 4), reason, f"{model} {arm}"),
                "Test images": f"{run.test_images:,}" if run else NONE,
            }
            row["Ours, authors' recipe"] = facts.ours.cell(model, LOGGED_RECIPE[arm], accuracy)
            row["Ours, clean recipe"] = (
                facts.ours.cell(model, "clean", accuracy) if arm == "MD" else NONE
            )
            if reason:
                notes.mark("", _sibling(model, arm, shown), f"{model} {arm}")
            rows.append(row)
    return entry(
        "5",
        rows,
        "accuracy of all models. MD: with metadata and class weights; AD: the arm called "
        "augmented data. Logged: at the epoch that was best on these test images.",
        notes.markdown(),
        facts.ours.sources(),
    )


def accuracy(measured):
    return measured.summary["accuracy"]


def swapped(table, model, arm, printed, logged):
    """Explain a printed accuracy that is not the logged one."""
    state = compare(printed, logged)
    if state in (None, "same"):
        return None
    if state == "cut":
        return "cut, not rounded"
    for other in table.rows:
        run = paper.logged().get(f"{other} {arm}")
        if other == model or run is None or compare(printed, run.accuracy) != "same":
            continue
        if compare(table.value(other, arm), logged) == "same":
            first, second = sorted((model, other))
            return (
                f"the printed values of {first} and {second} fit each other's log, as if exchanged "
                "(an inference)"
            )
    return UNKNOWN


def _sibling(model, arm, printed):
    """Name another logged training of the same network and arm that the value fits."""
    for name, run in paper.logged().items():
        if name.startswith(f"{model} {arm},") and compare(printed, run.accuracy) == "same":
            return f"the printed value fits the training '{name}'"
    return None


def table_6(facts):
    """The three models that the paper compares by size and time."""
    draft, journal = paper.printed()["6"], paper.printed("journal")["6"]
    notes, rows = Notes(), []
    trained = {"MobileNetV3Large": "MobileNetV3Large MD, tap -34"}
    for model in draft.rows:
        run = paper.logged_run(trained.get(model, f"{model} MD"))
        stock, built = facts.structures[model]["stock"], facts.described[model]
        printed = f"{draft.value(model, 'parameters_millions')} M"
        other = (
            f"the training '{run.name}'; ours is cut at the main tap" if model in trained else ""
        )
        fits = "fits the time of one training epoch; printed as time of prediction"
        count = f"{journal.value(model, 'trainable_parameters'):,}"
        inference = str(journal.value(model, "seconds_per_inference"))
        mark = functools.partial(notes.mark, row=model)
        rows += [
            _row(model, "parameters, stock network", printed, NONE, NONE,
                 f"{stock['parameters'] / 1e6:.1f} M"),
            _row(model, "parameters, as trained", NONE,
                 mark(count, _journal_count(model, journal), column="parameters, journal"),
                 mark(f"{run.parameters['total']:,}", other, column="parameters, logged"),
                 mark(f"{built['parameters']:,}", "without the 3 numbers of the age normaliser",
                      column="parameters, ours")),
            _row(model, "depth (layers with parameters)", str(draft.value(model, "depth")),
                 str(journal.value(model, "depth")), NONE, str(stock["depth"])),
            _row(model, "accuracy", text(draft.value(model, "accuracy")),
                 text(journal.value(model, "accuracy")), text(run.accuracy, 4),
                 facts.ours.cell(model, "md-as-logged", accuracy)),
            _row(model, "seconds per training epoch",
                 mark(str(draft.value(model, "seconds_per_epoch")), fits,
                      column="seconds per training epoch, paper"),
                 str(journal.value(model, "seconds_per_epoch")),
                 f"{run.seconds_per_epoch:g} ({' and '.join(run.devices)})", _epoch(facts, model)),
            _row(model, "seconds per image, prediction", NONE,
                 mark(inference, _divided(journal, model), column="seconds per image, journal"),
                 NONE, _latency(facts, model)),
        ]  # fmt: skip
    return entry(
        "6",
        rows,
        "the small model beside the two best. Depth as Keras counts it.",
        _latency_source(facts),
        notes.markdown(),
        facts.ours.sources(*LOGGED_RECIPE.values()),
    )


def _row(model, what, *cells):
    return {"Model": model, "Quantity": what,
            **dict(zip(("Paper", "Journal", "Logged", "Ours"), cells, strict=True))}  # fmt: skip


def _journal_count(model, journal):
    """Say which training the journal's parameter count is of, if not of the compared one."""
    count = journal.value(model, "trainable_parameters")
    own = paper.logged_run(f"{model} MD").parameters
    if count == own["trainable"]:
        return "trainable parameters; the logged and our count are of all parameters"
    for name, run in paper.logged().items():
        if run.parameters.get("trainable") == count:
            return f"the trainable parameters of the training '{name}'"
    return "of no logged training with attention and metadata"


def _divided(journal, model):
    """Say whether the journal's inference time is the epoch time over 857."""
    seconds = journal.value(model, "seconds_per_epoch")
    if cut_to(seconds / 857, journal.value(model, "seconds_per_inference")):
        return "equals the training seconds of one epoch divided by 857, cut to two decimals"
    return None


def _epoch(facts, model):
    runs = facts.ours.runs(model, "MD")
    return (
        f"{runs[0].record['seconds_per_epoch']:.0f} ({runs[0].record['device']})" if runs else NONE
    )


def _latency(facts, model):
    if not facts.latency or model not in facts.latency["backbones"]:
        return NONE
    entry = facts.latency["backbones"][model]
    return f"{entry['median']:.3f} (p90 {entry['p90']:.3f})"


def _latency_source(facts):
    if not facts.latency:
        return ""
    record = facts.latency
    return (
        f"Our prediction time: median of {record['repeats']} single images after warm-up, "
        f"{record['threads']} thread, on {record['device']}."
    )


def table_7(facts):
    """AUC: the paper's one number beside the three averages."""
    draft, journal = paper.printed()["7"], paper.printed("journal")["7"]
    notes, rows = Notes(), []
    for arm in ("MD", "AD"):
        for model in draft.rows:
            run = paper.logged().get(f"{model} {arm}")
            printed, later = draft.value(model, arm), journal.value(model, arm)
            other = paper.behind(f"{model} {arm}") if run else None
            row = {
                "Model": model,
                "Arm": arm,
                "Paper": notes.mark(
                    as_printed(printed), _which_auc(printed, run, other), f"{model} {arm}", "paper"
                ),
                "Journal": notes.mark(
                    as_printed(later), _which_auc(later, run, other), f"{model} {arm}", "journal"
                ),
            }
            for average in AVERAGES:
                row[f"Logged, {average}"] = text(run.auc[average], 4) if run else NONE
            for average in AVERAGES:
                row[f"Ours, {average}"] = facts.ours.cell(model, LOGGED_RECIPE[arm], _auc(average))
            rows.append(row)
    return entry(
        "7",
        rows,
        "AUC of all models. The paper prints one number and does not say of which kind. Macro "
        "and weighted average the seven one-vs-rest areas; micro pools all image-class pairs.",
        notes.markdown(),
        facts.ours.sources(*LOGGED_RECIPE.values()),
    )


def _auc(average):
    return lambda measured: measured.summary[f"auc_{average}"]


def _which_auc(printed, *runs):
    """Say which computation on the logs gives the printed AUC."""
    runs = [run for run in runs if run is not None]
    if printed is None or not runs:
        return None
    for run in runs:
        place = "" if run is runs[0] else f", of the training '{run.name}'"
        if compare_same(run.auc["macro"], printed):
            return None if run is runs[0] else f"equals the logged macro average{place}"
        cut = np.floor(np.array(run.class_auc) * 100 + 1e-6) / 100
        # The plainest explanation first.
        ways = [
            ("the logged macro average, cut", cut_to(run.auc["macro"], printed)),
            ("the logged micro average", compare_same(run.auc["micro"], printed)),
            ("the logged weighted average", compare_same(run.auc["weighted"], printed)),
            ("the mean of the seven one-vs-rest areas, each cut to two decimals",
             compare_same(cut.mean(), printed)),
            ("the logged micro average, cut", cut_to(run.auc["micro"], printed)),
            ("the logged weighted average, cut", cut_to(run.auc["weighted"], printed)),
        ]  # fmt: skip
        for way, fits in ways:
            if fits:
                return f"equals {way}{place}"
    return "none of the averages of this training's log"


def compare_same(value, printed):
    """Does the value round to the printed number?"""
    return compare(printed, value) == "same"
