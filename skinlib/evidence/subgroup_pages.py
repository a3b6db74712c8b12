"""Tables, sentences and the figure about groups of patients, from ``results/subgroups.json``."""

import json

import pandas as pd

from skinlib import external, paths
from skinlib.evidence import subgroup_words as words
from skinlib.evidence import subgroups
from skinlib.evidence.draws import Estimate
from skinlib.figures.evidence import forest
from skinlib.figures.runs import not_run
from skinlib.tables import NOT_PRINTED, NOT_RUN

ATTRIBUTES = {
    "sex": "Sex",
    "age": "Age in years",
    "site": "Site",
    "confirmation": "Confirmed by",
    "source": "Source",
}
COLUMNS = {
    "accuracy": "Accuracy",
    "expected": "Expected from the mix",
    "excess": "Excess",
    "mean_recall": "Mean recall",
    "melanoma_sensitivity": "Melanoma sensitivity",
    "nevus_specificity": "Nevus specificity",
}
# A table more, of what the model answered to the official test.
OFFICIAL = "sex-official"
NOT_KNOWN = "not in the metadata of these data"
TEXTS = ("subgroups-about", "subgroups-sex", "subgroups-groups")


def read():
    """Return the stored results by title, empty where there are none."""
    path = paths.RESULTS / subgroups.FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def pages(runs, found=None):
    """Return frames, texts and figures about groups, by file name.

    Parameters
    ----------
    runs : dict of str to skinlib.runs.Run
        By title. What is stored under the same title of another run is left out.
    found : dict, optional
        From `skinlib.evidence.subgroups.measure`, by title; from `read` when left out. The
        first is shown in full.
    """
    found = _known(runs, read() if found is None else found)
    frames = {"subgroups-models": _models(found)}
    if not found:
        frames |= {f"subgroups-{name}": pd.DataFrame({"Group": [NOT_RUN]})
                   for name in (*ATTRIBUTES, OFFICIAL)}  # fmt: skip
        texts = dict.fromkeys(TEXTS, "Not run yet.\n")
        return frames, texts, {"subgroups-forest": not_run()}
    title, record = next(iter(found.items()))
    groups = record["groups"]
    same = words.of_run(found, record["identity"])
    shown = []
    for name, attribute, heading, source in _tables(same):
        rows = source and source["groups"].get(attribute)
        if rows and source is not record:
            heading += ", official test"
        missing = pd.DataFrame({heading: [NOT_KNOWN]})
        frames[f"subgroups-{name}"] = _groups(heading, rows, source["overall"]) if rows else missing
        shown += [(heading, rows)] if rows else []
    texts = {
        "subgroups-about": words.about(title, same),
        "subgroups-sex": words.sexes(found),
        "subgroups-groups": words.ranges(shown),
    }
    blocks = {
        heading: [
            (row["group"], row["images"], row["accuracy"], row["expected"] and row["expected"][0])
            for row in groups[name]
        ]
        for name, heading in ATTRIBUTES.items()
        if name in groups
    }
    drawn = forest(blocks, "accuracy", "expected from the mix of diagnoses")
    return frames, texts, {"subgroups-forest": drawn}


def _known(runs, found):
    """Return what is stored of these runs, not of older ones, the parts of a run together."""
    now = {title: run.record["identity"] for title, run in runs.items()}
    kept = [
        (title, record)
        for title, record in found.items()
        if now.get(title.removesuffix(", official test"), record["identity"]) == record["identity"]
    ]
    models = list(dict.fromkeys(record["identity"] for _, record in kept))
    return dict(sorted(kept, key=lambda item: models.index(item[1]["identity"])))


def _tables(same):
    """Return ``(name, attribute, heading, record)`` of each table, from the parts of one run.

    What the data of a run do not say may be known of the official test that it was asked about.
    """
    for attribute, heading in ATTRIBUTES.items():
        known = [record for record in same.values() if attribute in record["groups"]]
        yield attribute, attribute, heading, known[0] if known else None
        if attribute == "sex":
            yield OFFICIAL, attribute, heading, same.get(external.PART)


def _cell(row, metric):
    if row[metric] is None:
        return NOT_PRINTED
    return Estimate(*row[metric]).text(signed=metric == "excess")


def _groups(heading, rows, overall):
    """Return the table of an attribute, all images last."""
    return pd.DataFrame(
        {
            heading: row["group"],
            "Images": f"{row['images']:,}",
            "Lesions": f"{row['lesions']:,}",
            "Diagnoses": str(row["classes"]),
            "Melanomas": str(row.get("melanomas", NOT_PRINTED)),
            **{title: _cell(row, metric) for metric, title in COLUMNS.items()},
        }
        for row in (*rows, {**overall, "group": "all images", "expected": None, "excess": None})
    )


def _models(found):
    """Return women minus men of every model."""
    if not found:
        return pd.DataFrame({"Model": [NOT_RUN]})
    return pd.DataFrame(
        {
            "Model": title,
            **{
                heading: Estimate(*gap).text(signed=True) if gap else NOT_PRINTED
                for metric, heading in COLUMNS.items()
                for gap in [record["women_minus_men"][metric]]
            },
        }
        for title, record in found.items()
    )
