"""Everything the audit knows, in one object, so that a test can change any number of it."""

import dataclasses
import functools

from skinlib import paper
from skinlib.experiments import effects
from skinlib.experiments.recipes import RECIPES
from skinlib.experiments.study import load_study
from skinlib.models.backbones import BACKBONES
from skinlib.paper import measured
from skinlib.stats import factorial
from skinlib.stats.scores import DECISIONS


class NotAvailable(Exception):
    """A rule lacks a fact that may come later; the verdict is then ``open``."""


@dataclasses.dataclass(frozen=True)
class Facts:
    """Inputs of every rule.

    Attributes
    ----------
    printed : dict
        ``{"paper": {number: Printed}, "journal": {…}}``.
    abstract : dict
        Numbers of the abstract.
    logged : dict of str to skinlib.paper.Logged
    curves, confusion : dict
        See `skinlib.paper`.
    described, structures : dict of str to dict
        Our graphs and the stock networks by backbone (`skinlib.paper.measured`).
    recipes, backbones : dict
        What the notebooks set and which layers they tapped, as transcribed in skinlib.
    ours : skinlib.paper.measured.Ours
    seconds : dict of str to float
        Time of a prediction by backbone, measured by us on one device.
    effects : dict of str to dict
        Main effects of our factorial study by factor and score (`skinlib.stats.factorial`).
    """

    printed: dict
    abstract: dict
    logged: dict
    curves: dict
    confusion: dict
    described: dict
    structures: dict
    recipes: dict
    backbones: dict
    ours: measured.Ours = dataclasses.field(default_factory=lambda: measured.Ours({}))
    seconds: dict = dataclasses.field(default_factory=dict)
    effects: dict = dataclasses.field(default_factory=dict)

    def run(self, name):
        """Return a logged training."""
        return self.get("logged", name)

    def get(self, field, name):
        """Return one entry of a dictionary, or raise `NotAvailable`."""
        found = getattr(self, field)
        if name not in found:
            msg = f"there is no '{name}' in '{field}'"
            raise NotAvailable(msg)
        return found[name]


@functools.cache
def gather():
    """Return the facts as they are: package, ``results/*.json``, finished runs."""
    latency = measured.latency() or {"backbones": {}}
    return Facts(
        printed={version: paper.printed(version) for version in ("paper", "journal")},
        abstract=paper.headline()["abstract"],
        logged=paper.logged(),
        curves=paper.curves(),
        confusion=paper.confusion(),
        described=measured.described(),
        structures=measured.structures(),
        recipes=dict(RECIPES),
        backbones=dict(BACKBONES),
        ours=measured.find_ours(),
        seconds={name: entry["median"] for name, entry in latency["backbones"].items()},
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
