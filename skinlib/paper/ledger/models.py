"""Tables 5 to 8: the results of whole models, as paper | journal | logged | ours.

``ours`` is a `skinlib.paper.measured.Ours`.
"""

import functools

import numpy as np
import pandas as pd

from skinlib import paper
from skinlib.experiments.evaluated import RECIPES
from skinlib.paper import measured
from skinlib.paper.ledger import REFERENCES, UNKNOWN, Notes
from skinlib.paper.measured import LOGGED_RECIPE, scores
from skinlib.paper.rounding import CUT, NONE, SAME, compare, cut, digits, fixed

AVERAGES = ("macro", "weighted", "micro")


def table_5(ours, from_scratch):
    """Return Table 5, the accuracy of each model and arm, and its notes.

    `from_scratch`: see `skinlib.paper.scratch.accuracies`.
    """
    draft, journal = paper.printed()["5"], paper.printed("journal")["5"]
    notes, rows = Notes(), []
    for arm in LOGGED_RECIPE:
        for model in draft.rows:
            name, run = f"{model} {arm}", paper.logged().get(f"{model} {arm}")
            printed, later = draft.value(model, arm), journal.value(model, arm)
            shown = later if printed is None else printed
            logged = run.accuracy if run else None
            reason = swapped(draft, model, arm, shown, logged)
            if run is None and shown is not None:
                reason = "no log of this training run was saved"
            rows.append(
                {
                    "Model": model,
                    "Arm": arm,
                    "Paper": fixed(printed),
                    "Journal": fixed(later),
                    "Logged": notes.mark(fixed(logged, 4), reason, name),
                    "Test images": f"{run.test_images:,}" if run else NONE,
                    **ours.cells(model, arm, "accuracy"),
                    "Ours, from scratch": fixed(from_scratch.get((model, arm)), 3),
                }
            )
            if reason:
                notes.mark("", _sibling(name, shown), name)
    return pd.DataFrame(rows), notes.markdown(ours.sources())


def swapped(table, model, arm, printed, logged):
    """Explain a printed accuracy that is not the logged one."""
    state = compare(printed, logged)
    if state in (None, SAME):
        return None
    if state == CUT:
        return "cut, not rounded"
    for other in table.rows:
        run = paper.logged().get(f"{other} {arm}")
        fits = other != model and run and compare(printed, run.accuracy) == SAME
        if fits and compare(table.value(other, arm), logged) == SAME:
            first, second = sorted((model, other))
            return (
                f"the printed values of {first} and {second} fit each other's log, as if exchanged "
                "(an inference)"
            )
    return UNKNOWN


def _sibling(name, printed):
    """Name another logged training run of the same network and arm that the value fits."""
    for other, run in paper.logged().items():
        if other.startswith(f"{name},") and compare(printed, run.accuracy) == SAME:
            return f"the printed value fits the training run '{other}'"
    return None


