"""Everything the audit knows, in one object, so that a test can change any number of it.

The authors' settings are those of the committed transcription (``logged.yaml``,
``notebooks.yaml``); nothing here comes from skinlib's own recipes or networks.
"""

import dataclasses
import functools

from skinlib import paper
from skinlib.common.errors import DataError
from skinlib.experiments import effects
from skinlib.experiments.study import load_study
from skinlib.paper import measured, others
from skinlib.stats import factorial, prevalence
from skinlib.stats.scores import DECISIONS


class NotAvailable(Exception):
    """A rule lacks a fact that may come later; the verdict is then ``open``."""


class OutOfReach(NotAvailable):
    """A rule lacks a text that is not at hand; the verdict is then ``not testable here``."""


@dataclasses.dataclass(frozen=True)
class Facts:
    """Inputs of every rule: by name, as `skinlib.paper` and `skinlib.paper.measured` have them.

    ``printed`` is by version and number, ``works`` by reference number, ``text`` what the draft
    refers to, ``seconds`` the time of a prediction by backbone, ``effects`` what our factorial
    study found by factor and score, ``ideas`` what the ideas of other works change under one
    protocol: by reference number and idea, the outcome by score.
    """

    printed: dict
    abstract: dict
    logged: dict
    curves: dict
    confusion: dict
    notebooks: dict
    works: dict
    text: dict
    structures: dict
    ours: measured.Ours = dataclasses.field(default_factory=lambda: measured.Ours({}))
    seconds: dict = dataclasses.field(default_factory=dict)
    effects: dict = dataclasses.field(default_factory=dict)
    ideas: dict = dataclasses.field(default_factory=dict)

    def run(self, name):
        """Return a logged training run."""
        if name not in self.logged:
            msg = f"no training run '{name}' was logged"
            raise NotAvailable(msg)
        return self.logged[name]


@functools.cache
def gather():
    """Return the facts as they are: package, ``results/*.json``, finished runs."""
    return Facts(
        printed={version: paper.printed(version) for version in ("paper", "journal")},
        abstract=paper.headline()["abstract"],
        logged=paper.logged(),
        curves=paper.load("curves"),
        confusion=paper.load("confusion"),
        notebooks=paper.load("notebooks"),
        works=paper.load("comparators"),
        text=paper.load("printed")["text"],
        structures=_structures(),
        ours=measured.find_ours(),
        seconds={name: entry["median"] for name, entry in measured.latency()["backbones"].items()},
        effects=_effects(),
        ideas=others.known(),
    )


def _structures():
    """Return the described networks, nothing where they were not: their claims are then open."""
    try:
        return measured.structures()
    except DataError:
        return {}


def _effects():
    """Return by factor and score: the interval, gain or loss, Holm, and with a chosen threshold."""
    study = load_study("ablation")
    found = effects.factorial(study)
    if found is None:
        return {}
    moved = factorial.main(effects.factorial(study, DECISIONS, change=prevalence.shifted))
    terms = factorial.frame(found).set_index(["Switched on", "Score"])
    return {
        factor: {
            score: {
                "estimate": effect.estimate(score),
                "result": effect.judgement(score),
                "corrected": bool(terms.loc[(factorial.NAMES[factor], score), "Holm"]),
                "moved": moved[factor].judgement(score) if score in DECISIONS else None,
            }
            for score in effect.names
        }
        for factor, effect in factorial.main(found).items()
    }
