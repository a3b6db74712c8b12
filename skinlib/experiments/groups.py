"""Frames about groups of patients, from ``results/subgroups.json``.

What is stored are groups, not photographs; see `skinlib.stats.subgroups`.
"""

import json

import pandas as pd

from skinlib.common import paths
from skinlib.experiments import evaluated, external
from skinlib.experiments import run as runs
from skinlib.stats import subgroups
from skinlib.stats.bootstrap import Estimate

SETS = {"test": "own test set", external.PART: "official test set"}
COLUMNS = {
    "accuracy": "Accuracy",
    "expected": "Expected from case mix",
    "excess": "Standardised difference",
    "mean_recall": "Mean recall",
    "melanoma_sensitivity": "Melanoma recall",
    "nevus_specificity": "Nevus specificity",
}
EXPECTED = "expected from case mix"
# Differences that stand for themselves: accuracy and what the case mix gives make up the excess.
LOOKED_AT = ("excess", "mean_recall", "melanoma_sensitivity", "nevus_specificity")


def read():
    """Return the stored results, our model first, its two test sets one after the other.

    Returns
    -------
    list of dict
        From `skinlib.stats.subgroups.measure`, with the name of the ``model`` and of the
        ``set``. Results of runs that have been trained anew since are left out.
    """
    stored = json.loads((paths.RESULTS / subgroups.FILE).read_text(encoding="utf-8")).values()
    known = {}
    for record in stored:
        folder = runs.folder_of(record["study"], record["run"])
        run = runs.read_run(folder) if (folder / runs.RUN).is_file() else None
        if run and run.record["identity"] == record["identity"]:
            known[record["identity"]] = run
    ours = [run.record["identity"] for run in evaluated.finished_best()]
    order = [
        *(each for each in ours if each in known),
        *(each for each in known if each not in ours),
    ]
    named = dict(zip(order, evaluated.named([known[each] for each in order]), strict=True))
    found = [
        {**record, "model": named[record["identity"]], "set": SETS[record["part"]]}
        for record in stored
        if record["identity"] in known
    ]
    return sorted(
        found, key=lambda each: (order.index(each["identity"]), list(SETS).index(each["part"]))
    )


def by_sex(records):
    """Return accuracy and melanoma recall of women and men, one row a model, test set and sex.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``set``, ``sex``, ``metric`` (of `COLUMNS`), ``value``, ``low``, ``high``, the
        number of ``melanomas`` and how many of them are ``found``.
    """
    rows = []
    for record in records:
        for row in record["groups"]["sex"]:
            for metric in ("melanoma_sensitivity", "accuracy"):
                if row["group"] == subgroups.UNKNOWN or not row[metric]:
                    continue
                value, low, high = row[metric]
                recall = (row["melanoma_sensitivity"] or [0])[0]
                rows.append(
                    {
                        "model": record["model"],
                        "set": record["set"],
                        "sex": {"female": "women", "male": "men"}[row["group"]],
                        "metric": COLUMNS[metric],
                        "value": value,
                        "low": low,
                        "high": high,
                        "melanomas": row["melanomas"],
                        "found": round(recall * row["melanomas"]),
                    }
                )
    return pd.DataFrame(rows)


def differences(records):
    """Return women minus men, one row a model and test set; what was not measured is None."""
    return pd.DataFrame(
        {
            "Model": record["model"],
            "Test set": record["set"].removesuffix(" test set"),
            **{
                title: gap and Estimate(*gap).text(signed=True)
                for metric, title in COLUMNS.items()
                for gap in [record["women_minus_men"][metric]]
            },
        }
        for record in records
    ).dropna(axis="columns", how="all")


def looked_at(records):
    """Return every difference between women and men of `LOOKED_AT` that was measured.

    Returns
    -------
    dict of (str, str, str) to skinlib.stats.bootstrap.Estimate
        By model, test set and metric.
    """
    return {
        (record["model"], record["set"], metric): Estimate(*gap)
        for record in records
        for metric, gap in record["women_minus_men"].items()
        if gap and metric in LOOKED_AT
    }


def table(record, attribute, title):
    """Return the groups of an attribute, all photographs last.

    Parameters
    ----------
    record : dict
        One of `read`.
    attribute : str
        ``sex``, ``age``, ``site``, ``confirmation`` or ``source``.
    title : str
        Of the first column.

    Returns
    -------
    pandas.DataFrame
        Without the columns that no group has a number in, and without a mean recall that only
        one has.
    """
    groups = record["groups"][attribute]
    total = {**record["overall"], "group": "all photographs", "expected": None, "excess": None}
    metrics = [metric for metric in COLUMNS if any(row[metric] for row in groups)]
    # One group's mean recall compares with nothing.
    if sum(bool(row["mean_recall"]) for row in groups) < 2:
        metrics = [metric for metric in metrics if metric != "mean_recall"]
    rows = []
    for row in (*groups, total):
        counts = {"Images": f"{row['images']:,}", "Lesions": f"{row['lesions']:,}"}
        if "mean_recall" in metrics:
            counts["Diagnoses"] = row["classes"]
        if "melanoma_sensitivity" in metrics:
            counts["Melanomas"] = row["melanomas"]
        found = {
            COLUMNS[metric]: row[metric] and Estimate(*row[metric]).text(signed=metric == "excess")
            for metric in metrics
        }
        rows.append({title: row["group"], **counts, **found})
    return pd.DataFrame(rows)


def beside_expected(shown):
    """Return the accuracy of groups beside what their case mix gives.

    Parameters
    ----------
    shown : dict of str to (dict, str)
        By title: a record of `read` and an attribute.

    Returns
    -------
    pandas.DataFrame
        ``panel`` (title), ``row`` (group and number of photographs), ``kind``, ``value``, ``low``
        and ``high``; NaN where there are too few photographs, and the case mix has no interval.
    """
    rows = []
    for panel, (record, attribute) in shown.items():
        for group in record["groups"][attribute]:
            few = "" if group["accuracy"] else ", too few"
            row = {"panel": panel, "row": f"{group['group']} ({group['images']:,}{few})"}
            found = dict(zip(("value", "low", "high"), group["accuracy"] or (), strict=False))
            expected = {"value": group["expected"][0]} if group["expected"] else {}
            rows += [row | {"kind": "accuracy"} | found, row | {"kind": EXPECTED} | expected]
    return pd.DataFrame(rows)


def beyond(shown):
    """Return the groups that are better or worse than their case mix, the farthest first.

    Parameters
    ----------
    shown : dict of str to (dict, str)
        As of `beside_expected`.

    Returns
    -------
    judged : int
        Groups with enough photographs.
    pandas.DataFrame
        Those whose standardised difference has an interval that excludes zero.
    """
    rows = [
        (title, row, Estimate(*row["excess"]))
        for title, (record, attribute) in shown.items()
        for row in record["groups"][attribute]
        if row["excess"]
    ]
    apart = sorted((each for each in rows if each[2].sign), key=lambda each: -abs(each[2].value))
    return len(rows), pd.DataFrame(
        {
            "Group": f"{title}: {row['group']}",
            "Images": f"{row['images']:,}",
            "Accuracy": Estimate(*row["accuracy"]).text(),
            COLUMNS["expected"]: f"{row['expected'][0]:.3f}",
            COLUMNS["excess"]: excess.text(signed=True),
        }
        for title, row, excess in apart
    )
