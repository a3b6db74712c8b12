"""Tables, sentences and the figure about groups of patients, from ``results/subgroups.json``."""

import json

import pandas as pd

from skinlib import paths
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
    found = read() if found is None else found
    found = {
        title: record
        for title, record in found.items()
        if title not in runs or runs[title].record["identity"] == record["identity"]
    }
    frames = {"subgroups-models": _models(found)}
    if not found:
        frames |= {f"subgroups-{name}": pd.DataFrame({title: [NOT_RUN]})
                   for name, title in ATTRIBUTES.items()}  # fmt: skip
        texts = dict.fromkeys(TEXTS, "Not run yet.\n")
        return frames, texts, {"subgroups-forest": not_run()}
    title, record = next(iter(found.items()))
    groups = record["groups"]
    for name, heading in ATTRIBUTES.items():
        # What these data do not say may be known of other images that a model was asked about.
        known = [title, *(other for other in found if name in found[other]["groups"])]
        source = title if name in groups else known[-1]
        rows = found[source]["groups"].get(name)
        shown = heading if source == title else f"{heading} ({source})"
        missing = pd.DataFrame({heading: [NOT_KNOWN]})
        frames[f"subgroups-{name}"] = (
            _groups(shown, rows, found[source]["overall"]) if rows else missing
        )
    texts = {
        "subgroups-about": _about(title, record),
        "subgroups-sex": _sexes(found),
        "subgroups-groups": _ranges(record),
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


def _about(title, record):
    part = "" if record["part"] == "test" else f", part *{record['part']}*"
    return (
        f"The tables by group are of *{title}* (run `{record['study']}/{record['run']}`{part}): "
        f"{record['images']:,} photographs of {record['lesions']:,} lesions. Groups of fewer than "
        f"{subgroups.LEAST_IMAGES} photographs or {subgroups.LEAST_LESIONS} lesions show their "
        "size and a dash, and so does a share of fewer photographs than that.\n"
    )


def _sexes(found):
    lines = []
    for title, record in found.items():
        gaps = {metric: value and Estimate(*value)
                for metric, value in record["women_minus_men"].items()}  # fmt: skip
        if gaps["accuracy"] is None:
            lines.append(f"* *{title}*: too few women or men to compare.")
            continue
        left = gaps["excess"]
        verdict = {
            0: "**What remains does not tell women and men apart.**",
            1: "**Beyond the mix the model does better for women.**",
            -1: "**Beyond the mix the model does worse for women.**",
        }[left.sign]
        others = "; ".join(
            f"{COLUMNS[metric].lower()} {gaps[metric].text(signed=True)}"
            for metric in ("mean_recall", "melanoma_sensitivity", "nevus_specificity")
            if gaps[metric]
        )
        lines.append(
            f"* *{title}*, women less men: accuracy {gaps['accuracy'].text(signed=True)}, of "
            f"which their different diagnoses alone would give "
            f"{gaps['expected'].text(signed=True)}; left over {left.text(signed=True)}. {verdict}"
            + (f" Also {others}." if others else "")
        )
    return "\n".join(lines) + "\n"


def _ranges(record):
    """Say how far groups lie apart, and how many lie apart beyond their mix."""
    lines, judged, apart = [], 0, []
    for name, heading in ATTRIBUTES.items():
        rows = [row for row in record["groups"].get(name, ()) if row["accuracy"]]
        judged += len(rows)
        apart += [
            f"{heading.lower()}, {row['group']} {Estimate(*row['excess']).text(signed=True)}"
            for row in rows
            if Estimate(*row["excess"]).sign
        ]
        known = [row for row in rows if row["group"] != subgroups.UNKNOWN]
        if len(known) > 1:
            low, high = (pick(known, key=lambda row: row["accuracy"][0]) for pick in (min, max))
            lines.append(
                f"* {heading}: accuracy from {Estimate(*low['accuracy']).text()} "
                f"({low['group']}, {low['images']:,} photographs; expected from the mix "
                f"{low['expected'][0]:.3f}) to {Estimate(*high['accuracy']).text()} "
                f"({high['group']}, {high['images']:,}; expected {high['expected'][0]:.3f})."
            )
    count = f"{len(apart)} of {judged} groups"
    text = (
        f"{count} with enough photographs lie beyond what their mix gives, by an interval that "
        "leaves out 0"
    )
    text += f": {'; '.join(apart)}. " if apart else ". "
    return (
        "\n".join(lines)
        + f"\n\n{text}Of so many intervals one in twenty would leave 0 out by chance alone.\n"
    )
