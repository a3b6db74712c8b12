"""Printed results beside the logged and the measured ones, as numbers and not as a table."""

import pandas as pd

from skinlib import paper
from skinlib.common.classes import CLASSES
from skinlib.paper.ledger.cells import compare
from skinlib.paper.ledger.classes import INDICATORS, indicators
from skinlib.paper.ledger.ours import LOGGED_RECIPE, scores

ARMS = ("MD", "AD")
# What a printed number is to the logged one.
SAME, CUT, DIFFERS = "same", "cut", "differs"
# Means of a whole network: measure, printed table, logged and measured value.
MEASURES = {
    "accuracy": ("5", lambda run: run.accuracy, lambda found: found.summary["accuracy"]),
    "macro AUC": ("7", lambda run: run.auc["macro"], lambda found: found.summary["auc_macro"]),
    "mean F1": ("A3", lambda run: run.macro["f1"], lambda found: found.summary["macro_f1"]),
    "mean recall": (
        "A4",
        lambda run: run.macro["recall"],
        lambda found: found.summary["mean_recall"],
    ),
}


def networks(ours):
    """Return the means of each network: printed, logged and ours.

    Parameters
    ----------
    ours : skinlib.paper.ledger.ours.Ours

    Returns
    -------
    pandas.DataFrame
        One row a number: ``network`` (``DenseNet201 MD``), ``measure``, ``source``
        (``printed``, ``logged``, ``ours, authors' recipe``, ``ours, clean recipe``), ``value``.
    """
    rows = []
    for network in _networks():
        backbone, arm = network.split()
        for measure, (number, logged, measured) in MEASURES.items():
            values = {"printed": _printed(number, backbone, arm)}
            run = paper.logged().get(network)
            if run is not None:
                values["logged"] = logged(run if measure == "accuracy" else paper.behind(network))
            values["ours, authors' recipe"] = _mean(ours, (backbone, LOGGED_RECIPE[arm]), measured)
            if arm == "MD":
                values["ours, clean recipe"] = _mean(ours, (backbone, "clean"), measured)
            rows += [
                {"network": network, "measure": measure, "source": source, "value": value}
                for source, value in values.items()
                if value is not None
            ]
    return pd.DataFrame(rows)


def _networks():
    """Return the networks of Tables 5 and A3, those with metadata first."""
    first = [f"{name} {arm}" for arm in ARMS for name in paper.printed()["5"].rows]
    more = [name for name in paper.printed()["A3"].rows if name not in first]
    return first + more


def _printed(number, backbone, arm):
    if number in ("A3", "A4"):
        return paper.printed()[number].value(f"{backbone} {arm}", "mean")
    value = paper.printed()[number].value(backbone, arm)
    return paper.printed("journal")[number].value(backbone, arm) if value is None else value


def _mean(ours, key, measured):
    found = [measured(scores(run)) for run in ours.real.get(key, [])]
    return sum(found) / len(found) if found else None


def results():
    """Return every printed result that has a logged one.

    Returns
    -------
    pandas.DataFrame
        ``table``, ``network``, ``what``, ``printed``, ``logged``, and ``state``: `SAME` where
        the logged number rounds to the printed one, `CUT` where its further digits are cut off,
        else `DIFFERS`. AUC against the macro average.
    """
    rows = []
    for network in _networks():
        backbone, arm = network.split()
        run = paper.logged().get(network)
        if run is None:
            continue
        rows.append(("5", network, "accuracy", _printed("5", backbone, arm), run.accuracy))
        behind = paper.behind(network)
        rows.append(("7", network, "AUC", _printed("7", backbone, arm), behind.auc["macro"]))
        for number, metric in (("A3", "f1"), ("A4", "recall")):
            cells = paper.printed()[number].rows.get(network)
            if cells:
                rows += [
                    (number, network, name, printed, logged)
                    for name, printed, logged in zip(
                        CLASSES, cells[: len(CLASSES)], getattr(behind, metric), strict=True
                    )
                ]
        if arm == "MD" and backbone in paper.printed()["A5"].rows:
            logged = indicators(run)
            rows += [
                ("A5", network, name, paper.printed()["A5"].value(backbone, name), logged[name])
                for name in INDICATORS
            ]
    rows = [(*row, compare(*row[-2:])) for row in rows if None not in row[-2:]]
    columns = ["table", "network", "what", "printed", "logged", "state"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        "table", kind="stable", ignore_index=True
    )


def by_table(found):
    """Count the comparisons of `results`, one row a table of the paper, and ``all``.

    Returns
    -------
    pandas.DataFrame
        ``table``, ``compared``, and one column for each of `SAME`, `CUT`, `DIFFERS`.
    """
    counts = pd.crosstab(found["table"], found["state"])
    counts = counts.reindex(columns=[SAME, CUT, DIFFERS], fill_value=0)
    counts.loc["all"] = counts.sum()
    counts.insert(0, "compared", counts.sum(axis=1))
    return counts.rename_axis(columns=None).reset_index()