def table_6(ours):
    """Return Table 6, size and time of three models, and its notes."""
    tables = [paper.printed(version)["6"] for version in ("paper", "journal")]
    structures, described = measured.structures(), measured.described()
    latency, trained = measured.latency(), {"MobileNetV3Large": "MobileNetV3Large MD, tap -34"}
    notes, rows = Notes(), []
    for model in tables[0].rows:
        draft, journal = (table.row(model) for table in tables)
        run, stock = paper.logged_run(trained.get(model, f"{model} MD")), structures[model]["stock"]
        seconds, mine = latency["backbones"].get(model), ours.runs(model, "MD")
        record = mine[0].record if mine else None
        mark = functools.partial(notes.mark, row=model)
        trainable = journal["trainable_parameters"]
        size = mark(f"{trainable:,}", _whose_parameters(model, trainable),
                    column="parameters, journal")  # fmt: skip
        of_an_epoch = "fits the time of one training epoch; printed as time of prediction"
        epoch = mark(str(draft["seconds_per_epoch"]), of_an_epoch,
                     column="seconds per training epoch, paper")  # fmt: skip
        over_857 = "equals the training seconds of one epoch divided by 857, cut to two decimals"
        inference = journal["seconds_per_inference"]
        divided = abs(cut(journal["seconds_per_epoch"] / 857) - inference) < 1e-9
        time = mark(str(inference), divided and over_857, column="seconds per image, journal")
        other = f"the training run '{run.name}'; ours is cut at the main tap"
        for what, *cells in (
            ("parameters, stock network", f"{draft['parameters_millions']} M", NONE, NONE,
             f"{stock['parameters'] / 1e6:.1f} M"),
            ("parameters, as trained", NONE, size,
             mark(f"{run.parameters['total']:,}", other if model in trained else None,
                  column="parameters, logged"),
             mark(f"{described[model]['parameters']:,}",
                  "without the 3 numbers of the age normaliser", column="parameters, ours")),
            ("depth (layers with parameters)", str(draft["depth"]), str(journal["depth"]), NONE,
             str(stock["depth"])),
            ("accuracy", fixed(draft["accuracy"]), fixed(journal["accuracy"]),
             fixed(run.accuracy, 4), measured.cell(mine, "accuracy")),
            ("seconds per training epoch", epoch, str(journal["seconds_per_epoch"]),
             f"{run.seconds_per_epoch:g} ({' and '.join(run.devices)})",
             f"{record['seconds_per_epoch']:.0f} ({record['device']})" if record else NONE),
            ("seconds per image, prediction", NONE, time, NONE,
             f"{seconds['median']:.3f} (p90 {seconds['p90']:.3f})" if seconds else NONE),
        ):  # fmt: skip
            rows.append((model, what, *cells))
    source = ""
    if "device" in latency:
        source = (
            f"Our prediction time: median of {latency['repeats']} single images after warm-up, "
            f"{latency['threads']} thread, on {latency['device']}."
        )
    columns = ["Model", "Quantity", "Paper", "Journal", "Logged", "Ours"]
    note = notes.markdown(ours.sources(*LOGGED_RECIPE.values()))
    return pd.DataFrame(rows, columns=columns), f"{source}\n\n{note}".strip()


def _whose_parameters(model, count):
    """Say which training run the journal's parameter count is of, if not of the compared one."""
    runs = paper.logged().items()
    names = [name for name, run in runs if run.parameters.get("trainable") == count]
    if f"{model} MD" in names:
        return "trainable parameters; the logged and our count are of all parameters"
    return f"the trainable parameters of the training run '{names[0]}'"


def table_7(ours):
    """Return Table 7, the AUC beside the three averages of the logs, and its notes."""
    tables = {"Paper": paper.printed()["7"], "Journal": paper.printed("journal")["7"]}
    notes, rows = Notes(), []
    for arm in LOGGED_RECIPE:
        for model in tables["Paper"].rows:
            name, run = f"{model} {arm}", paper.logged().get(f"{model} {arm}")
            row, runs = {"Model": model, "Arm": arm}, ours.runs(model, arm)
            for title, table in tables.items():
                printed = table.value(model, arm)
                cell = NONE if printed is None else f"{printed:.{digits(printed)}f}"
                reason = _which_auc(printed, run, paper.behind(name)) if run else None
                row[title] = notes.mark(cell, reason, name, title.lower())
            row |= {f"Logged, {way}": fixed(run.auc[way], 4) if run else NONE for way in AVERAGES}
            row |= {f"Ours, {way}": measured.cell(runs, f"auc_{way}") for way in AVERAGES}
            rows.append(row)
    return pd.DataFrame(rows), notes.markdown(ours.sources(*LOGGED_RECIPE.values()))


