"""The tables about the official test, from invented runs of the real studies."""

import numpy as np
import pytest
from invented import IMAGES, invent
from resampling import cluster_bootstrap

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.experiments import evaluated as asked
from skinlib.experiments import external, names, official
from skinlib.stats import operating

EVERY = ("validation", "test", external.PART)


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Our model, and three seeds each of two recipes; the authors' has no validation set."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    for recipe, share, parts in (
        ("clean-frozen", 0.6, EVERY), ("md-as-logged-frozen", 0.4, EVERY[1:]),
    ):  # fmt: skip
        invent("external", lambda spec, r=recipe, s=share: s if spec.recipe == r else None, parts)
    invent("best", lambda spec: None if spec.variant else 0.95, EVERY)
    candidate = "candidate-loss-weighted-rate-high"
    invent("best", lambda spec: 0.7 if spec.variant == candidate else None, EVERY[:2])
    asked._measured.cache_clear()
    yield names.named(asked.ours_first(asked.one_seed()).values())
    asked._measured.cache_clear()


def test_the_scores_are_those_of_the_predictions(models):
    frame = official.scores(models).set_index("Model")
    for name, run in models.items():
        for part, title in (
            (external.PART, "Accuracy"), ("test", "Own test set: accuracy")
        ):  # fmt: skip
            labels, probabilities, _ = run.arrays(part)
            right = np.mean(probabilities.argmax(axis=1) == labels)
            assert frame.loc[name, title].startswith(f"{right:.3f} [")


def test_the_change_is_official_minus_own(models):
    run = next(iter(models.values()))
    found = official.change(run)["accuracy"]
    ends, widths = [], []
    for part in ("test", external.PART):
        labels, probabilities, lesions = run.arrays(part)
        right = (probabilities.argmax(axis=1) == labels).astype(float)
        ends.append(right.mean())
        low, high = cluster_bootstrap(
            lambda labels, right: np.array([right.mean()]), labels, right, lesions, draws=1000
        )
        widths.append(high[0] - low[0])
    assert found.value == pytest.approx(ends[1] - ends[0])
    # Two independent sets: the squares of the widths add.
    assert found.high - found.low == pytest.approx(np.hypot(*widths), rel=0.1)


def test_the_mix_of_classes_alone(models):
    run = next(iter(models.values()))
    labels, probabilities, _ = run.arrays("test")
    right = probabilities.argmax(axis=1) == labels
    # Invented sets hold thirty of each class.
    expected = np.mean([right[labels == k].mean() for k in range(len(CLASSES))])
    assert official.by_mix(run) == pytest.approx(expected)


def test_recalls_and_published_numbers(models):
    frame = official.recalls(models)
    assert frame["Images"].tolist() == [IMAGES // 7] * 7
    assert set(models) < set(frame)
    reported = official.published()
    assert reported["Value"].str.fullmatch(r"0\.\d{3}").all()


def test_abstention_is_of_models_with_a_validation_set(models):
    found = official.abstention(models)
    # Of the clean recipe four in ten answers are wrong at every confidence, so none is enough.
    assert list(found) == [name for name in models if name.startswith("our model")]
    name, by_part = next(iter(found.items()))
    assert by_part["test"] == operating.abstention(
        models[name], "test", operating.fix(models[name]).confidence
    )
    frame = official.abstentions(found)
    assert list(frame["Model"]) == list(found)
    assert frame["Official test: wrong among them"].str.contains("\u00a0%").all()


def test_only_candidates_that_were_trained_are_shown(models):
    frame = official.candidates()
    assert frame["Loss"].tolist() == ["weighted"]
    assert frame["Learning rate"].tolist() == ["0.001"]


def test_changes_are_one_row_a_model(models):
    found = {name: official.change(run) for name, run in models.items()}
    assert list(official.changes(found)) == ["Model", "Mean recall", "Accuracy"]
