"""Records of runs: an empty run.json that keeps the contract, and a small run made by hand."""

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.experiments import contract
from skinlib.experiments.recipes import get_recipe
from skinlib.experiments.run import read_run, write_history, write_predictions, write_record


def blank(schema=None):
    """Return an empty value of the right kind for every required field."""
    schema = schema or contract.validator(contract.SCHEMA).schema
    kinds = {name: schema["properties"][name] for name in schema["required"]}
    return {name: _empty(kind) for name, kind in kinds.items()}


def _empty(kind):
    if "enum" in kind:
        return kind["enum"][0]
    if "required" in kind:
        return blank(kind)
    return {"string": "", "integer": 0, "object": {}}[kind["type"]]


def as_in_history(value):
    """Return a number as ``history.csv`` stores it: with six significant digits."""
    return float(f"{value:.6g}")


def small_run(folder, name, recipe, right, status="finished"):
    """A run of 70 test images, ten a class, of which `right` a class are classified rightly."""
    labels = np.repeat(np.arange(7), 10)
    predicted = np.where(np.tile(np.arange(10), 7) < right, labels, (labels + 1) % 7)
    probabilities = np.full((70, 7), 0.05)
    probabilities[np.arange(70), predicted] = 0.7
    table = pd.DataFrame(
        {
            "image_id": [f"ISIC_{i:07d}" for i in range(70)],
            "lesion_id": [f"L{i // 2}" for i in range(70)],
            "dx": [CLASSES[label] for label in labels],
        }
    )
    path = folder / name
    path.mkdir(parents=True)
    write_predictions(path, table, ["test"] * 70, probabilities)
    history = [{"epoch": 1, "loss": 2.0, "accuracy": 0.3, "val_loss": 1.9, "val_accuracy": 0.4}]
    write_history(path, history)
    record = blank() | {
        "identity": name, "run": name, "status": status, "backbone": "MobileNetV2",
        "recipe": get_recipe(recipe).to_json(), "changes": {}, "input_size": 96,
        "data": {"name": "ham10000-256px", "fingerprint": "f"}, "seed": 0,
        "split": {"unit": "image", "hash": "h", "lesions_on_both_sides": 3},
        "weights": {"source": "none"}, "device": "cpu", "versions": {"keras": "3", "backend": "b"},
        "epochs": 1, "best_epoch": 1, "selection": "test", "seconds_per_epoch": 2.0,
        "finished": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    write_record(path, record)
    return read_run(path)
