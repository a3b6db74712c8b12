"""The study of the paper trains the run behind each printed network, with its notebook's settings."""

import pytest

from skinlib import paper
from skinlib.experiments.study import load_study
from skinlib.models.backbones import get_backbone

LOGGED = [spec for spec in load_study("paper").specs if "logged" in spec.recipe and not spec.seed]
# Of the networks with two logged runs, the one whose numbers are printed.
PRINTED = {"MobileNetV3Large MD": "MobileNetV3Large MD, tap -34"}


def test_the_thirteen_printed_networks():
    arms = [(spec.backbone, spec.recipe[:2]) for spec in LOGGED]
    assert len(arms) == len(set(arms)) == 13
    assert sum(arm == "md" for _, arm in arms) == 9


@pytest.mark.parametrize("spec", LOGGED, ids=lambda spec: spec.name)
def test_its_settings_are_those_of_the_notebook(spec):
    name = f"{spec.backbone} {spec.recipe[:2].upper()}"
    logged = paper.logged_run(PRINTED.get(name, name)).settings
    recipe, row = spec.resolve(), get_backbone(spec.backbone)
    assert recipe.epochs == logged["epochs_at_most"]
    assert recipe.stopping_patience == logged["patience"]
    assert f"val_{recipe.stopping_metric}" == logged["monitor"]
    assert (recipe.plateau_factor is not None) == logged["schedule"]
    if logged["schedule"]:
        assert recipe.plateau_factor == logged["factor"]
        assert recipe.minimum_learning_rate == logged["minimum_rate"]
    assert recipe.learning_rate == logged["learning_rate"]
    assert recipe.epsilon == logged["epsilon"]
    assert recipe.dropout == logged["dropout"]
    assert recipe.channel_order == logged["channels"].lower()
    assert (spec.size or row.input_size) == logged["pixels"]
    assert list(row.cut(recipe.tap)[1]) == logged["tap_shape"]
    assert recipe.augmentation is None
    assert logged["augmentation"] == "none"
    if recipe.metadata:
        assert recipe.metadata_units == logged["metadata_units"]
        # The steps of an epoch tell the share of the 10,015 less 57 photographs without an age.
        trained = logged["steps_per_epoch"] * recipe.batch_size
        assert 1 - recipe.test_share == pytest.approx(trained / (10_015 - 57), abs=0.002)
    # 34 layers from the end are six above the 28 of the other MobileNets.
    assert (recipe.tap == "coded_34") == (logged.get("tap") == -34)
