"""A study: one data set and a list of runs, read from ``studies/<name>.yaml``."""

import dataclasses
import itertools
import os
from pathlib import Path

import yaml

from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.experiments.fields import check
from skinlib.experiments.recipes import get_recipe
from skinlib.experiments.run import list_runs, run_name
from skinlib.models.backbones import BACKBONES, get_backbone

STUDY_KEYS = {"title", "data", "require", "defaults", "runs"}


@dataclasses.dataclass(frozen=True)
class RunSpec:
    """One run of a study: the arguments of `skinlib.training.loop.train`.

    Attributes
    ----------
    size : int
        Side of the input in pixels.
    weights : str or None
        ``imagenet``, ``none`` or a path.
    variant : str or None
        Names `changes` where a study has several of a recipe.
    changes : dict
        Recipe fields that are replaced.
    external : bool
        A final model, evaluated on the official test images once it is trained
        (`skinlib.experiments.external`).
    levels : dict of str to str
        Of a factorial study: the level of each factor.
    """

    backbone: str
    recipe: str
    size: int
    seed: int = 0
    weights: str | None = "imagenet"
    variant: str | None = None
    changes: dict = dataclasses.field(default_factory=dict)
    keep_weights: bool = True
    external: bool = False
    levels: dict = dataclasses.field(default_factory=dict)

    @property
    def name(self):
        return run_name(self.backbone, self.recipe, self.size, self.seed, self.variant)

    def resolve(self):
        """Return the recipe with its changes applied."""
        return get_recipe(self.recipe).replace(**self.changes)

    def arguments(self):
        """Return the run's part of the keyword arguments of `skinlib.training.loop.train`."""
        same = ("backbone", "name", "size", "seed", "weights", "keep_weights")
        return {"recipe": self.resolve(), **{name: getattr(self, name) for name in same}}


@dataclasses.dataclass(frozen=True)
class Study:
    """A named list of runs on one data set.

    Attributes
    ----------
    data : str or None
        See `skinlib.data.ham10000.locate`; None: ``SKINLIB_DATA``, which must be set.
    require : str or None
        Name the data set must have, so that results of copies never mix.
    """

    name: str
    title: str
    data: str | None
    require: str | None
    specs: tuple[RunSpec, ...]

    def spec(self, name):
        """Return the run of that name, or raise `DataError` naming the runs there are."""
        for spec in self.specs:
            if spec.name == name:
                return spec
        msg = f"study '{self.name}' has no run '{name}'; it has {[s.name for s in self.specs]}"
        raise DataError(msg)

    def runs(self):
        """Return ``{run name: Run or None}``, in the order of the study."""
        found = {run.name: run for run in list_runs(self.name)}
        return {spec.name: found.get(spec.name) for spec in self.specs}

    def trained(self):
        """Return the runs that are finished, each with its `RunSpec`, in the order of the study."""
        pairs = zip(self.specs, self.runs().values(), strict=True)
        return [(spec, run) for spec, run in pairs if run and run.finished]

    def finished(self):
        """Return the finished runs, in the order of the study."""
        return [run for _, run in self.trained()]

    def data_folder(self):
        """Return the data argument of `train`, or raise `DataError` when none is given."""
        chosen = self.data or os.environ.get("SKINLIB_DATA")
        if not chosen:
            msg = f"study '{self.name}' needs real data; set SKINLIB_DATA to its folder"
            raise DataError(msg)
        return chosen


def study_names():
    """Return the names of the committed studies."""
    return sorted(path.stem for path in paths.STUDIES.glob("*.yaml"))


def load_study(name):
    """Read a study.

    In ``runs``, each of backbone, recipe and seed may be a list, for all combinations; the backbone
    ``all`` is the whole table. ``cross`` names factors, the levels of each and what they change,
    ``{metadata: {off: {metadata: false}, on: {}}}`` for example; all combinations are run, each
    named after the factors that are not ``off``.

    Raises
    ------
    DataError
        Naming the file and the key that is unknown or the value that is wrong.
    """
    path = Path(name) if str(name).endswith(".yaml") else paths.STUDIES / f"{name}.yaml"
    if not path.is_file():
        msg = f"there is no study '{name}'; studies are {', '.join(study_names())}"
        raise DataError(msg)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        _known(path, content, STUDY_KEYS)
        title, specs = content["title"], []
        for entry in content["runs"]:
            specs += _expand(path, {**content.get("defaults", {}), **entry})
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        msg = (
            f"'{path}' is no study ({type(error).__name__}: {error}); expected YAML with a title "
            f"and runs, as those in '{paths.STUDIES}'"
        )
        raise DataError(msg) from error
    names = [spec.name for spec in specs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"'{path}' has two runs named {twice[0]}; give one a 'variant'"
        raise DataError(msg)
    return Study(path.stem, title, content.get("data"), content.get("require"),
                 tuple(specs))  # fmt: skip


def _known(path, mapping, keys):
    unknown = sorted(set(mapping) - keys)
    if unknown:
        msg = f"'{path}' has the unknown key '{unknown[0]}', expected {', '.join(sorted(keys))}"
        raise DataError(msg)


def _expand(path, entry):
    _known(path, entry, {field.name for field in dataclasses.fields(RunSpec)} ^ {"levels", "cross"})
    lists = []
    for key in ("backbone", "recipe", "seed"):
        value = entry.get(key, 0)
        if key == "backbone" and value == "all":
            value = list(BACKBONES)
        lists.append(value if isinstance(value, list) else [value])
    rest = {key: value for key, value in entry.items() if key != "cross"}
    for backbone, recipe, seed, cell in itertools.product(*lists, list(_cells(path, entry))):
        row = get_backbone(backbone)
        # A common size below what one network accepts is raised for that network.
        size = row.input_size if entry.get("size") is None else entry["size"]
        check("size", size)
        check("seed", seed)
        size = max(size, row.minimum_size)
        chosen = {"backbone": backbone, "recipe": recipe, "seed": seed, "size": size}
        spec = RunSpec(**{**rest, **chosen, **cell})
        spec.resolve()
        yield spec


def _cells(path, entry):
    """Yield what each combination of levels adds to an entry."""
    factors = entry.get("cross")
    if factors is None:
        yield {}
        return
    for name, levels in factors.items():
        if not isinstance(levels, dict) or not all(isinstance(v, dict) for v in levels.values()):
            msg = (
                f"'{path}' crosses '{name}' without saying what each level changes; write "
                "{off: {field: value}, on: {}} for example"
            )
            raise DataError(msg)
    for chosen in itertools.product(*factors.values()):
        changes, levels = dict(entry.get("changes", {})), {}
        active = [entry["variant"]] if entry.get("variant") else []
        for name, level in zip(factors, chosen, strict=True):
            changes |= factors[name][level]
            # Unquoted, YAML takes on and off for true and false.
            levels[name] = {True: "on", False: "off"}.get(level, str(level))
            if levels[name] != "off":
                active.append(name if levels[name] == "on" else f"{name}-{levels[name]}")
        yield {"changes": changes, "levels": levels, "variant": "-".join(active) or "plain"}
