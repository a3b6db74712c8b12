"""Factorial effects against ordinary least squares of statsmodels, and in simulation."""

import itertools
import shutil

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from invented import invent
from statsmodels.stats.multitest import multipletests

from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.experiments import effects
from skinlib.experiments.study import load_study
from skinlib.stats import factorial
from skinlib.stats.paired import NOT_CLEAR
from skinlib.stats.scores import SCORES, scores

LEVELS = np.array(list(itertools.product((-1, 1), repeat=4)))
NOTHING = np.zeros((3, 1, 1))


def estimated(values, shifts=NOTHING, levels=LEVELS):
    """Return the effects of a study of one score, (seeds, cells), that lesions shift."""
    names = tuple("abcd"[: levels.shape[1]])
    drawn = (values + shifts)[..., None]
    return factorial.effects(factorial.Design(names, tuple(range(len(values))), levels, drawn))


def test_effects_and_errors_are_those_of_least_squares():
    values = np.random.default_rng(0).normal(size=(3, 16))
    rows = [
        {"y": values[seed, cell], "seed": seed, **dict(zip("abcd", LEVELS[cell] / 2, strict=True))}
        for seed in range(3) for cell in range(16)
    ]  # fmt: skip
    fit = smf.ols("y ~ C(seed) + (a + b + c + d)**2", pd.DataFrame(rows)).fit()
    interval = fit.conf_int()
    for term, (effect, (p,)) in estimated(values).items():
        name, estimate = ":".join("abcd"[index] for index in term), effect.estimate(0)
        # Coded ±1/2, a product of two is ±1/4: its coefficient is twice the halved difference.
        expected = np.array([fit.params[name], *interval.loc[name]]) / len(term)
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx(expected)
        assert p == pytest.approx(fit.pvalues[name])


def test_intervals_cover_new_trainings_on_new_lesions():
    """Scores with noise of the training in each cell, and noise that lesions put on an effect."""
    rng = np.random.default_rng(1)
    covered, trials = 0, 400
    for _ in range(trials):
        values = 0.05 * (LEVELS[:, 0] > 0) + rng.normal(scale=0.03, size=(2, 16))
        # These lesions shift the effect; a bootstrap over them knows how much, not which way.
        shifts = rng.normal(scale=0.02, size=(201, 1, 1))
        shifts[1:] += shifts[0]
        estimate = estimated(values, shifts * (LEVELS[:, 0] / 2))[0,][0].estimate(0)
        covered += estimate.low <= 0.05 <= estimate.high
    # Standard error 0.011.
    assert covered / trials == pytest.approx(0.95, abs=0.035)


def test_one_seed_of_a_small_design_has_nothing_to_measure_with():
    levels = np.array(list(itertools.product((-1, 1), repeat=2)))
    with pytest.raises(DataError, match="train another seed"):
        estimated(np.zeros((1, 4)), levels=levels)


def test_effects_seed_by_seed_average_to_the_effect():
    values = np.random.default_rng(3).normal(size=(3, 16))
    found = estimated(values)
    for effect, _ in found.values():
        assert (effect.low + effect.high) / 2 == pytest.approx(effect.difference)
        np.testing.assert_allclose(effect.second - effect.first, effect.difference)
    on, off = (values[1, LEVELS[:, 2] == sign].mean() for sign in (1, -1))
    assert found[2,][0].by_seed[1, 0] == pytest.approx(on - off)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Two seeds of the study `ablation`, in which attention is worth a lot."""
    worth = {"on": 0.9, "off": 0.4}
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    invent("ablation", lambda spec: worth.get(spec.levels.get("attention")) if spec.seed < 2 else None,
           ("test",))  # fmt: skip
    return load_study("ablation")


def test_only_complete_seeds_count(study):
    found = effects.factorial(study)
    assert (found.seeds, found.factors) == ((0, 1), tuple(factorial.NAMES))
    assert found.scores.shape == (1001, 2, 16, 4)
    networks = factorial.networks(found).set_index(["seed", *found.factors])
    for spec, run in study.trained():
        expected = scores(np.ones((1, 210)), *run.arrays("test")[:2])[0]
        row = networks.loc[(spec.seed, *spec.levels.values())]
        np.testing.assert_allclose(row.astype(float), expected)
    for seed, left in ((1, (0,)), (0, None)):
        spec, run = next(pair for pair in study.trained() if pair[0].seed == seed)
        shutil.rmtree(run.folder)
        found = effects.factorial(study)
        assert (found and found.seeds) == left


def test_tables(study):
    found = effects.factorial(study)
    frame = factorial.frame(found)
    main = factorial.named(found)
    assert list(main) == list(factorial.NAMES.values())
    pairs = [" × ".join(each) for each in itertools.combinations(main, 2)]
    assert list(frame["Switched on"].unique()) == [*main, *pairs]
    by_term, attention = frame.set_index(["Switched on", "Score"])["Effect"], main["soft attention"]
    written = attention.estimate("accuracy").text(signed=True)
    assert by_term["soft attention", "accuracy"] == written
    assert attention.difference[0] == pytest.approx(0.5, abs=0.05)
    # Two seeds have no interval of their own, so nothing is clear.
    assert set(frame["Result"]) == {NOT_CLEAR}
    assert frame["Holm"].tolist() == list(multipletests(frame["p"], method="holm")[0])
    crossed = factorial.interactions(frame).set_index("Switched on")
    assert list(crossed.index) == pairs
    assert crossed["accuracy"].iloc[0] == by_term[pairs[0], "accuracy"]
    cells = factorial.cells(found).set_index("Switched on")
    assert list(cells.index[:2]) == ["nothing", "augmentation"]
    assert cells.index[-1] == ", ".join(main)
    means = found.scores[0, ..., 0].mean(axis=0)
    np.testing.assert_allclose(cells[SCORES[0]].astype(float), means, atol=0.0005)
