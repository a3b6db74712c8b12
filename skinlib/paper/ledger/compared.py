"""Printed results beside the logged and the measured ones, as numbers and not as a table."""

import pandas as pd

from skinlib import paper
from skinlib.common.classes import CLASSES
from skinlib.paper.ledger.classes import INDICATORS, logged_indicator
from skinlib.paper.measured import LOGGED_RECIPE, mean
from skinlib.paper.rounding import compare

# Means of a whole network: printed table, field of a log, score of our runs.
MEASURES = {
    "accuracy": ("5", "accuracy", "accuracy"),
    "macro AUC": ("7", "auc.macro", "auc_macro"),
    "mean F1": ("A3", "macro.f1", "macro_f1"),
    "mean recall": ("A4", "macro.recall", "mean_recall"),
}


def networks(ours):
    """Return the means of each network: printed, logged and ours (`skinlib.paper.measured.Ours`).

    One row a number: ``network`` (``DenseNet201 MD``), ``measure``, ``source`` (``printed``,
    ``logged``, ``ours, authors' recipe``, ``ours, clean recipe``), ``value``.
    """
    rows = []
    for network in _networks():
        backbone, arm = network.split()
        for measure, (number, field, score) in MEASURES.items():
            run = paper.logged().get(network)
            run = paper.behind(network) if run and measure != "accuracy" else run
            values = {
                "printed": _printed(number, network),
                "logged": run and run.get(field),
            }
            for source, runs in ours.by_recipe(backbone, arm).items():
                values[source] = mean(runs, score)
            rows += [(network, measure, source, value) for source, value in values.items()]
    frame = pd.DataFrame(rows, columns=["network", "measure", "source", "value"])
    return frame.dropna(subset="value", ignore_index=True)


def _networks():
    """Return the networks of Tables 5 and A3, those with metadata first."""
    first = [f"{name} {arm}" for arm in LOGGED_RECIPE for name in paper.printed()["5"].rows]
    return list(dict.fromkeys([*first, *paper.printed()["A3"].rows]))


def _printed(number, network):
    if number in ("A3", "A4"):
        return paper.printed()[number].value(network, "mean")
    draft = paper.printed()[number].value(*network.split())
    return paper.printed("journal")[number].value(*network.split()) if draft is None else draft


def results():
    """Return every printed result that has a logged one; AUC against the macro average.

    ``table``, ``network``, ``what``, ``printed``, ``logged``, and ``state``, see
    `skinlib.paper.rounding.compare`.
    """
    rows, tables = [], paper.printed()
    for network, run in ((name, paper.logged().get(name)) for name in _networks()):
        if run is None:
            continue
        behind = paper.behind(network)
        rows.append(("5", network, "accuracy", _printed("5", network), run.accuracy))
        rows.append(("7", network, "AUC", _printed("7", network), behind.auc["macro"]))
        for number, score in (("A3", "f1"), ("A4", "recall")):
            cells = tables[number].rows.get(network)
            if cells:
                triples = zip(CLASSES, cells[:-1], getattr(behind, score), strict=True)
                rows += [(number, network, *triple) for triple in triples]
        model = network.removesuffix(" MD")
        if model in tables["A5"].rows:
            rows += [
                ("A5", network, name, tables["A5"].value(model, name), logged_indicator(run, name))
                for name in INDICATORS
            ]
    columns = ["table", "network", "what", "printed", "logged"]
    frame = pd.DataFrame(rows, columns=columns).dropna(subset=["printed", "logged"])
    frame["state"] = [
        compare(*pair) for pair in zip(frame["printed"], frame["logged"], strict=True)
    ]
    return frame.sort_values("table", kind="stable", ignore_index=True)
