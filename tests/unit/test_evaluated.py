"""Names and scores of runs, which run is our first model, and how models do on the official test."""

import numpy as np
import pytest
from invented import IMAGES, invent

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.experiments import evaluated, external
from skinlib.experiments.run import Run
from skinlib.experiments.study import load_study
from skinlib.stats.scores import LABELS

EVERY = ("validation", "test", external.PART)


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


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)


def test_our_models_come_first(results):
    """Whatever the others reach: three seeds of another recipe are one model, its lowest seed."""
    invent("external", lambda spec: 0.9 if spec.recipe == "clean-frozen" else None, EVERY)
    invent("best", lambda spec: {None: 0.6, "larger": 0.8}.get(spec.variant), EVERY)
    assert [run.record["input_size"] for run in evaluated.finished_best()] == [192, 128]
    found = evaluated.models()
    assert [name.replace("\u00a0", " ") for name in found] == [
        "our first model, 192 px", "our first model, 128 px", "clean recipe, frozen, 96 px",
    ]  # fmt: skip
    assert len(evaluated.on_official_test()) == 2 + 3
    assert list(found.values())[-1].record["seed"] == 0


def test_runs_of_the_folds_are_a_model_of_their_own(results):
    """Once all are there; none of them is a row beside other models."""
    names = [f"fold-{fold}" for fold in range(5)]
    for there, expected in ((names[:2], []), (names, [0, 1, 2, 3, 4])):
        wanted = dict.fromkeys(there, 0.8)
        invent("best-folds", lambda spec, w=wanted: w.get(spec.variant), EVERY[1:])
        assert [run.record["recipe"]["fold"] for run in evaluated.members()] == expected
    assert evaluated.on_official_test() == []


def test_names_are_words_and_unique():
    given = [
        Run(None, {"recipe": {"name": recipe}, "input_size": size, "seed": seed, "backbone": net})
        for recipe, size, seed, net in (
            ("best", 192, 0, "MobileNetV2"), ("clean-frozen", 96, 0, "MobileNetV2"),
            ("clean-frozen", 96, 1, "MobileNetV2"), ("mine", 64, 0, "VGG16"),
        )
    ]  # fmt: skip
    assert [name.replace("\u00a0", " ") for name in evaluated.named(given)] == [
        "our first model, 192 px", "clean recipe, frozen, 96 px, seed 0",
        "clean recipe, frozen, 96 px, seed 1", "VGG16, mine, 64 px",
    ]  # fmt: skip


@pytest.fixture
def models(results):
    """Our model, and three seeds each of two recipes; the authors' has no validation set."""
    for recipe, share, parts in (
        ("clean-frozen", 0.6, EVERY), ("md-as-logged-frozen", 0.4, EVERY[1:]),
    ):  # fmt: skip
        invent("external", lambda spec, r=recipe, s=share: s if spec.recipe == r else None, parts)
    invent("best", lambda spec: None if spec.variant else 0.95, EVERY)
    candidate = "candidate-loss-weighted-rate-high"
    invent("best", lambda spec: 0.7 if spec.variant == candidate else None, EVERY[:2])
    return evaluated.models()


def right(run, part):
    labels, probabilities, _ = run.arrays(part)
    return labels, (probabilities.argmax(axis=1) == labels).astype(float)


def test_the_change_is_official_minus_own(models):
    run = next(iter(models.values()))
    found = evaluated.change(run)["accuracy"]
    # Two photographs of each lesion.
    own, official = (right(run, part)[1].reshape(-1, 2).mean(axis=1) for part in EVERY[1:])
    assert found.value == pytest.approx(official.mean() - own.mean())
    # Two independent sets: their variances add.
    error = np.sqrt(own.var() / len(own) + official.var() / len(official))
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_the_mix_of_classes_alone_and_recalls(models):
    name, run = next(iter(models.items()))
    labels, correct = right(run, "test")
    # Invented sets hold thirty of each class.
    expected = np.mean([correct[labels == k].mean() for k in range(len(CLASSES))])
    assert evaluated.by_mix(run) == pytest.approx(expected)
    frame = evaluated.class_recalls(models)
    assert frame["Images"].tolist() == [IMAGES // 7] * 7
    labels, correct = right(run, external.PART)
    expected = [correct[labels == k].mean() for k in range(len(CLASSES))]
    assert [each.value for each in frame[name]] == pytest.approx(expected)


def test_abstention_is_of_models_with_a_validation_set(models):
    fixed, own, official = evaluated.abstention(models)
    assert [name.split(",")[0] for name in fixed] == ["our first model", "clean recipe"]
    # Of the clean recipe four in ten answers are wrong at every confidence, so none is enough.
    (ours,) = official
    assert list(own) == [ours] == [next(iter(fixed))]
    _, correct = right(models[ours], external.PART)
    confidence = models[ours].arrays(external.PART)[1].max(axis=1)
    answered = confidence >= fixed[ours].confidence
    assert official[ours]["answered"].value == pytest.approx(answered.mean())
    assert official[ours]["risk"].value == pytest.approx(1 - correct[answered].mean())


def test_only_candidates_that_were_trained_are_shown(models):
    assert evaluated.candidates().iloc[:, :2].to_numpy().tolist() == [["weighted", "0.001"]]
