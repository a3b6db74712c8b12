"""Everything the audit knows, in one object, so that a test can change any number of it."""

import dataclasses
import functools

from skinlib import paper
from skinlib.common.errors import DataError
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
    """Inputs of every rule: by name, as `skinlib.paper` and `skinlib.paper.measured` have them.

    ``printed`` is by version and number, ``seconds`` the time of a prediction by backbone,
    ``effects`` the main effects of our factorial study by factor and score.
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
        if name not in self.logged:
            msg = f"no training '{name}' was logged"
            raise NotAvailable(msg)
        return self.logged[name]


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
        described=_known(measured.described),
        structures=_known(measured.structures),
        recipes=dict(RECIPES),
        backbones=dict(BACKBONES),
        ours=measured.find_ours(),
        seconds={name: entry["median"] for name, entry in latency["backbones"].items()},
        effects=_effects(),
    )


def _known(read):
    """Return what was described here, nothing where it was not: its claims are then open."""
    try:
        return read()
    except DataError:
        return {}


def _effects():
    found = effects.factorial(load_study("ablation"), DECISIONS)
    if found is None:
        return {}
    return {
        factor: {score: effect.estimate(index) for index, score in enumerate(DECISIONS)}
        for factor, effect in factorial.main(found).items()
    }
