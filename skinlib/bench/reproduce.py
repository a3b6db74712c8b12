"""How long the studies take, predicted from the rates that the bench ``step`` measured."""

import json

import numpy as np

from skinlib import paper
from skinlib.bench.cost import PASSES, floors
from skinlib.bench.devices import GPUS
from skinlib.bench.timing import machine, significant
from skinlib.common import paths
from skinlib.common.classes import HAM10000_COUNTS
from skinlib.common.errors import DataError
from skinlib.experiments.study import load_study, study_names
from skinlib.models.backbones import get_backbone

# Images without an age in HAM10000, which some recipes drop.
WITHOUT_AGE = 57


def measure(*, folder=None, quick=False, progress=True):
    """Predict the hours of every run of every study.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where ``step.json`` lies; ``results/bench`` by default.
    quick, progress : bool
        Of no effect: nothing is timed here.

    Returns
    -------
    dict
        ``rates`` (device and time of ``cpu`` and ``gpu`` rates, None: not measured),
        ``logged_epochs`` (median of the authors' trainings) and ``runs``: ``study``, ``run``,
        ``backbone``, ``size``, ``images``, ``epochs`` (at most), ``expected_epochs``,
        ``hours`` of the expected epochs: ``cpu`` and ``gpu`` from measured rates, and
        ``floors`` by GPU, which no training can beat; ``hours_at_most`` on the CPU;
        ``epoch_seconds``: ``predicted`` for the CPU, ``measured`` where the run is there.

    Raises
    ------
    DataError
        The bench ``step`` has not run.
    """
    folder = folder or paths.RESULTS / "bench"
    steps = {"cpu": stored(folder, "step"), "gpu": stored(folder, "step-gpu")}
    if not any(steps.values()):
        msg = f"'{folder / 'step.json'}' is missing; run `python -m skinlib bench step` first"
        raise DataError(msg)
    logged = logged_epochs()
    rows = [
        _row(study, spec, steps, logged)
        for study in map(load_study, study_names())
        for spec in study.specs
    ]
    return {
        **machine(),
        "quick": any(step["quick"] for step in steps.values() if step),
        "rates": {
            name: step and {key: step[key] for key in ("device", "measured", "batch", "load")}
            for name, step in steps.items()
        },
        "logged_epochs": logged,
        "runs": rows,
    }


def stored(folder, name):
    """Return a stored result, or None."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def logged_epochs():
    """Return the median number of epochs of the authors' trainings, as logged."""
    counts = [run.epochs["run"] for run in paper.logged().values() if run.epochs]
    return float(np.median(counts))


def images(study, recipe):
    """Return how many images a run trains on and how many it scores after each epoch."""
    if (study.data or "").startswith("synthetic"):
        total = int((study.data.partition(":")[2]) or 700)
    else:
        total = sum(HAM10000_COUNTS.values())
        total -= WITHOUT_AGE if recipe.missing_age == "drop" else 0
    share = {"validation": recipe.validation_share, "test": recipe.test_share}[recipe.selection]
    train = round(total * (1 - recipe.test_share - recipe.validation_share))
    return train, round(total * share)


def _row(study, spec, steps, logged):
    recipe, row = spec.resolve(), get_backbone(spec.backbone)
    train, scored = images(study, recipe)
    expected = min(recipe.epochs, logged)
    # Arithmetic and memory traffic of convolutions go with the area of the picture.
    area = (spec.size / row.input_size) ** 2
    rates = {name: _rate(step, spec.backbone) for name, step in steps.items()}
    seconds = {
        name: area * (train / rate["train"]["median"] + scored / rate["forward"]["median"])
        for name, rate in rates.items()
        if rate
    }
    known = rates["cpu"] or rates["gpu"]
    least = {}
    for gpu in GPUS if known else ():
        floor = floors(known, gpu.flops, gpu.bytes_per_second, precision=gpu.precision)
        # Scoring an image takes a third of the passes.
        least[gpu.name] = area * (train + scored / PASSES) * floor["roofline"]
    run = study.runs()[spec.name]
    return {
        "study": study.name,
        "run": spec.name,
        "backbone": spec.backbone,
        "size": spec.size,
        "images": train,
        "epochs": recipe.epochs,
        "expected_epochs": expected,
        "hours": {
            **{name: _hours(expected, seconds.get(name)) for name in steps},
            "floors": {name: _hours(expected, value) for name, value in least.items()},
        },
        "hours_at_most": _hours(recipe.epochs, seconds.get("cpu")),
        "epoch_seconds": {
            "predicted": significant(seconds["cpu"]) if "cpu" in seconds else None,
            "measured": run.record["seconds_per_epoch"] if run and run.finished else None,
        },
    }


def _rate(step, backbone):
    """Return what was measured of a backbone, or None."""
    found = step and step["backbones"].get(backbone)
    return found if found and "train" in found else None


def _hours(epochs, seconds):
    return None if seconds is None else significant(epochs * seconds / 3600)
