"""Factorial effects against ordinary least squares of statsmodels, by hand, and in simulation."""

import itertools
import types

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.stats.multitest import multipletests

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.experiments import effects
from skinlib.stats import factorial
from skinlib.stats.gains import NOT_CLEAR
from skinlib.stats.scores import DECISIONS, SCORES, scores

LEVELS = np.array(list(itertools.product((-1, 1), repeat=4)))


def estimated(values, levels=LEVELS):
    """Return the effects of a study of one score, shape (1 + n_resamples, seeds, cells)."""
    names = tuple("abcd"[: levels.shape[1]])
    return factorial.effects(
        factorial.Design(names, tuple(range(values.shape[1])), levels, values[..., None])
    )


def test_effects_and_errors_are_those_of_least_squares():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1, 3, 16))
    rows = [
        {"y": values[0, seed, cell], "seed": seed, **dict(zip("abcd", LEVELS[cell] / 2, strict=True))}
        for seed in range(3) for cell in range(16)
    ]  # fmt: skip
    fit = smf.ols("y ~ C(seed) + (a + b + c + d)**2", pd.DataFrame(rows)).fit()
    interval = fit.conf_int()
    for term, (effect, (p,)) in estimated(values).items():
        name, estimate = ":".join("abcd"[index] for index in term), effect.estimate(0)
        # Coded ±1/2, a product of two is ±1/4: its coefficient is twice the halved difference.
        scale = len(term)
        assert estimate.value == pytest.approx(fit.params[name] / scale)
        assert estimate.low == pytest.approx(interval.loc[name, 0] / scale)
        assert estimate.high == pytest.approx(interval.loc[name, 1] / scale)
        assert p == pytest.approx(fit.pvalues[name])


def test_a_case_worked_by_hand():
    """Turning the first on adds 0.1, the second 0.2, both together 0.04 more than that."""
    a, b = (LEVELS[:, :2] > 0).T
    values = (0.5 + 0.1 * a + 0.2 * b + 0.04 * (a & b))[None, None].repeat(2, axis=1)
    found = {term: effect.difference[0] for term, (effect, _) in estimated(values).items()}
    assert found[0,] == pytest.approx(0.1 + 0.02)
    assert found[1,] == pytest.approx(0.2 + 0.02)
    assert found[0, 1] == pytest.approx(0.02)
    assert found[2,] == pytest.approx(0)


def test_intervals_cover_new_trainings_on_new_lesions():
    """Scores with noise of the training in each cell, and noise that lesions put on an effect."""
    rng = np.random.default_rng(1)
    covered, trials = 0, 400
    for _ in range(trials):
        values = 0.05 * (LEVELS[:, 0] > 0) + rng.normal(scale=0.03, size=(2, 16))
        # These lesions shift the effect; a bootstrap over them knows how much, not which way.
        shifts = np.concatenate([rng.normal(scale=0.02, size=1), rng.normal(scale=0.02, size=200)])
        shifts[1:] += shifts[0]
        drawn = values[None] + shifts[:, None, None] * (LEVELS[:, 0] / 2)
        estimate = estimated(drawn)[0,][0].estimate(0)
        covered += estimate.low <= 0.05 <= estimate.high
    # Standard error 0.011.
    assert covered / trials == pytest.approx(0.95, abs=0.035)


def test_one_seed_of_a_small_design_has_nothing_to_measure_with():
    levels = np.array(list(itertools.product((-1, 1), repeat=2)))
    with pytest.raises(DataError, match="train another seed"):
        estimated(np.zeros((1, 1, 4)), levels)


def make_run(folder, seed, quality):
    """A run of 60 images, two a lesion, of which a share is classified correctly."""
    labels = np.arange(60) % 7
    right = np.random.default_rng(int(100 * quality) + seed).random(60) < quality
    answers = np.eye(7)[np.where(right, labels, (labels + 1) % 7)]
    frame = pd.DataFrame(answers, columns=list(CLASSES)).assign(
        image_id=[f"{seed}-{i}" for i in range(60)],
        lesion_id=[f"lesion-{i // 2}" for i in range(60)],
        label=[CLASSES[k] for k in labels],
    )
    return types.SimpleNamespace(
        folder=folder, finished=True, record={"data": "the same"}, predictions=lambda part: frame
    )


