"""Effects of the ideas against scikit-learn, on invented predictions."""

import dataclasses
import json
import types

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from skinlib import paper
from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.experiments import identities
from skinlib.experiments.study import load_study
from skinlib.paper import others
from skinlib.stats import paired
from skinlib.stats.scores import LOG_LOSS

IMAGES = 300


def invented(seed, skill):
    """A run whose predictions are right more or less often."""
    labels = np.random.default_rng(seed).integers(0, 7, IMAGES)
    noise = np.random.default_rng([seed, int(100 * skill)]).dirichlet(np.ones(7), IMAGES)
    probabilities = (noise + skill * np.eye(7)[labels]) / (1 + skill)
    names = [f"i{k}" for k in range(IMAGES)]
    frame = pd.DataFrame(probabilities, columns=list(CLASSES)).assign(
        image_id=names, lesion_id=names, label=[CLASSES[k] for k in labels]
    )
    return types.SimpleNamespace(
        labels=labels, probabilities=probabilities, record={"data": "invented"}, folder="invented",
        predictions={"test": frame}.get,
    )  # fmt: skip


@pytest.fixture
def runs(monkeypatch):
    skills = {"baseline": 0.5, "no-attention": 0.2, "mixup": 0.51, "focal": 0.9,
              "unweighted": 0.4, "melanoma-nevus": 0.8}  # fmt: skip
    found = {spec.variant: {} for spec in load_study("others").specs}
    for variant, skill in skills.items():
        seeds = (0, 1) if variant == "focal" else (0, 1, 2)
        found[variant] = {seed: invented(seed, skill) for seed in seeds}
    monkeypatch.setattr(others, "ways", lambda: found)
    return found


@pytest.fixture
def effects(runs):
    return others.gains()


def test_an_effect_is_the_mean_difference_over_the_common_seeds(runs, effects):
    assert list(effects) == ["no-attention", "ensemble", "unweighted", "focal", "mixup"]
    for variant in ("no-attention", "focal"):
        differences = [
            accuracy_score(run.labels, run.probabilities.argmax(1))
            - accuracy_score(run.labels, runs["baseline"][seed].probabilities.argmax(1))
            for seed, run in runs[variant].items()
        ]
        np.testing.assert_allclose(effects[variant].by_seed[:, 0], differences)


def sharpened(run, found):
    return 0.93 * np.eye(7)[found.argmax(1)] + 0.01


@pytest.mark.parametrize("change", [None, sharpened])
def test_an_ensemble_is_the_mean_of_its_members_each_changed_before(runs, change):
    changed = change or (lambda run, found: found)
    effect = others.gains(change=change)["ensemble"]
    for seed in (0, 1, 2):
        members = [runs[name][seed] for name in others.ENSEMBLES["ensemble"]]
        each = [changed(run, run.probabilities) for run in members]
        losses = [log_loss(members[0].labels, p) for p in (np.mean(each, axis=0), each[0])]
        found = effect.by_seed[seed, others.SHOWN.index(LOG_LOSS)]
        assert found == pytest.approx(losses[0] - losses[1])


def effect_of(by_seed, low, high):
    found = np.array(by_seed)[:, None]
    ends = (np.array([end]) for end in (low, high))
    return paired.Effect(found.mean(axis=0), found.mean(axis=0), found, *ends, ("accuracy",))


def test_what_survives_holm_is_clear_over_lesions_too():
    """With two degrees of freedom t = 10 has p = 0.0099, t = 5 0.0377 and t = 4.5 0.0460.

    Holm: 4 and 3 times the first are below 0.05, twice the second is not, nor then is the third.
    """
    sharp, dull, duller = (
        t * 0.01 / np.sqrt(3) + 0.01 * np.array([-1, 0, 1]) for t in (10, 5, 4.5)
    )
    effects = {
        "sharp": effect_of(sharp, 0.04, 0.07),
        "dull": effect_of(dull, 0.01, 0.04),
        "duller": effect_of(duller, 0.01, 0.04),
        "sharp, unclear over lesions": effect_of(sharp, -0.01, 0.1),
    }
    assert others.surviving(effects) == [("sharp", "accuracy", others.BETTER)]
    assert others.outcome(effects["dull"], "accuracy") == others.BETTER


def test_melanomas_and_nevi_are_scored_alone(runs):
    effect = others.binary()
    areas = []
    for variant in ("unweighted", "melanoma-nevus"):
        run = runs[variant][1]
        two = np.isin(run.labels, [4, 5])
        mel, nv = run.probabilities[two][:, [4, 5]].T
        areas.append(roc_auc_score(run.labels[two] == 4, mel / (mel + nv)))
    assert effect.by_seed[1, 1] == pytest.approx(areas[1] - areas[0])


def test_the_table_says_whose_idea_it_is_and_what_is_clear(effects):
    table = others.frame(effects).set_index("Idea, on MobileNetV2")
    without, focal = table.loc["without soft attention"], table.loc["focal loss"]
    assert focal["Clear"] == focal["The work reports"] == "–"  # two seeds: no interval of use
    assert without["Clear"].startswith("worse accuracy")
    assert without["Clear"].endswith(LOG_LOSS)
    assert without["Work"] == "[14]"
    assert "accuracy 0.9348" in without["The work reports"]


def test_a_lower_log_loss_is_better_and_two_intervals_decide():
    names, up = (LOG_LOSS, "accuracy"), np.array([[0.1, 0.1], [0.1, 0.11], [0.1, 0.09]])
    effect = paired.Effect(up[0], up[1], up, up[0] - 0.05, up[0] + 0.05, names)
    assert [others.outcome(effect, name) for name in names] == ["worse", "better"]
    scattered = dataclasses.replace(effect, by_seed=up * [[1], [-3], [5]])
    assert {others.outcome(scattered, name) for name in names} == {"not clear"}


def test_outcomes_are_of_works_alone(effects):
    found = others.outcomes(effects)
    assert list(found) == ["14", "16"]
    assert found["14"]["without soft attention"]["accuracy"] == "worse"
    assert others.by_work(found)["14"].startswith("without soft attention: worse accuracy")
    both = {"accuracy": "better", "AUC, macro": "better", LOG_LOSS: "worse"}
    assert others.clear(both) == "better accuracy, macro AUC; worse log loss"
    assert others.by_work({"9": {"a": {"accuracy": "not clear"}, "b": {"accuracy": "better"}}}) == {
        "9": "a: –. b: better accuracy"
    }


def test_the_committed_outcomes_are_those_of_the_committed_runs():
    pinned = json.loads((paths.RESULTS / others.FILE).read_text(encoding="utf-8"))
    assert pinned["runs"] == identities.of(load_study("others")), "python -m skinlib pin"
    assert pinned["outcomes"] == others.outcomes(others.gains()), "python -m skinlib pin"


def test_other_runs_are_measured_anew(runs, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    monkeypatch.setattr(identities, "of", lambda study: {"others/a": "1"})
    others.pin()
    pinned = others.known()
    runs.pop("no-attention")
    runs["no-attention"] = {}
    assert others.known() == pinned
    monkeypatch.setattr(identities, "of", lambda study: {"others/a": "2"})
    assert set(pinned) - set(others.known()) == {"14", "16"}


def test_every_run_of_the_study_is_named_and_every_work_is_known():
    variants, ideas = {spec.variant for spec in load_study("others").specs}, paper.load("ideas")
    assert variants ^ set(ideas) == {others.BASELINE, others.BINARY, *others.ENSEMBLES}
    works = {reference for reference, _ in ideas.values()} - {others.YARDSTICK}
    assert works <= set(paper.load("comparators"))
