"""A study as a Workflow Run RO-Crate: which files each run was made from, and which it made.

All of it comes from the ``run.json`` of the runs. The profile is
https://w3id.org/ro/wfrun/workflow/0.5, its parts are those of Process Run and Workflow RO-Crate.
"""

import datetime
import shutil
from pathlib import Path

from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.common.files import atomic_folder
from skinlib.common.process import need
from skinlib.data.registry import PAGE
from skinlib.experiments import croissant
from skinlib.experiments.run import HISTORY, PREDICTIONS, RUN

METADATA = "ro-crate-metadata.json"
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
    need("rocrate", "publish")
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
        croissant.write(study, runs, partial)
        _crate(study, runs, places, partial).write(partial)
    return folder / METADATA


def _copy(study, runs, folder):
    """Copy what the crate holds; return by run the places of its split and of its results."""
    listed, places = {"Snakefile": paths.ROOT / "Snakefile"}, {}
    listed[f"studies/{study.name}.yaml"] = paths.STUDIES / f"{study.name}.yaml"
    for run in runs:
        file, inside = run.record["split"]["file"], f"results/runs/{study.name}/{run.name}"
        made = {f"{inside}/{name}": run.folder / name for name in (RUN, HISTORY, PREDICTIONS)}
        places[run.name] = f"results/splits/{file}", list(made)
        listed |= {f"results/splits/{file}": paths.RESULTS / "splits" / file, **made}
    for place, source in listed.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / place)
    return places


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

    licence = describe(croissant.LICENCE, "CreativeWork", "CC BY-NC 4.0")
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
    crate.description = croissant.description(study, runs)
    crate.license, crate.creator, crate.publisher = licence, authors, authors
    crate.root_dataset["author"] = authors
    (folder / "README.md").write_text(f"# {crate.name}\n\n{crate.description}\n", "utf-8")
    file("README.md", "What this is", about=crate.root_dataset)
    last = max(_time(run.record) for run in runs)
    crate.datePublished = datetime.datetime.fromisoformat(last)
    file(croissant.FILE, "Croissant metadata of predictions and splits")
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