@pytest.fixture
def study():
    """Two factors in all combinations for two seeds, and a run beside them."""
    specs, found = [types.SimpleNamespace(seed=0, levels={})], {"beside": None}
    for seed, *key in itertools.product((0, 1), ("off", "on"), ("off", "on")):
        levels = dict(zip(("attention", "weights"), key, strict=True))
        specs.append(types.SimpleNamespace(seed=seed, levels=levels))
        name = f"{'-'.join(key)}-s{seed}"
        found[name] = make_run(name, seed, 0.9 if key[0] == "on" else 0.4)
    return types.SimpleNamespace(
        found=found,
        specs=specs,
        trained=lambda: [pair for pair in zip(specs, found.values(), strict=True) if pair[1]],
    )


def test_only_complete_seeds_count(study):
    found = effects.factorial(study, n_resamples=5)
    assert (found.seeds, found.factors) == ((0, 1), ("attention", "weights"))
    assert found.scores.shape == (6, 2, 4, 4)
    labels, (probabilities,), _ = effects.together([study.found["on-off-s1"]])
    expected = scores(np.ones((1, 60)), labels, probabilities)[0]
    place = found.levels.tolist().index([1, -1])
    np.testing.assert_allclose(found.scores[0, 1, place], expected)
    study.found["off-off-s1"] = None
    assert effects.factorial(study, n_resamples=5).seeds == (0,)
    study.found["off-off-s0"] = None
    assert effects.factorial(study, n_resamples=5) is None


def test_effects_seed_by_seed_average_to_the_effect():
    values = np.random.default_rng(3).normal(size=(1, 3, 16))
    for effect, _ in estimated(values).values():
        assert (effect.low + effect.high) / 2 == pytest.approx(effect.difference)
    on, off = (values[0, 1, LEVELS[:, 2] == sign].mean() for sign in (1, -1))
    assert estimated(values)[2,][0].by_seed[1, 0] == pytest.approx(on - off)


def test_main_effects_are_on_minus_off(study):
    found = effects.factorial(study, n_resamples=50)
    effect = factorial.main(found)["attention"]
    np.testing.assert_allclose(effect.second - effect.first, effect.difference)
    accuracy = found.scores[0, ..., 0]
    assert effect.second[0] == pytest.approx(accuracy[:, found.levels[:, 0] > 0].mean())
    assert effect.names == SCORES


def test_decisions_can_be_changed_before_they_are_scored(study):
    """Every image is called the class after the truth, so nothing is right."""

    def wrong(run, probabilities):
        labels, _, _ = effects.together([run])
        return np.eye(7)[(labels + 2) % 7]

    found = effects.factorial(study, n_resamples=5, names=DECISIONS, change=wrong)
    assert found.scores.shape == (6, 2, 4, 3)
    assert not found.scores[..., 0].any()


def test_tables(study):
    found = effects.factorial(study, n_resamples=50)
    frame = factorial.frame(found)
    terms = ["soft attention", "class weights", "soft attention × class weights"]
    assert list(frame["Switched on"].unique()) == terms
    row = frame.set_index(["Switched on", "Score"]).loc[("soft attention", "accuracy")]
    assert 0.3 < float(row["Effect"].split()[0]) < 0.7
    # Two seeds have no interval of their own, so nothing is clear.
    assert set(frame["Result"]) == {NOT_CLEAR}
    reject = multipletests(frame["p"], method="holm")[0]
    assert frame["Holm"].tolist() == list(reject)
    pairs = factorial.interactions(frame).set_index("Switched on")
    assert list(pairs.index) == terms[2:]
    assert pairs["accuracy"].item() == frame.set_index(["Switched on", "Score"]).loc[
        (terms[2], "accuracy"), "Effect"
    ]  # fmt: skip
    assert factorial.named(found)["class weights"].by_seed.shape == (2, len(SCORES))
    cells = factorial.cells(found).set_index("Switched on")
    assert list(cells.index) == ["nothing", *terms[1::-1], "soft attention, class weights"]
    means = found.scores[0, ..., 0].mean(axis=0)
    np.testing.assert_allclose(cells[SCORES[0]].astype(float), means, atol=0.0005)


def test_networks_keep_their_seed_and_levels(study):
    found = effects.factorial(study, n_resamples=5)
    frame = factorial.networks(found).set_index(["seed", "attention", "weights"])
    assert len(frame) == 8
    place = found.levels.tolist().index([1, -1])
    assert frame.loc[(1, "on", "off"), "mean recall"] == found.scores[0, 1, place, 1]


def test_cells_of_other_images_are_refused(study):
    study.found["on-on-s0"] = make_run("odd", 7, 0.9)
    with pytest.raises(IntegrityError, match="'odd'"):
        effects.factorial(study, n_resamples=5)
