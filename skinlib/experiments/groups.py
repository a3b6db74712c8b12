"""Runs measured by groups of patients: ``results/subgroups.json`` and its tables.

Sex, age and site are in the metadata of the data set, which may not be passed on image by image.
What is stored are groups.
"""

import json

import pandas as pd

from skinlib.common import paths
from skinlib.common.errors import IntegrityError
from skinlib.experiments import evaluated, external
from skinlib.experiments.study import load_study
from skinlib.stats import subgroups
from skinlib.stats.bootstrap import Estimate

FILE = "subgroups.json"
SMALL = "ham10000-256px-96px"
SETS = {"test": "own test set", external.PART: "official test set"}
SEXES = {"female": "women", "male": "men"}
COLUMNS = {
    "accuracy": "Accuracy",
    "expected": "Expected from case mix",
    "excess": "Standardised difference",
    "mean_recall": "Mean recall",
    "melanoma_sensitivity": "Melanoma recall",
    "nevus_specificity": "Nevus specificity",
}


def measure(run, table, part="test"):
    """Measure a run by groups of its images; for JSON, see `skinlib.stats.subgroups.measure`.

    The table is that of `skinlib.stats.subgroups.facts`, with ``lesion_id`` and ``dx``; it may hold
    more images than the part.

    Raises
    ------
    IntegrityError
        An image of the part is not in the table, or of another lesion or diagnosis there.
    """
    frame = run.predictions(part)
    rows = table.set_index("image_id").reindex(frame["image_id"]).reset_index()
    odd = (rows["lesion_id"] != frame["lesion_id"]) | (rows["dx"] != frame["label"])
    if odd.any():
        msg = (
            f"{odd.sum()} images of '{run.folder}' are not in the metadata, or of another lesion "
            f"or diagnosis there: {', '.join(frame.loc[odd, 'image_id'][:5])}; use the metadata of "
            "the data that the run was of"
        )
        raise IntegrityError(msg)
    labels, probabilities, lesions = run.arrays(part)
    known = {key: run.record[key] for key in ("run", "study", "identity")}
    found = subgroups.measure(labels, probabilities.argmax(axis=1), lesions, subgroups.facts(rows))
    return {**known, "part": part, **found}


def reported():
    """Return the runs whose errors are examined: our first models, then the small clean one."""
    small = load_study(SMALL).finished()
    clean = [run for run in small if run.record["recipe"]["name"] == "clean"]
    return evaluated.finished_best() + clean


def read():
    """Return the stored results as dictionaries, our first model first, its two test sets in a row.

    They are those of `measure`, with the name of the ``model`` and of the ``set``. Results of runs
    that have been trained anew since are left out.
    """
    stored = json.loads((paths.RESULTS / FILE).read_text(encoding="utf-8")).values()
    by_key = {(record["identity"], record["part"]): record for record in stored}
    return [
        {**by_key[key], "model": name, "set": title}
        for name, run in evaluated.named(reported()).items()
        for part, title in SETS.items()
        if (key := (run.record["identity"], part)) in by_key
    ]


def by_sex(records):
    """Return accuracy and melanoma recall of women and men in records of `read`.

    One row a model, test set, sex and metric: ``model``, ``set``, ``sex``, ``metric`` (of
    `COLUMNS`), ``value``, ``low``, ``high``, ``melanomas`` and how many are ``found``.
    """
    rows = [
        {
            "model": record["model"],
            "set": record["set"],
            "sex": SEXES[row["group"]],
            "metric": COLUMNS[metric],
            **dict(zip(("value", "low", "high"), row[metric], strict=True)),
            "melanomas": row["melanomas"],
            "found": round((row["melanoma_sensitivity"] or [0])[0] * row["melanomas"]),
        }
        for record in records
        for row in record["groups"]["sex"]
        for metric in ("melanoma_sensitivity", "accuracy")
        if row["group"] in SEXES and row[metric]
    ]
    return pd.DataFrame(rows)


def differences(records):
    """Return women minus men as text, one row a model and test set; None if not measured."""
    rows = [
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
    ]
    return pd.DataFrame(rows).dropna(axis="columns", how="all")


def table(record, attribute, title):
    """Return the groups of an attribute of a record of `read` as text, all photographs last.

    Columns without any number are left out, and a mean recall that only one group has.
    """
    groups = record["groups"][attribute]
    total = {**record["overall"], "group": "all photographs", "expected": None, "excess": None}
    least = dict.fromkeys(COLUMNS, 1) | {"mean_recall": 2}
    metrics = [each for each in COLUMNS if sum(bool(r[each]) for r in groups) >= least[each]]
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
