"""Our runs that may stand beside the paper's numbers."""

import dataclasses
import functools
import types

import numpy as np

from skinlib.experiments.evaluated import RECIPES
from skinlib.experiments.run import diverged_in
from skinlib.experiments.study import load_study
from skinlib.paper.ledger.cells import NONE
from skinlib.stats import scores as scored

# Studies whose runs may stand beside the paper's numbers, the closest to the paper first.
REAL = ("paper", "ham10000-256px", "ham10000-256px-96px")
# The arm of the paper's tables and the recipe that follows its notebooks.
LOGGED_RECIPE = {"MD": "md-as-logged", "AD": "ad-as-logged"}


@dataclasses.dataclass(frozen=True)
class Ours:
    """Our finished runs, found by backbone and recipe.

    Attributes
    ----------
    real : dict of (str, str) to list of Run
        Runs on photographs, the seeds of one (backbone, recipe) together; from the
        first study of `REAL` that has any that did not diverge.
    diverged : list of Run
        Runs that are left out because their loss grew and stayed large.
    """

    real: dict
    diverged: list = dataclasses.field(default_factory=list)

    def runs(self, backbone, arm):
        """Return the runs that follow the notebooks of an arm."""
        return self.real.get((backbone, LOGGED_RECIPE[arm]), [])

    def cell(self, backbone, recipe, read, digits=3):
        """Return one cell: a number, mean ± sd over seeds, or a dash where there is no run.

        Parameters
        ----------
        read : callable
            From what `scores` returns to a float.
        """
        found = self.real.get((backbone, recipe), [])
        return spread([read(scores(run)) for run in found], digits)

    def sources(self, *recipes):
        """Return what the columns "ours" are of, and which runs are left out; Markdown.

        Parameters
        ----------
        *recipes : str
            Of the columns; all that there are, if none is given.
        """
        recipes, groups = recipes or RECIPES, {}
        for (backbone, recipe), runs in self.real.items():
            if recipe not in recipes:
                continue
            sizes = "/".join(map(str, sorted({run.record["input_size"] for run in runs})))
            seeds = f"{len(runs)} seed{'s' * (len(runs) > 1)}"
            groups.setdefault(f"{RECIPES[recipe]}, {sizes} px, {seeds}", []).append(backbone)
        lines = [f"Ours, {how}: {', '.join(who)}." for how, who in groups.items()]
        for run in self.diverged:
            record = run.record
            if record["recipe"]["name"] not in recipes:
                continue
            lines.append(
                f"Not shown: {record['backbone']}, {RECIPES[record['recipe']['name']]}, "
                f"{record['input_size']} px; this training run diverged in epoch "
                f"{diverged_in(run.history())}."
            )
        return " ".join(lines)


def spread(values, digits=3):
    """Format values of several seeds: ``0.751``, or ``0.751 ± 0.010`` (sample sd)."""
    values = [value for value in values if value is not None and not np.isnan(value)]
    if not values:
        return NONE
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{np.mean(values):.{digits}f} ± {np.std(values, ddof=1):.{digits}f}"


def scores(run):
    """Return the test scores of a run, computed from its predictions.

    Returns
    -------
    types.SimpleNamespace
        ``images``, ``summary`` (`skinlib.stats.scores.summary`) and ``classes``
        (`skinlib.stats.scores.per_class`).
    """
    return _scores(_Key(str(run.folder), run.record["identity"], run))


@dataclasses.dataclass(frozen=True)
class _Key:
    """A run that hashes by its identity, so that it is scored once."""

    folder: str
    identity: str
    run: object = dataclasses.field(compare=False)


@functools.cache
def _scores(key):
    labels, probabilities, _ = key.run.arrays("test")
    return types.SimpleNamespace(
        images=len(labels),
        summary=scored.summary(labels, probabilities),
        classes=scored.per_class(labels, probabilities),
    )


def find_ours(studies=REAL):
    """Read the finished runs of the studies that may stand beside the paper."""
    real, diverged = {}, []
    for name in studies:
        found = {}
        for run in load_study(name).finished():
            key = run.record["backbone"], run.record["recipe"]["name"]
            if diverged_in(run.history()):
                diverged.append(run)
            else:
                found.setdefault(key, []).append(run)
        for key, runs in found.items():
            real.setdefault(key, runs)
    return Ours(real, diverged)
