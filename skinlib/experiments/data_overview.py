"""What a data set holds: counts by class, files that are there twice, and its splits.

Either counted from the data, or read from what is kept of real data under ``results/``, which
a machine without the photographs has too.
"""

import dataclasses
import json

import pandas as pd

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.data import duplicates, ham10000, splits

UNITS = {"image": "by photograph", "lesion": "by lesion"}


@dataclasses.dataclass(frozen=True)
class Overview:
    """What a page shows of a data set."""

    name: str
    # Images and lesions by class, in the order of CLASSES.
    counts: pd.DataFrame
    # Ids of files with the same bytes; are those of each group of one lesion?
    copies: list
    one_lesion: bool
    # Photographs without the age of the patient.
    missing_age: int
    # One row a way to split, see `describe_split`.
    splits: pd.DataFrame


def count(data, seed=0):
    """Count a data set, see `skinlib.data.ham10000.locate`; `seed` is that of its splits."""
    dataset = ham10000.load(data, decode=False)
    table = dataset.table
    drawn = {
        unit: splits.make_split(table, unit=unit, test=0.15, validation=0.15, seed=seed).table
        for unit in UNITS
    }
    missing = int(table["age"].isna().sum())
    return _overview(ham10000.class_counts(table), duplicates.find(dataset), missing, drawn)


def kept(runs):
    """Read what is kept of the real data; of each way to split that of the first run is shown."""
    name = runs[0].record["data"]["name"]
    counts = pd.read_csv(paths.RESULTS / "counts" / f"{name}.csv", index_col="class")
    copies = paths.RESULTS / duplicates.FOLDER / f"{name}.json"
    found = json.loads(copies.read_text(encoding="utf-8"))
    drawn, missing = {}, 0
    for run in runs:
        split, age = run.record["split"], run.record["metadata"]["missing_age"]
        drawn.setdefault(split["unit"], pd.read_csv(paths.RESULTS / "splits" / split["file"]))
        missing = max(missing, age["dropped"] + age["imputed"])
    return _overview(counts, found, missing, drawn)


def _overview(counts, found, missing, drawn):
    rows = [
        {"Split": UNITS[unit], **describe_split(drawn[unit])} for unit in UNITS if unit in drawn
    ]
    return Overview(
        name=found["name"],
        counts=counts.loc[list(CLASSES)],
        copies=[copy["image_ids"] for copy in found["copies"]],
        one_lesion=all(len(copy["lesion_ids"]) == 1 for copy in found["copies"]),
        missing_age=missing,
        splits=pd.DataFrame(rows),
    )


def describe_split(table):
    """Count the sets of a split, by the ``lesion_id`` and ``part`` of its photographs.

    ``Training``, ``Validation`` (None where there is none) and ``Test``; ``Shared lesions``: in
    training and test; ``Shared photographs``: test photographs of such lesions.
    """
    lesions = dict(iter(table.groupby("part")["lesion_id"]))
    trained, tested = lesions["train"], lesions["test"]
    return {
        "Training": len(trained),
        "Validation": len(lesions["validation"]) if "validation" in lesions else None,
        "Test": len(tested),
        "Shared lesions": len(set(trained) & set(tested)),
        "Shared photographs": int(tested.isin(trained).sum()),
    }
