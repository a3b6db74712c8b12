"""Croissant metadata of the predictions and splits of a study, as loaders of data sets read it."""

import datetime
from pathlib import Path

from skinlib.common import NOT_A_DEVICE
from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.common.files import sha256, write_json
from skinlib.common.process import need
from skinlib.data.registry import PAGE

FILE = "croissant.json"
LICENCE = "https://creativecommons.org/licenses/by-nc/4.0/"
CITATION = (
    "Tschandl, Rosendahl, Kittler: The HAM10000 dataset, a large collection of multi-source "
    "dermatoscopic images of common pigmented skin lesions. Scientific Data 5, 180161 (2018)"
)
COLUMNS = {
    "image_id": "The photograph, as HAM10000 names it",
    "lesion_id": "The lesion; photographs of one lesion are not independent",
    "part": "Which set: validation, test, or official (the test set of ISIC 2018, Task 3)",
    "label": f"The diagnosis, one of {', '.join(CLASSES)}",
}


def description(study, runs):
    """Return what the runs of a study are, in two sentences."""
    data = ", ".join(sorted({run.record["data"]["name"] for run in runs}))
    return (
        f"Predictions of {len(runs)} trained networks on photographs of {data}, the splits that "
        f"they were trained on, and where each number comes from. {NOT_A_DEVICE}"
    )


def write(study, runs, folder):
    """Write ``croissant.json`` beside the files that it describes; return its path.

    Parameters
    ----------
    study : skinlib.experiments.study.Study
    runs : list of skinlib.experiments.run.Run
    folder : pathlib.Path
        With ``results/runs/STUDY/RUN/predictions.csv`` and ``results/splits`` in it.
    """
    need("mlcroissant", "publish")
    import mlcroissant as mlc

    files, records = [], []
    meanings = COLUMNS | {
        name: f"Probability of {LONG_NAMES[name]}, as the network gives it" for name in CLASSES
    }

    def add(place, name, about, columns):
        files.append(
            mlc.FileObject(
                id=place, name=Path(place).name, content_url=place, sha256=sha256(folder / place),
                encoding_formats=["text/csv"],
            )
        )  # fmt: skip
        fields = [
            mlc.Field(
                id=f"{name}/{column}", name=column, description=meanings[column],
                data_types=[mlc.DataType.FLOAT if column in CLASSES else mlc.DataType.TEXT],
                source=mlc.Source(file_object=place, extract=mlc.Extract(column=column)),
            )
            for column in columns
        ]  # fmt: skip
        records.append(mlc.RecordSet(id=name, name=name, description=about, fields=fields))

    for run in runs:
        place = f"results/runs/{study.name}/{run.name}/predictions.csv"
        add(place, run.name, f"Predictions of {run.command()}", meanings)
    for name in sorted({run.record["split"]["file"] for run in runs}):
        columns = (folder / "results" / "splits" / name).open().readline().strip().split(",")
        add(f"results/splits/{name}", Path(name).stem, "The set of each photograph", columns)
    metadata = mlc.Metadata(
        name=f"skinlib-{study.name}", description=description(study, runs), license=[LICENCE],
        url="https://github.com/skinlib/skinlib", cite_as=CITATION, same_as=[PAGE],
        date_published=datetime.datetime.fromisoformat(max(r.record["finished"] for r in runs)),
        version=runs[0].record["versions"]["skinlib"], distribution=files, record_sets=records,
        creators=[mlc.Organization(name="The skinlib authors")],
    )  # fmt: skip
    write_json(folder / FILE, metadata.to_json())
    return folder / FILE