def _which_auc(printed, *runs):
    """Say which computation on the logs gives the printed AUC; the plainest explanation first."""
    for run in runs if printed is not None else ():
        place = "" if run is runs[0] else f", of the training run '{run.name}'"
        states = {average: compare(printed, run.auc[average]) for average in AVERAGES}
        if states["macro"] == SAME:
            return f"equals the logged macro average{place}" if place else None
        areas = compare(printed, float(np.mean(cut(run.class_auc))))
        for way, fits in (
            ("the logged macro average, cut", states["macro"] == CUT),
            ("the logged micro average", states["micro"] == SAME),
            ("the logged weighted average", states["weighted"] == SAME),
            ("the mean of the seven one-vs-rest areas, each cut to two decimals", areas == SAME),
            ("the logged micro average, cut", states["micro"] == CUT),
            ("the logged weighted average, cut", states["weighted"] == CUT),
        ):
            if fits:
                return f"equals {way}{place}"
    return None if printed is None else "none of the averages in the log of this training run"


def table_8(ours, ideas):
    """Return Table 8, the paper's model, all twelve other works and ours, and its notes.

    `ideas` are words by reference number: what the ideas of a work changed in our network
    (`skinlib.paper.others.by_work`).
    """
    draft, journal = paper.printed()["8"], paper.printed("journal")["8"]
    notes, rows = Notes(), []
    for number in dict.fromkeys([*draft.rows, *REFERENCES]):
        printed = draft.row(number)
        own = number == "ours"
        reason = None
        if own:
            name, source = "the paper's model", _from_the_log()
            later = journal.row(number)
            changed = {key: later[key] for key in printed if later[key] != printed[key]}
            reason = f"in the journal version: {listed(changed, ', ')}"
        else:
            name, source = f"{REFERENCES[number]} [{number}]", paper.load("comparators")[number]
        column = "own metrics" if own else None
        rows.append((
            name,
            notes.mark(listed(printed), reason, name, "printed"),
            notes.mark(listed(source["values"]), source["remark"], name, column),
            *(source[key] for key in ("measured", "data", "protocol", "source")),
            ideas.get(number, NONE),
        ))  # fmt: skip
    for (backbone, recipe), runs in ours.real.items():
        found, record = scores(runs[0]), runs[0].record
        own = {"accuracy": "accuracy", "macro precision": "macro_precision", "macro F1": "macro_f1",
               "mean recall": "mean_recall", "macro AUC": "auc_macro"}  # fmt: skip
        unit = {"image": "photograph"}.get(record["split"]["unit"], record["split"]["unit"])
        rows.append((
            f"ours: {backbone}, {RECIPES[recipe]}, {record['input_size']} px",
            NONE,
            "; ".join(f"{title} {found[key]:.3f}" for title, key in own.items()),
            "accuracy; macro averages",
            f"{record['data']['name']}, 7 classes",
            f"split by {unit}, {found['images']} test images; epoch chosen on the "
            f"{record['selection']} set",
            "our run",
            NONE,
        ))  # fmt: skip
    columns = ["Work", "Printed", "Own metrics", "Measured", "Data", "Protocol", "Source",
               "Its ideas, under our protocol"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns), notes.markdown(ours.sources())


def _from_the_log():
    """Return what the paper's model reports of itself, as ``comparators.yaml`` has other works."""
    run = paper.logged_run("InceptionResNetV2 MD")
    values = {"accuracy": run.accuracy}
    values |= {f"macro {key}": run.macro[key.lower()] for key in ("precision", "F1", "recall")}
    values |= {f"{key} AUC": run.auc[key] for key in ("macro", "micro")}
    return {
        "values": values,
        "remark": "from the log of the training run behind the headline accuracy",
        "data": "HAM10000, 7 classes",
        "protocol": f"split by photograph; epoch chosen on the {run.test_images} test images",
        "measured": "accuracy; macro averages; AUC, macro and micro",
        "source": "the authors' notebook",
    }


def listed(values, separator="; "):
    """Return named numbers in one line, a dash where there is none."""
    return separator.join(f"{name} {value:.4g}" for name, value in values.items() if value) or NONE
