"""Everything the audit knows, in one object, so that a test can change any number of it."""

import dataclasses
import json

from skinlib import paper
from skinlib.common import paths
from skinlib.experiments import effects
from skinlib.experiments.recipes import RECIPES
from skinlib.experiments.study import load_study
from skinlib.models.backbones import BACKBONES
from skinlib.stats import factorial
from skinlib.stats.scores import DECISIONS, summary

# Runs on the real data; the synthetic demonstration says nothing about the paper.
STUDY = "ham10000-256px"


class NotAvailable(Exception):
    """A rule lacks a fact that may come later; the verdict is then ``open``."""


@dataclasses.dataclass(frozen=True)
class OurRun:
    """What a finished run of ours reached, with what a comparison must know about it.

    Attributes
    ----------
    name, backbone, recipe : str
    size : int
        Input side in pixels.
    epochs : int
        Epochs run.
    as_logged_setup : bool
        The authors' input size and no field of the recipe replaced.
    images : int
        Test images.
    summary : dict of str to float
        See `skinlib.stats.scores.summary`.
    """

    name: str
    backbone: str
    recipe: str
    size: int
    epochs: int
    as_logged_setup: bool
    images: int
    summary: dict


@dataclasses.dataclass(frozen=True)
class Facts:
    """Inputs of every rule.

    Attributes
    ----------
    printed : dict
        ``{"paper": {number: Printed}, "journal": {…}}``.
    headline : dict
        Numbers of the abstracts, by version.
    logged : dict of str to skinlib.paper.Logged
    curves, confusion : dict
        See `skinlib.paper`.
    described : dict of str to dict
        Our graphs by backbone, from ``results/describe.json``.
    structures : dict of str to dict
        The stock networks by backbone, from ``results/structures.json``.
    recipes, backbones : dict
        What the notebooks set and which layers they tapped, as transcribed in skinlib.
    ours : tuple of OurRun
        Finished runs.
    inference : dict of str to float
        Seconds an image by backbone, measured by us on one device; empty: not measured.
    effects : dict of str to dict
        Main effects of our factorial study by factor and score (`skinlib.stats.factorial`).
    """

    printed: dict
    headline: dict
    logged: dict
    curves: dict
    confusion: dict
    described: dict
    recipes: dict
    backbones: dict
    ours: tuple = ()
    inference: dict = dataclasses.field(default_factory=dict)
    structures: dict = dataclasses.field(default_factory=dict)
    effects: dict = dataclasses.field(default_factory=dict)

    def table(self, number, version="paper"):
        """Return a printed table."""
        return self.printed[version][str(number)]

    def cell(self, number, row, column, version="paper"):
        """Return one printed cell, or raise `NotAvailable` where nothing is printed."""
        value = self.table(number, version).value(str(row), column)
        if value is None:
            msg = f"Table {number} prints nothing for {row}, {column}"
            raise NotAvailable(msg)
        return value

    def run(self, name):
        """Return a logged training."""
        if name not in self.logged:
            msg = f"no training '{name}' was logged"
            raise NotAvailable(msg)
        return self.logged[name]

    def graph(self, backbone):
        """Return the description of our graph of a backbone."""
        if backbone not in self.described:
            msg = f"the graph of {backbone} is not described in results/describe.json"
            raise NotAvailable(msg)
        return self.described[backbone]

    def with_cell(self, number, row, column, value, version="paper"):
        """Return a copy in which one printed cell is another."""
        table = self.table(number, version)
        cells = list(table.rows[str(row)])
        cells[table.columns.index(column)] = value
        table = dataclasses.replace(table, rows=table.rows | {str(row): tuple(cells)})
        tables = self.printed[version] | {str(number): table}
        return dataclasses.replace(self, printed=self.printed | {version: tables})

    def with_logged(self, name, **fields):
        """Return a copy in which some fields of a logged training are others."""
        run = dataclasses.replace(self.logged[name], **fields)
        return dataclasses.replace(self, logged=self.logged | {name: run})


def gather():
    """Return the facts as they stand: package, ``results/describe.json``, finished runs."""
    return Facts(
        printed={version: paper.printed(version) for version in ("paper", "journal")},
        headline={version: paper.headline(version) for version in ("paper", "journal")},
        logged=paper.logged(),
        curves=paper.curves(),
        confusion=paper.confusion(),
        described={entry["backbone"]: entry for entry in _read("describe.json", [])},
        recipes=dict(RECIPES),
        backbones=dict(BACKBONES),
        ours=_our_runs(),
        inference=_latencies(),
        structures={entry["backbone"]: entry for entry in _read("structures.json", [])},
        effects=_effects(),
    )


def _effects():
    found = effects.factorial(load_study("ablation"), DECISIONS)
    if found is None:
        return {}
    return {
        factor: {score: effect.estimate(index) for index, score in enumerate(DECISIONS)}
        for factor, effect in factorial.main(found).items()
    }


def _read(name, missing):
    path = paths.RESULTS / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else missing


def _latencies():
    """Return seconds a photograph by backbone, as `python -m skinlib bench latency` did."""
    measured = _read("bench/latency.json", {}).get("backbones", {})
    return {name: entry["median"] for name, entry in measured.items()}


def _our_runs():
    found = []
    for run in load_study(STUDY).finished():
        record = run.record
        labels, probabilities, _ = run.arrays("test")
        found.append(
            OurRun(
                name=run.name,
                backbone=record["backbone"],
                recipe=record["recipe"]["name"],
                size=record["input_size"],
                epochs=record["epochs"],
                as_logged_setup=record["input_size"] == BACKBONES[record["backbone"]].input_size
                and not record["changes"],
                images=len(labels),
                summary=summary(labels, probabilities),
            )
        )
    return tuple(found)
