"""A study for other people's programs: a Workflow Run RO-Crate with Croissant metadata.

The crate says which files each run was made from, and which it made; all of it comes from the
``run.json`` of the runs. The profile is https://w3id.org/ro/wfrun/workflow/0.5, its parts are those
of Process Run and Workflow RO-Crate. Loaders of data sets read predictions and splits by Croissant.
"""

import datetime
import shutil
from pathlib import Path

from skinlib.common import NOT_A_DEVICE, paths
from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import atomic_folder, sha256, write_json
from skinlib.common.process import need
from skinlib.data.registry import PAGE
from skinlib.experiments.run import HISTORY, PREDICTIONS, RUN

METADATA, CROISSANT = "ro-crate-metadata.json", "croissant.json"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
SOFTWARE = "https://github.com/skinlib/skinlib"
FORMS = {
    ".csv": "text/csv", ".json": "application/json", ".yaml": "application/yaml",
    ".md": "text/markdown",
}  # fmt: skip
DONE = "http://schema.org/CompletedActionStatus"
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


def write(study, folder):
    """Write a crate of the finished runs of a study, with their files and Croissant metadata.

    Parameters
    ----------
    study : skinlib.experiments.study.Study
    folder : str or pathlib.Path
        Must not be there, or be a crate that is then replaced.

    Returns
    -------
    pathlib.Path
        ``ro-crate-metadata.json`` in that folder.

    Raises
    ------
    DataError
        No run has finished, the folder holds something else, or the packages of the extra
        ``publish`` are missing.
    """
    for package in ("rocrate", "mlcroissant"):
        need(package, "publish")
    folder, runs = Path(folder), study.finished()
    if not runs:
        msg = (
            f"study '{study.name}' has no finished run to describe; train it first, "
            f"`make runs STUDY={study.name}`"
        )
        raise DataError(msg)
    if folder.exists() and not (folder / METADATA).is_file():
        msg = f"'{folder}' is there and is no crate; name a folder that is not there"
        raise DataError(msg)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with atomic_folder(folder) as partial:
        places = _copy(study, runs, partial)
        _croissant(study, runs, partial)
        _crate(study, runs, places, partial).write(partial)
    return folder / METADATA


def _split_file(run):
    """Return the name of the file of a run's split; refuse a run that does not say it."""
    if not (name := run.record["split"].get("file")):
        msg = f"run '{run.folder}' does not name the file of its split; train it again"
        raise IntegrityError(msg)
    return name


def _copy(study, runs, folder):
    """Copy what the crate holds; return by run the places of its split and of its results."""
    listed, places = {"Snakefile": paths.ROOT / "Snakefile"}, {}
    listed[f"studies/{study.name}.yaml"] = paths.STUDIES / f"{study.name}.yaml"
    for run in runs:
        inside = f"results/runs/{study.name}/{run.name}"
        file = _split_file(run)
        made = {f"{inside}/{name}": run.folder / name for name in (RUN, HISTORY, PREDICTIONS)}
        places[run.name] = f"results/splits/{file}", list(made)
        listed |= {f"results/splits/{file}": paths.RESULTS / "splits" / file, **made}
    for place, source in listed.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / place)
    return places


def _description(study, runs):
    """Return what the runs of a study are, in two sentences."""
    data = ", ".join(sorted({run.record["data"]["name"] for run in runs}))
    return (
        f"Predictions of {len(runs)} trained networks on photographs of {data}, the splits that "
        f"they were trained on, and where each number comes from. {NOT_A_DEVICE}"
    )


def _croissant(study, runs, folder):
    """Write ``croissant.json`` beside the files that it describes."""
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
    for name in sorted(set(map(_split_file, runs))):
        columns = (folder / "results" / "splits" / name).open().readline().strip().split(",")
        add(f"results/splits/{name}", Path(name).stem, "The set of each photograph", columns)
    metadata = mlc.Metadata(
        name=f"skinlib-{study.name}", description=_description(study, runs), license=[LICENCE],
        url=SOFTWARE, cite_as=CITATION, same_as=[PAGE],
        date_published=datetime.datetime.fromisoformat(max(r.record["finished"] for r in runs)),
        version=runs[0].record["versions"]["skinlib"], distribution=files, record_sets=records,
        creators=[mlc.Organization(name="The skinlib authors")],
    )  # fmt: skip
    write_json(folder / CROISSANT, metadata.to_json())


