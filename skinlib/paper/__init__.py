"""The paper's numbers and the logged numbers, typed, read from YAML inside the package.

``printed.yaml`` holds the tables as printed, ``logged.yaml`` and ``curves.yaml`` what the
authors' notebooks logged, ``confusion.yaml`` confusion matrices. The head of each file says
where its numbers come from.
"""

import dataclasses
import functools
from importlib import resources

import pandas as pd
import yaml

from skinlib.common.errors import DataError


@dataclasses.dataclass(frozen=True)
class Printed:
    """A table as printed.

    Attributes
    ----------
    number : str
        As in the draft: ``1`` to ``8``, ``A1`` to ``A5``.
    title : str
    columns : tuple of str
    rows : dict of str to tuple
        Cells by row name; None where nothing is printed.
    source : str
        Where it stands, for captions.
    """

    number: str
    title: str
    columns: tuple
    rows: dict
    source: str

    def value(self, row, column):
        """Return one cell, or None where the table has no such row or nothing is printed."""
        return self.rows[row][self.columns.index(column)] if row in self.rows else None

    def frame(self):
        """Return the table as a `pandas.DataFrame`, rows by name."""
        return pd.DataFrame.from_dict(self.rows, orient="index", columns=list(self.columns))


@dataclasses.dataclass(frozen=True)
class Logged:
    """One training of the authors, as its notebook logged it; None where it was not logged.

    Attributes
    ----------
    name, backbone, notebook : str
    cell : int or None
        0-based, of the classification report.
    commit : str or None
        Commit that still holds the output, where the newest does not.
    also : dict
        Another place of the same output.
    train_images, test_images : int
        The test images are the ones the epoch was chosen on.
    accuracy : float
    auc : dict
        ``macro``, ``weighted`` and ``micro``.
    precision, recall, f1, images, class_auc : list
        By class, in the order of `skinlib.common.classes.CLASSES`; the first three to two decimals.
    macro, weighted : dict
        Averages of ``precision``, ``recall`` and ``f1``, to two decimals.
    tn_fp_fn_tp : list of (list or None)
        One-vs-rest counts by class.
    class_weights : list
    parameters : dict
        ``total`` and ``trainable``.
    epochs : dict
        ``run``, and ``kept``: the epoch whose weights were reported.
    held_out : dict
        Accuracy on the test images at the ``kept`` epoch, ``at_lowest_loss``, and the mean of
        the ``last_ten`` epochs.
    seconds_per_epoch : float
        Of training; median.
    devices : list of str
    settings : dict
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

    @property
    def source(self):
        """Notebook with cell or commit, for captions and footnotes."""
        place = f"commit {self.commit}" if self.commit else f"cell {self.cell}"
        return f"{self.notebook}, {place}"


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
    """Return the printed tables.

    Parameters
    ----------
    version : {'paper', 'journal'}
        The draft, or the published version, which holds the tables that differ from it.

    Returns
    -------
    dict of str to Printed
        By number. The journal's extra table goes by ``losses``.
    """
    label = {"paper": "paper", "journal": "journal version"}[version]
    return {
        number: Printed(
            number=number,
            title=entry["title"],
            columns=tuple(entry["columns"]),
            rows={str(row): tuple(cells) for row, cells in entry["rows"].items()},
            source=f"{label}, {entry.get('printed_as', f'Table {number}')}",
        )
        for number, entry in load("printed")[version].items()
    }


@functools.cache
def headline(version="paper"):
    """Return the numbers of the abstract: ``{"abstract": {...}, "mobile": {...}}``."""
    return load("printed")["headline"][version]


@functools.cache
def logged():
    """Return every logged training.

    Returns
    -------
    dict of str to Logged
        By name, ``"MobileNetV2 MD"`` for example: backbone and arm, and what is special.
    """
    return {name: Logged(name=name, **entry) for name, entry in load("logged").items()}


def logged_run(name):
    """Return one logged training.

    Raises
    ------
    DataError
        If there is none of that name.
    """
    try:
        return logged()[name]
    except KeyError:
        msg = f"no logged training '{name}'; there are: {', '.join(logged())}"
        raise DataError(msg) from None


# The training behind rows of Tables 7, A3 and A4 that is not the one behind the accuracy of the
# same model: found by its numbers.
_BEHIND = {"InceptionResNetV2 MD": "InceptionResNetV2 MD, April"}


def behind(row):
    """Return the logged training that a row of Tables 7, A3 and A4 comes from.

    Parameters
    ----------
    row : str
        ``DenseNet201 MD``, for example.
    """
    return logged_run(_BEHIND.get(row, row))


@functools.cache
def curves():
    """Return logged learning curves: ``{training: {"loss", "accuracy", "val_loss", …}}``."""
    return load("curves")


@functools.cache
def confusion():
    """Return logged and printed confusion matrices; see the head of ``confusion.yaml``."""
    return load("confusion")
