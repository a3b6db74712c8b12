"""The paper's numbers and the logged numbers, typed, read from YAML inside the package.

``printed.yaml`` holds the tables as printed, ``logged.yaml`` and ``curves.yaml`` what the
authors' notebooks logged, ``confusion.yaml`` confusion matrices. The head of each file says
where its numbers come from.
"""

import dataclasses
import functools
from importlib import resources

import numpy as np
import yaml

from skinlib.common.errors import DataError


@dataclasses.dataclass(frozen=True)
class Printed:
    """A table as printed: its columns, and cells by row name, None where nothing is printed."""

    columns: tuple
    rows: dict

    def value(self, row, column):
        """Return one cell, or None where the table has no such row or nothing is printed."""
        return self.rows[row][self.columns.index(column)] if row in self.rows else None


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


def printed_text():
    """Return counts and references of the draft's text that are in no table."""
    return load("printed")["text"]


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


def curves():
    """Return logged learning curves: ``{training: {"loss", "accuracy", "val_loss", …}}``."""
    return load("curves")


def confusion():
    """Return logged and printed confusion matrices; see the head of ``confusion.yaml``."""
    return load("confusion")


def notebooks():
    """Return what the authors' other notebooks show: the data, and their table of networks."""
    return load("notebooks")


def comparators():
    """Return the works of Tables 1 and 8 as their own publications report them, by number."""
    return load("comparators")
