"""Names and scores of runs, and which run is our model."""

import numpy as np
import pytest
from invented import invent

from skinlib.common import paths
from skinlib.experiments import evaluated, external
from skinlib.experiments.run import Run
from skinlib.experiments.study import load_study
from skinlib.stats.scores import LABELS


def test_a_run_has_scores_with_intervals():
    run = load_study("ham10000-256px-96px").finished()[0]
    found = evaluated.estimates(run, names=LABELS.values())
    assert list(found) == list(LABELS.values())
    assert all(each.low < each.value < each.high for each in found.values())
    recalls = [each.value for each in evaluated.recalls(run)]
    assert np.mean(recalls) == pytest.approx(found["mean recall"].value)
    table = evaluated.by_class(run)
    assert table["Images"].sum() == len(run.predictions("test"))
    np.testing.assert_allclose(table["Recall"].astype(float), recalls, atol=0.0005)


def test_our_models_come_first(tmp_path, monkeypatch):
    """Whatever the others reach: three seeds of another recipe are one model, its lowest seed."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    parts = ("validation", "test", external.PART)
    invent("external", lambda spec: 0.9 if spec.recipe == "clean-frozen" else None, parts)
    invent("best", lambda spec: {None: 0.6, "larger": 0.8}.get(spec.variant), parts)
    ours = [run.record["input_size"] for run in evaluated.finished_best()]
    assert ours == [192, 128]
    names = [name.replace("\u00a0", " ") for name in evaluated.models()]
    assert names == ["our model, 192 px", "our model, 128 px", "clean recipe, frozen, 96 px"]
    assert len(evaluated.on_official_test()) == 2 + 3
    assert evaluated.models()["clean recipe, frozen, 96\u00a0px"].record["seed"] == 0


def test_names_are_words_and_unique():
    given = [
        Run(None, {"recipe": {"name": recipe}, "input_size": size, "seed": seed, "backbone": net})
        for recipe, size, seed, net in (
            ("best", 192, 0, "MobileNetV2"), ("clean-frozen", 96, 0, "MobileNetV2"),
            ("clean-frozen", 96, 1, "MobileNetV2"), ("mine", 64, 0, "VGG16"),
        )
    ]  # fmt: skip
    assert [name.replace("\u00a0", " ") for name in evaluated.named(given)] == [
        "our model, 192 px", "clean recipe, frozen, 96 px, seed 0",
        "clean recipe, frozen, 96 px, seed 1", "VGG16, mine, 64 px",
    ]  # fmt: skip