def _crate(study, runs, places, folder):
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version="1.1")

    def describe(place, kind, name, **properties):
        properties = {"@type": kind, "name": name, **properties}
        return crate.add(ContextEntity(crate, place, properties=properties))

    def file(place, name, **properties):
        form = {"encodingFormat": FORMS[Path(place).suffix]}
        return crate.add_file(
            folder / place, place, properties={"name": name, **form, **properties}
        )

    licence = describe(LICENCE, "CreativeWork", "CC BY-NC 4.0")
    mit = describe("https://spdx.org/licenses/MIT", "CreativeWork", "MIT License")
    authors = describe("#authors", "Organization", "The skinlib authors", url=SOFTWARE)
    version = runs[0].record["versions"]["skinlib"]
    library = describe(SOFTWARE, "SoftwareApplication", "skinlib", url=SOFTWARE,
                       softwareVersion=version)  # fmt: skip
    workflow = crate.add_workflow(
        folder / "Snakefile", "Snakefile", main=True, lang="snakemake",
        properties={"name": "Train the runs of a study, then make the book", "url": SOFTWARE,
                    "version": version, "encodingFormat": "text/plain"},
    )  # fmt: skip
    workflow["license"], workflow["author"] = mit, authors
    profiles = [describe(url, "CreativeWork", name, version=url.rpartition("/")[2])
                for url, name in PROFILES.items()]  # fmt: skip
    crate.root_dataset["conformsTo"] = profiles
    crate.name = f"skinlib, study {study.name}: {study.title}"
    crate.description = _description(study, runs)
    crate.license, crate.creator, crate.publisher = licence, authors, authors
    crate.root_dataset["author"] = authors
    (folder / "README.md").write_text(f"# {crate.name}\n\n{crate.description}\n", "utf-8")
    file("README.md", "What this is", about=crate.root_dataset)
    last = max(_time(run.record) for run in runs)
    crate.datePublished = datetime.datetime.fromisoformat(last)
    file(CROISSANT, "Croissant metadata of predictions and splits")
    splits = {split: file(split, "Share of the photographs in each set")
              for split in dict.fromkeys(split for split, _ in places.values())}  # fmt: skip
    listed = file(f"studies/{study.name}.yaml", "The runs of the study")
    data, results, actions = {}, [], []
    for run in runs:
        record, (split, made) = run.record, places[run.name]
        name, fingerprint = record["data"]["name"], record["data"]["fingerprint"]
        key = f"#{name}-{fingerprint}"
        if key not in data:
            origin = {"isBasedOn": {"@id": PAGE}} if name.startswith("ham10000") else {}
            data[key] = describe(key, "Dataset", name, identifier=fingerprint,
                                 size=record["data"]["images"], **origin)  # fmt: skip
        files = [file(place, f"{Path(place).name} of {run.name}") for place in made]
        results += files
        actions.append(crate.add_action(
            library, f"#{run.name}", [data[key], splits[split]], files,
            {"name": run.name, "description": run.command(), "identifier": record["identity"],
             "endTime": _time(record), "actionStatus": DONE, "agent": authors},
        ))  # fmt: skip
    whole = crate.add_action(
        workflow, f"#study-{study.name}", [listed, *data.values(), *splits.values()], results,
        {"name": f"Study {study.name}", "description": f"make runs STUDY={study.name}",
         "endTime": last, "actionStatus": DONE, "agent": authors},
    )  # fmt: skip
    crate.root_dataset["mentions"] = [whole, *actions]
    return crate


def _time(record):
    """Return when a run ended, with the offset from UTC that the profile's checks expect."""
    return record["finished"].replace("Z", "+00:00")
