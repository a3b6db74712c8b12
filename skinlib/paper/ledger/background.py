"""Tables 1, 2, 3 and 8: related work, data, comparison."""

import pandas as pd

from skinlib import paper
from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.experiments.evaluated import RECIPES
from skinlib.paper.ledger.cells import NONE, Notes
from skinlib.paper.ledger.entry import entry
from skinlib.paper.ledger.ours import scores

_UNITS = {"image": "photograph", "lesion": "lesion"}
REFERENCES = {
    "14": "Datta et al.", "3": "Garg et al.", "5": "Rezvantalab et al.", "9": "Nadipineni",
    "12": "Yao et al.", "6": "Young et al.", "2": "Xing et al.", "15": "Mahbod et al.",
    "16": "Lee et al.", "10": "Gessert et al.", "8": "Alberti et al.",
}  # fmt: skip


def table_1(_facts):
    """Related work: what is printed, and what the works used."""
    table, journal, sources = paper.printed()["1"], paper.printed("journal")["1"], comparators()
    notes, rows = Notes(), []
    # What is to be said of a work that Table 8 compares is about its numbers, and stands there.
    compared = set(paper.printed()["8"].rows)
    for number in table.rows:
        learning = [
            name for name, column in (("deep", "deep_learning"), ("other", "machine_learning"))
            if table.value(number, column)
        ]  # fmt: skip
        source = sources[number]
        remark = None if number in compared else source["remark"]
        rows.append(
            {
                "Work": f"{REFERENCES[number]} [{number}]",
                "Learning": " and ".join(learning),
                "Augmentation": _tick(table.value(number, "data_augmentation")),
                "Feature extraction": _tick(table.value(number, "feature_extraction")),
                "Data set, paper": table.value(number, "data_set"),
                "Result, journal": journal.value(number, "result") or NONE,
                "Data, source": notes.mark(
                    source["data"], remark, f"{REFERENCES[number]} [{number}]"
                ),
                "Results, source": _values(source["values"]),
            }
        )
    return entry(
        "1",
        rows,
        "related work as the paper lists it, beside what the works themselves report. The first "
        "five columns are the paper's; the column *Result* is the journal version's.",
        notes.markdown(),
    )


def comparators():
    """Return the works of Tables 1 and 8 as their own publications report them."""
    return paper.load("comparators")


def _tick(value):
    return "yes" if value else NONE


def _values(values):
    return "; ".join(f"{name} {value:g}" for name, value in values.items()) or NONE


def table_2(facts):
    """Images of each class: printed, and recounted; drawn ones only where there are no others."""
    table, rows = paper.printed()["2"], []
    real = {name: found for name, found in facts.counts.items() if name.startswith("ham10000")}
    for name in (*CLASSES, "total"):
        row = {
            "Class": f"{name} – {LONG_NAMES[name]}" if name in LONG_NAMES else name,
            "Photographs, paper": f"{table.value(name, 'images'):,}",
        }
        for title, counts in (real or facts.counts).items():
            row[f"Photographs, {title}"] = f"{counts.loc[name, 'images']:,}"
            row[f"Lesions, {title}"] = f"{counts.loc[name, 'lesions']:,}"
        rows.append(row)
    return entry("2", rows, "photographs and lesions of each class, as printed and recounted.")


def table_3(facts):
    """Metadata: the illustrative rows, and real rows of the data in use."""
    table = paper.printed()["3"]
    rows = [
        {"Source": "paper", "Image": name, "Age": str(age), "Sex": sex, "Site": site,
         "Diagnosis": NONE, "Lesion": NONE}
        for name, (age, sex, site) in table.rows.items()
    ]  # fmt: skip
    for _, row in facts.examples.iterrows():
        rows.append(
            {
                "Source": facts.data_name,
                "Image": row["image_id"],
                "Age": "unknown" if pd.isna(row["age"]) else f"{row['age']:g}",
                "Sex": row["sex"],
                "Site": row["localization"],
                "Diagnosis": row["dx"],
                "Lesion": row["lesion_id"],
            }
        )
    return entry("3", rows, "examples of the metadata.")


def table_8(facts):
    """The comparative analysis, with each competitor's own metric, data and protocol."""
    table, journal, sources = paper.printed()["8"], paper.printed("journal")["8"], comparators()
    notes, rows = Notes(), []
    for number, cells in table.rows.items():
        printed = "; ".join(
            f"{name} {value:g}" for name, value in zip(table.columns, cells, strict=True) if value
        )
        if number == "ours":
            run = paper.logged_run("InceptionResNetV2 MD")
            rows.append(
                {
                    "Work": "the paper's model",
                    "Printed": notes.mark(
                        printed, _journal_differs(table, journal), "the paper's model", "printed"
                    ),
                    "Own metrics": notes.mark(
                        f"accuracy {run.accuracy:.4f}; macro precision "
                        f"{run.macro['precision']:.2f}; macro F1 {run.macro['f1']:.2f}; macro "
                        f"recall {run.macro['recall']:.2f}; macro AUC {run.auc['macro']:.4f}; "
                        f"micro AUC {run.auc['micro']:.4f}",
                        "from the log of the training run behind the headline accuracy",
                        "the paper's model",
                        "own metrics",
                    ),
                    "Data": "HAM10000, 7 classes",
                    "Protocol": f"split by photograph; epoch chosen on the {run.test_images} test "
                    "images",
                }
            )
            continue
        source = sources[number]
        rows.append(
            {
                "Work": f"{REFERENCES[number]} [{number}]",
                "Printed": printed,
                "Own metrics": notes.mark(
                    _values(source["values"]), source["remark"], f"{REFERENCES[number]} [{number}]"
                ),
                "Data": source["data"],
                "Protocol": source["protocol"],
            }
        )
    for (backbone, recipe), runs in facts.ours.real.items():
        measured, record = scores(runs[0]), runs[0].record
        summary = measured.summary
        rows.append(
            {
                "Work": f"ours: {backbone}, {RECIPES[recipe]}, {record['input_size']} px",
                "Printed": NONE,
                "Own metrics": f"accuracy {summary['accuracy']:.3f}; macro precision "
                f"{summary['macro_precision']:.3f}; macro F1 {summary['macro_f1']:.3f}; mean "
                f"recall {summary['mean_recall']:.3f}; macro AUC {summary['auc_macro']:.3f}",
                "Data": f"{record['data']['name']}, 7 classes",
                "Protocol": f"split by {_UNITS[record['split']['unit']]}, {measured.images} test "
                f"images; epoch chosen on the {record['selection']} set",
            }
        )
    caption = (
        "comparative analysis, what is printed, and what each work measured, on which data and "
        "how. The numbers are of different metrics, data and protocols and do not rank the methods."
    )
    return entry("8", rows, caption, notes.markdown(), facts.ours.sources())


def _journal_differs(table, journal):
    changed = [
        f"{name} {journal.value('ours', name):g}"
        for name in table.columns
        if journal.value("ours", name) != table.value("ours", name)
    ]
    return f"in the journal version: {', '.join(changed)}" if changed else None
