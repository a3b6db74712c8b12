"""What the ledger is computed from: the paper, the logs, the graphs, the runs."""

import dataclasses
import json
import os

import pandas as pd

from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.common.files import write_csv
from skinlib.data import ham10000
from skinlib.paper.ledger.ours import Ours, find_ours


def read_structures():
    """Return ``results/structures.json``: `skinlib.models.structure.structure` by backbone.

    Raises
    ------
    DataError
        If the file is missing, with the command that makes it.
    """
    return {entry["backbone"]: entry for entry in _json("structures.json", "--structures")}


def read_described():
    """Return ``results/describe.json`` by backbone; raises `DataError` when missing."""
    return {entry["backbone"]: entry for entry in _json("describe.json", "--json")}


def read_latency():
    """Return ``results/bench/latency.json``, or None: not measured."""
    path = paths.RESULTS / "bench" / "latency.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _json(name, option):
    path = paths.RESULTS / name
    if not path.is_file():
        msg = f"'{path}' is missing; run `python -m skinlib describe {option} > {path}`"
        raise DataError(msg)
    return json.loads(path.read_text(encoding="utf-8"))


@dataclasses.dataclass(frozen=True)
class Facts:
    """Everything the tables of the ledger read.

    Attributes
    ----------
    ours : skinlib.paper.ledger.ours.Ours
    structures, described : dict
        By backbone; see `read_structures` and `read_described`.
    latency : dict or None
        See `read_latency`.
    counts : dict of str to pandas.DataFrame
        Title of a data set to `skinlib.data.ham10000.class_counts`.
    examples : pandas.DataFrame
        A few rows of the data in use.
    data, data_name : str
        The data in use: its folder, and its name.
    """

    ours: Ours
    structures: dict
    described: dict
    latency: dict | None
    counts: dict
    examples: pd.DataFrame
    data: str
    data_name: str


# Pictures that may be shown, for the parts of the book that show data.
SHOWN = "synthetic"


def gather(data=None):
    """Read everything the ledger is computed from.

    The class counts of real data are kept under ``results/counts``, so that the book
    shows them on a machine without the data.

    Parameters
    ----------
    data : str, optional
        See `skinlib.data.ham10000.locate`; ``SKINLIB_DATA``, else `SHOWN`.

    Returns
    -------
    Facts
    """
    dataset = ham10000.load(data or os.environ.get("SKINLIB_DATA") or SHOWN, decode=False)
    counted = ham10000.class_counts(dataset.table)
    folder = paths.RESULTS / "counts"
    if dataset.name.startswith("ham10000") and not (folder / f"{dataset.name}.csv").is_file():
        write_csv(folder / f"{dataset.name}.csv", counted.reset_index(names="class"))
    kept = {path.stem: pd.read_csv(path, index_col="class") for path in folder.glob("*.csv")}
    return Facts(
        ours=find_ours(),
        structures=read_structures(),
        described=read_described(),
        latency=read_latency(),
        counts=dict(sorted({**kept, dataset.name: counted}.items())),
        examples=dataset.table.head(3),
        data=str(dataset.folder),
        data_name=dataset.name,
    )
