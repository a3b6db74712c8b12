"""The results contract: the only code that reads or writes run directories.

``results/runs/<study>/<run>/`` has ``run.json`` (where the numbers come from), ``history.csv`` (one
row for each epoch) and ``predictions.csv`` (every metric is computed from it, none is stored).
"""

import dataclasses
import functools
import json
import os
import shlex
from pathlib import Path

import numpy as np
import pandas as pd

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import write_csv, write_json
from skinlib.data.ham10000 import PLAIN_ID
from skinlib.experiments import contract, recipes

RUN, HISTORY, PREDICTIONS = "run.json", "history.csv", "predictions.csv"
# Attention maps of the test set, and the weights of the best epoch, where they were kept.
ATTENTION, WEIGHTS = "attention.csv", "best.weights.h5"
PREDICTION_COLUMNS = ("image_id", "lesion_id", "part", "label", *CLASSES)
DIVERGED = 3


@dataclasses.dataclass(frozen=True)
class Run:
    """A run directory; ``record`` is the contents of ``run.json``."""

    folder: Path
    record: dict

    @property
    def name(self):
        return self.record["run"]

    @property
    def title(self):
        """Name of the run among others of its backbone: recipe and size."""
        return f"{self.record['recipe']['name']}, {self.record['input_size']} px"

    @property
    def finished(self):
        """Whether the training has ended and its predictions are there."""
        return self.record["status"] == "finished" and (self.folder / PREDICTIONS).is_file()

    @property
    def weights_path(self):
        """The file of its weights, which need not have been kept."""
        return self.folder / WEIGHTS

    def command(self):
        """Return the command line that trains this run anew, in the study ``mine``."""
        record, source = self.record, self.record["weights"]["source"]
        words = ["python -m skinlib train --study mine --backbone", record["backbone"]]
        words += ["--recipe", record["recipe"]["name"], "--size", str(record["input_size"])]
        words += ["--seed", str(record["seed"]), "--name", self.name]
        if source in ("none", "run"):
            words += ["--weights", f"run:{record['weights']['run']}" if source == "run" else source]
        changes = recipes.changes(recipes.from_json(record["recipe"]))
        if changes:
            changes = (f"{name}={here}" for name, (_, here) in changes.items())
            words += ["--set", *map(shlex.quote, changes)]
        return " ".join(words)

    def history(self):
        """Return ``history.csv``: epoch (from 1), loss, accuracy, val_loss, …, seconds."""
        return pd.read_csv(self.folder / HISTORY)

    def predictions(self, part=None):
        """Return ``predictions.csv``, or the rows of one set; see `read_predictions`."""
        frame = read_predictions(self.folder / PREDICTIONS)
        if part is None:
            return frame
        rows = frame[frame["part"] == part].reset_index(drop=True)
        if rows.empty:
            known = ", ".join(frame["part"].unique())
            msg = f"'{self.folder}' has no predictions for part '{part}'; it has them for {known}"
            raise DataError(msg)
        return rows

    def written(self):
        """Return when the predictions were written, in nanoseconds."""
        return (self.folder / PREDICTIONS).stat().st_mtime_ns

    def attention(self):
        """Return ``{image_id: map}`` of the test set, maps (h, w) that sum to 1; may be empty."""
        path = self.folder / ATTENTION
        if not path.is_file():
            return {}
        frame = pd.read_csv(path, dtype={"image_id": str}, index_col="image_id")
        last = frame.columns[-1].removeprefix("r").split("c")
        shape = (len(frame), *(int(index) + 1 for index in last))
        return dict(zip(frame.index, frame.to_numpy().reshape(shape), strict=True))

    def arrays(self, part="test"):
        """Return ``labels`` (n,), ``probabilities`` (n, 7) and ``lesions`` (n,) of a set."""
        frame = self.predictions(part)
        labels = frame["label"].map(CLASSES.index).to_numpy()
        return labels, frame[list(CLASSES)].to_numpy(float), frame["lesion_id"].to_numpy()


def run_name(backbone, recipe, size, seed, variant=None):
    """Return the directory name of a run, for example ``MobileNetV2-clean-160px-s0``.

    `variant` names a changed recipe within a study, where the plain name is not unique.
    """
    middle = f"{recipe}-{variant}" if variant else recipe
    return f"{backbone}-{middle}-{size}px-s{seed}"


def folder_of(study, name):
    """Return the directory of a run."""
    return paths.RESULTS / "runs" / study / name


def write_record(folder, record):
    """Write ``run.json`` after checking it (`skinlib.experiments.contract`)."""
    write_json(Path(folder) / RUN, contract.checked(record, folder))


