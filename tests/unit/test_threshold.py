"""Decisions shifted by the class shares: by hand, against a search, and in simulation."""

import numpy as np
import pandas as pd
import pytest
from invented import invent

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.experiments import effects
from skinlib.experiments.run import folder_of, write_predictions
from skinlib.experiments.study import load_study
from skinlib.stats import factorial, threshold
from skinlib.stats.scores import DECISIONS

SHARES = np.array([0.03, 0.05, 0.11, 0.01, 0.11, 0.67, 0.02])


def simulate(count=6000, seed=0):
    """Labels and calibrated probabilities of a model that sees a noisy sign of the class."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(7, count, p=SHARES)
    seen = np.eye(7)[labels] * 1.5 + rng.normal(size=(count, 7))
    # Of the normal densities around each class; times the shares it is Bayes' rule.
    likelihood = np.exp(1.5 * seen)
    weighted = likelihood * SHARES
    return labels, weighted / weighted.sum(axis=1, keepdims=True), likelihood


def recall(labels, probabilities):
    right = probabilities.argmax(axis=1) == labels
    return np.mean([right[labels == k].mean() for k in range(7)])


def test_tau_of_0_changes_nothing_and_1_takes_the_shares_off():
    _, probabilities, likelihood = simulate(50)
    np.testing.assert_allclose(threshold.shift(probabilities, SHARES, 0.0), probabilities)
    expected = likelihood / likelihood.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(threshold.shift(probabilities, SHARES, 1.0), expected)


def test_the_best_tau_is_the_first_that_maximises_mean_recall():
    labels, probabilities, _ = simulate(800)
    tau, shares = threshold.best(labels, probabilities)
    np.testing.assert_allclose(shares, np.bincount(labels, minlength=7) / 800)
    found = [recall(labels, threshold.shift(probabilities, shares, each))
             for each in threshold.TAUS]  # fmt: skip
    assert tau == threshold.TAUS[int(np.argmax(found))]


def test_of_calibrated_probabilities_tau_is_about_1():
    labels, probabilities, _ = simulate(40000)
    tau, _ = threshold.best(labels, probabilities)
    assert tau == pytest.approx(1, abs=0.25)
    moved = threshold.shift(probabilities, SHARES, tau)
    assert recall(labels, moved) > recall(labels, probabilities) + 0.1


def test_a_class_that_validation_lacks_does_not_break_it():
    labels, probabilities, _ = simulate(300)
    kept = labels != 3
    tau, shares = threshold.best(labels[kept], probabilities[kept])
    assert shares.min() == 1 / kept.sum()
    assert np.isfinite(threshold.shift(probabilities, shares, tau)).all()


# The networks of a level are equal, so nothing is left to divide an effect by.
@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_an_effect_of_the_threshold_alone_is_gone_where_it_is_chosen(tmp_path, monkeypatch):
    """Class weights that only move the decision: a large effect as trained, none when shifted."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    invent("ablation", lambda spec: 0.5 if spec.levels and not spec.seed else None)
    for spec in load_study("ablation").specs:
        folder = folder_of("ablation", spec.name)
        if not (spec.levels and not spec.seed):
            continue
        labels, plain, _ = simulate(1000, seed=spec.seed)
        weighted = threshold.shift(plain, SHARES, 0.5)
        answers = weighted if spec.levels["weights"] == "on" else plain
        table = pd.DataFrame(
            {
                "image_id": [f"i{k}" for k in range(1000)],
                "lesion_id": [f"l{spec.seed}-{k}" for k in range(1000)],
                "dx": [CLASSES[k] for k in labels],
            }
        )
        write_predictions(folder, table, np.repeat(["validation", "test"], 500), answers)
    study = load_study("ablation")
    given = factorial.main(effects.factorial(study, n_resamples=20, names=DECISIONS))["weights"]
    design = effects.factorial(study, n_resamples=20, names=DECISIONS, change=threshold.shifted)
    moved = factorial.main(design)["weights"]
    assert given.difference[1] > 0.08
    assert abs(moved.difference[1]) < given.difference[1] / 5
    frame = factorial.networks(design)
    by_level = frame.groupby("weights")["mean recall"].mean()
    assert by_level["on"] - by_level["off"] == pytest.approx(moved.difference[1])
