"""The paper's numbers and the logged numbers, read from YAML inside the package.

`printed` are the tables as printed, `logged` the authors' training runs. `load` reads any of the
files: ``curves`` (logged learning curves, by training run), ``confusion`` (matrices, logged and
printed), ``notebooks`` (what the authors' other notebooks show), ``comparators`` (the works of
Tables 1 and 8 as they report themselves), ``cuts``, ``ideas``, ``isic2018``, ``claims``. The head
of each says where its numbers come from.
"""

import dataclasses
import functools
from importlib import resources

import numpy as np
import pandas as pd
import yaml

from skinlib.common.errors import DataError

# Epochs at the end of a logged training run whose mean stands for where it ended.
LATE = 10


@dataclasses.dataclass(frozen=True)
class Printed:
    """A table as printed: its columns, and cells by row name, None where nothing is printed."""

    columns: tuple
    rows: dict

    def row(self, name):
        """Return the cells of a row by column, all None where the table has no such row."""
        cells = self.rows.get(name, [None] * len(self.columns))
        return dict(zip(self.columns, cells, strict=True))

    def value(self, row, column):
        """Return one cell, or None where the table has no such row or nothing is printed."""
        return self.row(row)[column]


@dataclasses.dataclass(frozen=True)
class Logged:
    """One training of the authors, as its notebook logged it; None where it was not logged.

    The head of ``logged.yaml`` says what each field is. Lists are by class, in the order of
    `skinlib.common.classes.CLASSES`.
    """

    name: str
    backbone: str
    notebook: str
    train_images: int
    test_images: int
    accuracy: float
    auc: dict
    precision: list
    recall: list
    f1: list
    images: list
    class_auc: list
    macro: dict
    weighted: dict
    cell: int | None = None
    commit: str | None = None
    also: dict = dataclasses.field(default_factory=dict)
    tn_fp_fn_tp: list | None = None
    class_weights: list | None = None
    parameters: dict = dataclasses.field(default_factory=dict)
    epochs: dict = dataclasses.field(default_factory=dict)
    held_out: dict = dataclasses.field(default_factory=dict)
    seconds_per_epoch: float | None = None
    devices: list = dataclasses.field(default_factory=list)
    settings: dict = dataclasses.field(default_factory=dict)
    setting_cells: dict = dataclasses.field(default_factory=dict)

    def get(self, path):
        """Return a field, or a member of one: ``accuracy``, ``auc.macro``; None if not logged."""
        field, _, member = path.partition(".")
        value = getattr(self, field)
        return value.get(member) if member and value is not None else value

    def counts(self):
        """Return ``TN``, ``FP``, ``FN`` and ``TP`` by class; NaN where they were not logged."""
        cells = [cells or [np.nan] * 4 for cells in self.tn_fp_fn_tp or [None] * len(self.images)]
        return dict(zip(("TN", "FP", "FN", "TP"), np.array(cells, float).T, strict=True))

    def rates(self):
        """Return rates by class: ``auc``, and those that the counts give, NaN without a count."""
        tn, fp, fn, tp = self.counts().values()
        sensitivity, specificity = tp / (tp + fn), tn / (tn + fp)
        return {
            "balanced_accuracy": (sensitivity + specificity) / 2,
            "precision": tp / (tp + fp),
            "f1": 2 * tp / (2 * tp + fp + fn),
            "sensitivity": sensitivity,
            "specificity": specificity,
            "auc": np.array(self.class_auc),
        }


@functools.cache
def load(name):
    """Return the content of one YAML file of this package."""
    text = resources.files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    # As yaml.safe_load, with the parser in C where PyYAML has it: a tenth of the time.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


@functools.cache
def printed(version="paper"):
    """Return the printed tables as `Printed`, by number: ``1`` to ``8``, ``A1`` to ``A5``.

    The version is ``paper``, the draft, or ``journal``, the published one, which holds the tables
    that differ from it; its extra table goes by ``losses``.
    """
    return {
        number: Printed(
            columns=tuple(entry["columns"]),
            rows={str(row): tuple(cells) for row, cells in entry["rows"].items()},
        )
        for number, entry in load("printed")[version].items()
    }


def headline():
    """Return the numbers of the draft's abstract: ``{"abstract": {...}, "mobile": {...}}``."""
    return load("printed")["headline"]["paper"]


@functools.cache
def logged():
    """Return every logged training as `Logged`, by name: ``"MobileNetV2 MD"`` for example.

    That is backbone and arm, and what is special.
    """
    return {name: Logged(name=name, **entry) for name, entry in load("logged").items()}


def logged_run(name):
    """Return one logged training, or raise `DataError` naming those there are."""
    if name not in logged():
        msg = f"no logged training '{name}'; there are: {', '.join(logged())}"
        raise DataError(msg)
    return logged()[name]


# The training behind rows of Tables 7, A3 and A4 that is not the one behind the accuracy of the
# same model: found by its numbers.
_BEHIND = {"InceptionResNetV2 MD": "InceptionResNetV2 MD, April"}


def behind(row):
    """Return the logged training of a row of Tables 7, A3 and A4: ``DenseNet201 MD``."""
    return logged_run(_BEHIND.get(row, row))


def late_epochs():
    """Return the highest epoch of the logged training runs of the metadata arm beside late ones.

    One row a run whose curve was logged: ``name``, ``images`` (reported photographs), ``epochs``,
    ``schedule`` (did the learning rate fall?), accuracy on these photographs: ``best`` of all
    epochs, ``late`` (mean of the last `LATE`), ``end`` (last epoch), and ``over_late``,
    ``over_end``: ``best`` minus these. The logs have scores of the test images only, so what an
    epoch chosen on a validation set would have reached is not known.
    """
    rows = []
    for name, curve in load("curves").items():
        # "DenseNet201 MD, no schedule": the arm is the word before the comma.
        if name.partition(",")[0].endswith(" MD"):
            run = logged_run(name)
            held_out = np.array(curve["val_accuracy"], float)
            schedule = bool(run.settings["schedule"])
            late = held_out[-LATE:].mean()
            rows.append((name, run.test_images, len(held_out), schedule, held_out.max(), late,
                         held_out[-1]))  # fmt: skip
    columns = ["name", "images", "epochs", "schedule", "best", "late", "end"]
    found = pd.DataFrame(rows, columns=columns)
    return found.assign(
        over_late=found["best"] - found["late"], over_end=found["best"] - found["end"]
    )