def read_run(folder):
    """Read a run directory.

    Raises
    ------
    DataError
        If there is no run.
    IntegrityError
        If ``run.json`` is not whole.
    """
    folder = Path(folder)
    path = folder / RUN
    if not path.is_file():
        msg = (
            f"no run in '{folder}': '{RUN}' is missing; runs lie in results/runs/STUDY/RUN, and "
            "`python -m skinlib train` makes one"
        )
        raise DataError(msg)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        msg = f"'{path}' is not JSON ({error}); delete the run directory and train again"
        raise IntegrityError(msg) from error
    return Run(folder, contract.checked(record, folder))


def list_runs(study):
    """Return the runs of a study that exist, sorted by name, whatever their status."""
    found = sorted((paths.RESULTS / "runs" / study).glob(f"*/{RUN}"))
    return [read_run(path.parent) for path in found]


def write_history(folder, history):
    """Write ``history.csv`` from a list of one dictionary for each epoch."""
    write_csv(Path(folder) / HISTORY, pd.DataFrame(history), float_format="%.6g")


def write_predictions(folder, table, part_of, probabilities):
    """Write ``predictions.csv`` of images: their set, ``image_id``, ``lesion_id`` and ``dx``.

    The probabilities have the shape (n, 7).
    """
    numbers = pd.DataFrame(np.asarray(probabilities, float), columns=list(CLASSES))
    frame = table[["image_id", "lesion_id"]].reset_index(drop=True)
    frame = frame.assign(part=np.asarray(part_of), label=table["dx"].to_numpy()).join(numbers)
    # Nine digits hold the whole float32, so that files and memory give the same metrics.
    write_csv(Path(folder) / PREDICTIONS, frame, float_format="%.9g")


def write_attention(folder, image_ids, maps):
    """Write ``attention.csv`` of maps (n, h, w): a row an image, columns ``r0c0``, ``r0c1``, …"""
    count, height, width = maps.shape
    places = [f"r{row}c{column}" for row in range(height) for column in range(width)]
    frame = pd.DataFrame(np.asarray(maps).reshape(count, -1), columns=places)
    frame.insert(0, "image_id", list(image_ids))
    write_csv(Path(folder) / ATTENTION, frame, float_format="%.4g")


def read_predictions(path):
    """Read and check a ``predictions.csv``.

    Raises
    ------
    IntegrityError
        No table, wrong columns, an unknown label, an image twice, an id that is no plain
        name, or a row that is no probability distribution.
    """
    status = os.stat(path)
    # Frames are copied on write, so the one that is kept stays as it was read.
    return _checked_predictions(path, status.st_mtime_ns, status.st_ino).copy(deep=False)


@functools.lru_cache(maxsize=128)
def _checked_predictions(path, _written, _inode):
    try:
        frame = pd.read_csv(path, dtype={"image_id": str, "lesion_id": str})
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        msg = f"'{path}' is not a readable CSV file ({error}); train the run again"
        raise IntegrityError(msg) from error
    if tuple(frame.columns) != PREDICTION_COLUMNS:
        msg = (
            f"'{path}' has the columns {list(frame)}, expected {list(PREDICTION_COLUMNS)}; train "
            "the run again"
        )
        raise IntegrityError(msg)
    numbers = frame[list(CLASSES)].apply(pd.to_numeric, errors="coerce")
    bad = {
        "a label that is none of the seven": ~frame["label"].isin(CLASSES),
        "an image twice": frame["image_id"].duplicated(),
        "an id that is no plain name": ~(
            frame["image_id"].str.fullmatch(PLAIN_ID) & frame["lesion_id"].str.fullmatch(PLAIN_ID)
        ).astype(bool),
        "a negative probability": (numbers < 0).any(axis=1),
        # A missing number is no zero: the sum is then NaN, and refused.
        "probabilities that do not sum to 1": ~(
            (numbers.sum(axis=1, skipna=False) - 1).abs() < 1e-3
        ),
    }
    for what, rows in bad.items():
        if rows.any():
            msg = f"'{path}' row {int(rows.argmax()) + 2} has {what}; train the run again"
            raise IntegrityError(msg)
    return frame


def diverged_in(history):
    """Return the epoch in which a training run diverged, or None.

    The loss on the training set has then grown to more than `DIVERGED` times its lowest value so
    far, and is still that large in the last epoch.
    """
    loss = history["loss"].to_numpy(float)
    large = loss[1:] > DIVERGED * np.minimum.accumulate(loss)[:-1]
    if not len(large) or not large[-1]:
        return None
    return int(history["epoch"].iloc[1 + int(np.argmax(large))])
