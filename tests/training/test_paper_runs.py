"""The thirteen printed runs of the study of the paper train, each with its own settings, on a tiny network."""

import pytest
import tiny

from skinlib.experiments.recipes import from_json
from skinlib.experiments.study import load_study

LOGGED = [spec for spec in load_study("paper").specs if "logged" in spec.recipe and not spec.seed]
# What a network of 32 pixels, trained for one epoch on 70 pictures, cannot have of them: the cut of
# another network, its hundreds of epochs, its thousands of units, a tenth of the pictures.
SMALL = {"tap": "as_coded", "epochs": 1, "metadata_units": 16, "test_share": 0.25}


def distinct():
    """Return the recipes of these runs by the first run that has them."""
    recipes = {}
    for spec in LOGGED:
        recipes.setdefault(str(sorted(spec.resolve().to_json().items(), key=str)), spec)
    return list(recipes.values())


@pytest.mark.parametrize("spec", distinct(), ids=lambda spec: spec.name)
def test_it_trains_with_its_settings(spec, dataset):
    recipe = spec.resolve().replace(**SMALL)
    run = tiny.train(dataset, "paper", recipe, name=spec.name, keep_weights=False)
    assert run.finished
    assert from_json(run.record["recipe"]) == recipe
    assert run.record["selection"] == "test"
    assert set(run.predictions()["part"]) == {"test"}
    # Only the reported set chose the epoch: the last row of the history has its scores.
    assert run.history()["val_loss"].notna().all()
