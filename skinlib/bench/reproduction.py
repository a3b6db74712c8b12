"""How long the runs of a study would take, predicted from the rates that ``step`` measured."""

import numpy as np
import pandas as pd

from skinlib import paper
from skinlib.bench.cost import PASSES, floors
from skinlib.bench.tables import stored
from skinlib.common.classes import HAM10000_COUNTS
from skinlib.experiments.study import load_study
from skinlib.models.backbones import get_backbone

# Peaks of GPUs in 16 bits, from data sheets: FLOP and bytes a second.
GPUS = {"NVIDIA H100 SXM": (989e12, 3.35e12), "NVIDIA A100 SXM 80 GB": (312e12, 2.039e12)}
# Images without an age in HAM10000, which some recipes drop.
WITHOUT_AGE = 57


def logged_epochs():
    """Return the median number of epochs of the authors' trainings, as logged."""
    return float(np.median([run.epochs["run"] for run in paper.logged().values() if run.epochs]))


def hours(study="paper"):
    """Predict the hours of each run of a study on HAM10000.

    Returns
    -------
    pandas.DataFrame
        ``Backbone``; hours of `logged_epochs` on each measured device (``CPU, h``, ``GPU, h``),
        of all epochs that the recipe allows (``…, at most, h``), and the least on each of `GPUS`.
    """
    return pd.DataFrame([_hours(spec) for spec in load_study(study).specs])


def _hours(spec):
    recipe, backbone = spec.resolve(), get_backbone(spec.backbone)
    images = sum(HAM10000_COUNTS.values()) - WITHOUT_AGE * (recipe.missing_age == "drop")
    shares = {"validation": recipe.validation_share, "test": recipe.test_share, "none": 0}
    share = shares[recipe.selection]
    train = round(images * (1 - recipe.test_share - recipe.validation_share))
    scored = round(images * share)
    # Arithmetic and memory traffic of convolutions go with the area of the picture.
    area = (spec.size / backbone.input_size) ** 2 / 3600
    expected, row = min(recipe.epochs, logged_epochs()), {"Backbone": spec.backbone}
    for step in stored("step"):
        device, rates = step["device"][:3].upper(), step["backbones"][spec.backbone]
        epoch = area * sum(
            count / rates[key]["median"] for count, key in ((train, "train"), (scored, "forward"))
        )
        row |= {f"{device}, h": expected * epoch, f"{device}, at most, h": recipe.epochs * epoch}
    for gpu, peaks in GPUS.items():
        # A prediction takes one of the passes of a training step.
        least = floors(rates, *peaks, precision="mixed_bfloat16")["roofline"]
        row[f"{gpu}, floor, h"] = expected * area * (train + scored / PASSES) * least
    return row
