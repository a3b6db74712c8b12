"""What this code measured itself: descriptions of the graphs, latencies, and the finished runs."""

import dataclasses
import json

import numpy as np

from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.experiments.evaluated import RECIPES
from skinlib.experiments.recipes import get_recipe
from skinlib.experiments.run import diverged_in
from skinlib.experiments.study import load_study
from skinlib.paper.rounding import NONE
from skinlib.stats import scores as scored

# Studies whose runs may stand beside the paper's numbers, the closest to the paper first.
REAL = ("paper", "ham10000-256px", "ham10000-256px-96px")
# The arm of the paper's tables and the recipe that follows its notebooks.
LOGGED_RECIPE = {"MD": "md-as-logged", "AD": "ad-as-logged"}
_SCORES = {}


def structures():
    """Return ``results/structures.json``: `skinlib.models.structure.structure` by backbone.

    Raises `DataError` when it is missing, with the command that makes it, as does `described`.
    """
    return _by_backbone("structures.json", "--structures")


def described():
    """Return ``results/describe.json`` by backbone."""
    return _by_backbone("describe.json", "--json")


def _by_backbone(name, option):
    path = paths.RESULTS / name
    if not path.is_file():
        msg = f"'{path}' is missing; run `python -m skinlib describe {option} > {path}`"
        raise DataError(msg)
    return {entry["backbone"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))}


def latency():
    """Return ``results/bench/latency.json``, no ``backbones`` where it was not measured."""
    path = paths.RESULTS / "bench" / "latency.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"backbones": {}}


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
        """Return the runs that follow the notebooks of an arm, ``MD`` or ``AD``."""
        return self.real.get((backbone, LOGGED_RECIPE[arm]), [])

    def by_recipe(self, backbone, arm):
        """Return the runs of both our recipes; the clean one has no arm without metadata."""
        clean = self.real.get((backbone, "clean"), []) if arm == "MD" else []
        return {"ours, authors' recipe": self.runs(backbone, arm), "ours, clean recipe": clean}

    def cells(self, backbone, arm, score):
        """Return a score of both our recipes as columns of a table, see `cell`."""
        found = self.by_recipe(backbone, arm)
        return {title.capitalize(): cell(runs, score) for title, runs in found.items()}

    def sources(self, *recipes):
        """Return what the columns "ours" are of, of all recipes or some, and what is left out."""
        recipes, groups = recipes or RECIPES, {}
        for (backbone, recipe), runs in self.real.items():
            if recipe in recipes:
                sizes = "/".join(map(str, sorted({run.record["input_size"] for run in runs})))
                seeds = f"{len(runs)} seed{'s' * (len(runs) > 1)}"
                how = f"{RECIPES[recipe]}{_cut(runs[0])}, {sizes} px, {seeds}"
                groups.setdefault(how, []).append(backbone)
        lines = [f"Ours, {how}: {', '.join(who)}." for how, who in groups.items()]
        for run in self.diverged:
            record, recipe = run.record, run.record["recipe"]["name"]
            if recipe in recipes:
                lines.append(
                    f"Not shown: {record['backbone']}, {RECIPES[recipe]}, "
                    f"{record['input_size']} px; this training run diverged in epoch "
                    f"{diverged_in(run.history())}."
                )
        return " ".join(lines)


def _cut(run):
    """Return what to add to the name of a recipe whose number of epochs was cut."""
    recipe = run.record["recipe"]
    full = get_recipe(recipe["name"]).epochs
    return "" if recipe["epochs"] == full else f" cut to {recipe['epochs']} of {full} epochs"


def find_ours():
    """Return the finished runs of the studies `REAL` as `Ours`."""
    real, diverged = {}, []
    for name in REAL:
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


def mean(runs, score):
    """Return a score of some runs (see `scores`) as a mean, None where there is no run."""
    return sum(scores(run)[score] for run in runs) / len(runs) if runs else None


def cell(runs, score):
    """Return a score of some runs (see `scores`) as text, ``–`` where there is no run."""
    return spread([scores(run)[score] for run in runs])


def spread(values, decimals=3):
    """Write values of several seeds: ``0.751``, or ``0.751 ± 0.010`` (sample sd)."""
    values = [value for value in values if not np.isnan(value)]
    if not values:
        return NONE
    if len(values) == 1:
        return f"{values[0]:.{decimals}f}"
    return f"{np.mean(values):.{decimals}f} ± {np.std(values, ddof=1):.{decimals}f}"


def scores(run):
    """Return the test scores of a run, computed once from its predictions.

    They are those of `skinlib.stats.scores.summary`, ``images`` (their number), ``specificity``
    (mean over classes), and ``classes`` (`skinlib.stats.scores.per_class`).
    """
    key = str(run.folder), run.record["identity"]
    if key not in _SCORES:
        labels, probabilities, _ = run.arrays("test")
        classes = scored.per_class(labels, probabilities)
        _SCORES[key] = scored.summary(labels, probabilities) | {
            "images": len(labels),
            "specificity": float(np.nanmean(classes["specificity"])),
            "classes": classes,
        }
    return _SCORES[key]
