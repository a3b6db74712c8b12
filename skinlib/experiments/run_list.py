"""What was run where, for how long, and what of the plans was not: from run.json files."""

import dataclasses
import functools
import re

import pandas as pd

from skinlib.common import paths
from skinlib.experiments import run as runs
from skinlib.experiments.study import Study, load_study, study_names

FINISHED, FAILED, RUNNING, MISSING = "finished", "failed", "unfinished", "not started"
SYNTHETIC = "synthetic"


@dataclasses.dataclass(frozen=True)
class Row:
    """One run, planned or there.

    Attributes
    ----------
    study, name : str
    spec : skinlib.experiments.study.RunSpec or None
        None where the study no longer plans it.
    run : skinlib.experiments.run.Run or None
        None where it was not started.
    """

    study: str
    name: str
    spec: object
    run: object

    @property
    def status(self):
        """``finished``, ``failed``, ``unfinished`` or ``not started``."""
        if self.run is None:
            return MISSING
        if self.run.finished:
            return FINISHED
        return FAILED if self.run.record["status"] == FAILED else RUNNING

    @functools.cached_property
    def seconds(self):
        """Seconds of all epochs there are, each with its scores on the selection part."""
        rows = self._history
        return 0.0 if rows is None else float(rows["seconds"].sum())

    @property
    def epochs(self):
        return 0 if self._history is None else len(self._history)

    @functools.cached_property
    def _history(self):
        # A run that ended before its first epoch has none.
        there = self.run is not None and (self.run.folder / runs.HISTORY).is_file()
        return self.run.history() if there else None

    @property
    def cores(self):
        """CPU cores of the machine, or None where it computed on an accelerator."""
        found = re.fullmatch(r"cpu: .*?(\d+) cores", self.run.record["device"])
        return int(found.group(1)) if found else None

    @property
    def on_cpu(self):
        return self.run.record["device"].startswith("cpu")


@dataclasses.dataclass(frozen=True)
class Plan:
    """A study and all its runs.

    Attributes
    ----------
    study : skinlib.experiments.study.Study
    rows : tuple of Row
        Those of the plan in its order, then those that it no longer has.
    """

    study: Study
    rows: tuple

    @property
    def planned(self):
        return [row for row in self.rows if row.spec is not None]

    @property
    def there(self):
        return [row for row in self.rows if row.run is not None]

    def count(self, *statuses):
        """Return how many planned runs have one of these statuses."""
        return sum(row.status in statuses for row in self.planned)

    @property
    def synthetic(self):
        """Are its pictures drawn, so that nothing it measures is about skin?"""
        return SYNTHETIC in {
            str(name).partition(":")[0] for name in (self.study.data, self.study.require)
        }


def gather():
    """Return the plan of every committed study, and of other folders with runs on real data.

    Returns
    -------
    list of Plan
        Sorted by name.
    """
    plans = [plan(load_study(name)) for name in study_names()]
    known = {each.study.name for each in plans}
    for folder in sorted((paths.RESULTS / "runs").glob("*/")):
        if folder.name not in known:
            other = plan(Study(folder.name, "Of no study", None, None, ()))
            # Drawn pictures outside a study are somebody's trial.
            if any(row.run.record["data"]["name"] != SYNTHETIC for row in other.there):
                plans.append(other)
    return sorted(plans, key=lambda each: each.study.name)


def plan(study):
    """Return a study with the runs there are.

    Parameters
    ----------
    study : skinlib.experiments.study.Study
    """
    found = {run.name: run for run in runs.list_runs(study.name)}
    rows = [Row(study.name, spec.name, spec, found.pop(spec.name, None)) for spec in study.specs]
    rows += [Row(study.name, name, None, run) for name, run in found.items()]
    return Plan(study, tuple(rows))


def hours(rows):
    """Return the hours of training of some runs, whatever came of them."""
    return sum(row.seconds for row in rows) / 3600


def core_hours(rows):
    """Return hours times cores of the machine, of the runs on a CPU whose cores are known."""
    return sum(row.seconds * row.cores for row in rows if row.cores) / 3600


def peaks_mb(rows):
    """Return the peaks of memory in MB of the runs that have ended, by kind of run.

    A peak is that of the process up to the end of the run. A process that trains several runs
    keeps memory of each, and no record says which run was its first; so of runs alike the
    smallest peak is nearest to what one needs.

    Returns
    -------
    dict of (str, str, int) to list of int
        Ascending, by backbone, recipe and size.
    """
    found = {}
    for row in rows:
        record = row.run.record
        if "peak_memory_mb" in record:
            kind = record["backbone"], record["recipe"]["name"], record["input_size"]
            found.setdefault(kind, []).append(record["peak_memory_mb"])
    return {kind: sorted(peaks) for kind, peaks in found.items()}


def devices(rows):
    """Return the number of runs on each device, most first."""
    return pd.Series([row.run.record["device"] for row in rows], dtype=str).value_counts().to_dict()


def done(plans):
    """Return the finished runs of some plans, planned or not.

    Parameters
    ----------
    plans : list of Plan

    Returns
    -------
    list of Row
    """
    return [row for each in plans for row in each.there if row.status == FINISHED]


def frame(rows):
    """Return what the records of finished runs say, one row a run.

    Parameters
    ----------
    rows : list of Row

    Returns
    -------
    pandas.DataFrame
        ``study``, ``run``, ``backbone``, ``recipe``, ``size``, ``seed``, ``epochs``, ``kept``
        (epoch), ``hours``, ``peak_mb``, ``finished`` (UTC), ``unit`` and ``split`` (hash),
        ``resumed`` (times), ``device``, ``software``.
    """
    return pd.DataFrame(
        {
            "study": row.study,
            "run": row.name,
            "backbone": row.run.record["backbone"],
            "recipe": row.run.record["recipe"]["name"],
            "size": row.run.record["input_size"],
            "seed": row.run.record["seed"],
            "epochs": row.epochs,
            "kept": row.run.record.get("best_epoch"),
            "hours": row.seconds / 3600,
            "peak_mb": row.run.record.get("peak_memory_mb"),
            "finished": row.run.record.get("finished"),
            "unit": row.run.record["split"]["unit"],
            "split": row.run.record["split"]["hash"],
            "resumed": row.run.record.get("resumed", 0),
            "device": row.run.record["device"],
            "software": f"Keras {row.run.record['versions']['keras']} on "
            f"{row.run.record['versions']['backend']}",
        }
        for row in rows
    )
