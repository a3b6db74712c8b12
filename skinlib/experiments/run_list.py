"""What was run where, for how long, and which planned runs are missing: from run.json files."""

import re

import pandas as pd

from skinlib.common import paths
from skinlib.experiments.run import HISTORY, diverged_in, list_runs
from skinlib.experiments.study import Study, load_study, study_names

FINISHED, FAILED, RUNNING, MISSING = "finished", "failed", "unfinished", "not started"
SYNTHETIC = "synthetic"


def gather():
    """Return every run on photographs, planned or there.

    Returns
    -------
    pandas.DataFrame
        One row a run: ``study``, ``title`` (of the study), ``run``, ``planned``, ``status``, and
        of those that were started ``data``, ``backbone``, ``recipe``, ``size``, ``seed``,
        ``epochs``, ``kept`` (epoch), ``hours`` (of all epochs), ``cores`` (None on an
        accelerator), ``peak_mb``, ``finished`` (UTC), ``unit`` and ``split`` (hash), ``resumed``
        (times), ``device``, ``software``, ``diverged`` (epoch).
    """
    studies = {name: load_study(name) for name in study_names()}
    for folder in (paths.RESULTS / "runs").glob("*/"):
        studies.setdefault(folder.name, Study(folder.name, "Of no study", None, None, ()))
    rows = []
    for name, study in sorted(studies.items()):
        if SYNTHETIC in {str(each).partition(":")[0] for each in (study.data, study.require)}:
            continue
        found = {run.name: run for run in list_runs(name)}
        planned = [spec.name for spec in study.specs]
        for each in dict.fromkeys([*planned, *found]):
            run = found.get(each)
            # Drawn pictures outside a study are somebody's trial.
            if run is None or run.record["data"]["name"] != SYNTHETIC:
                plan = {"study": name, "title": study.title, "run": each}
                rows.append(plan | {"planned": each in planned} | _started(run))
    return pd.DataFrame(rows)


def _started(run):
    if run is None:
        return {"status": MISSING}
    record, status = run.record, FAILED if run.record["status"] == FAILED else RUNNING
    # A run that ended before its first epoch has no history.
    history = run.history() if (run.folder / HISTORY).is_file() else None
    cores = re.fullmatch(r"cpu: .*?(\d+) cores", record["device"])
    return {
        "status": FINISHED if run.finished else status,
        "data": record["data"]["name"],
        "backbone": record["backbone"],
        "recipe": record["recipe"]["name"],
        "size": record["input_size"],
        "seed": record["seed"],
        "epochs": 0 if history is None else len(history),
        "kept": record.get("best_epoch"),
        "hours": 0.0 if history is None else history["seconds"].sum() / 3600,
        "cores": int(cores.group(1)) if cores else None,
        "peak_mb": record.get("peak_memory_mb"),
        "finished": record.get("finished"),
        "unit": record["split"]["unit"],
        "split": record["split"]["hash"],
        "resumed": record.get("resumed", 0),
        "device": record["device"],
        "software": f"Keras {record['versions']['keras']} on {record['versions']['backend']}",
        "diverged": diverged_in(history) if run.finished else None,
    }


def done(found):
    """Return the finished runs of `gather`, planned or not, with whole numbers as such."""
    whole = ["size", "seed", "epochs", "kept", "resumed"]
    return found[found["status"] == FINISHED].astype(dict.fromkeys(whole, int))
