"""The effect over seeds, against the bootstrap of one seed and against a null and a known effect."""

import numpy as np
import pandas as pd
import pytest
from invented import invent
from resampling import cluster_bootstrap

from skinlib.common import paths
from skinlib.common.errors import DataError, IntegrityError
from skinlib.experiments import effects
from skinlib.experiments.study import load_study
from skinlib.stats import paired
from skinlib.stats.gains import GAIN, NOT_CLEAR
from skinlib.stats.paired import effect
from skinlib.stats.scores import SCORES

ACCURACY = ("accuracy",)


def plain(labels, probabilities):
    return np.array([np.mean(probabilities.argmax(axis=1) == labels)])


def make(rng, count, shares, per_lesion=1, offset=0):
    """Answers of two models, right with given probability, the same for images of one lesion."""
    lesions = np.repeat(np.arange(offset, offset + count), per_lesion)
    labels = np.repeat(rng.integers(0, 7, count), per_lesion)
    answers = []
    for share in shares:
        right = np.repeat(rng.random(count) < share, per_lesion)
        answers.append(np.eye(7)[np.where(right, labels, (labels + 1) % 7)])
    return labels, answers, lesions


def test_with_one_seed_it_is_the_bootstrap_over_lesions_of_the_difference():
    labels, pair, lesions = make(np.random.default_rng(0), 200, (0.6, 0.7), per_lesion=2)
    both = np.stack(pair, axis=1)

    def difference(labels, answers):
        return plain(labels, answers[:, 1]) - plain(labels, answers[:, 0])

    expected = cluster_bootstrap(difference, labels, both, lesions, draws=3000)
    found = effect([(labels, pair, lesions)], ACCURACY, n_resamples=3000)
    assert found.difference == difference(labels, both)
    # The interval is some 0.18 wide; two sets of 3000 draws differ by a tenth of that at most.
    np.testing.assert_allclose([found.low, found.high], expected, atol=0.015)


def test_seeds_with_the_same_lesions_promise_no_more_than_one():
    pair = make(np.random.default_rng(1), 150, (0.5, 0.7))
    one, three = (effect([pair] * count, ACCURACY, n_resamples=2000) for count in (1, 3))
    np.testing.assert_allclose(three.low, one.low, atol=1e-12)
    other = [make(np.random.default_rng(s), 150, (0.5, 0.7), offset=1000 * s) for s in (1, 2, 3)]
    narrower = effect(other, ACCURACY, n_resamples=2000)
    width = one.high - one.low
    assert (narrower.high - narrower.low) / width == pytest.approx(3**-0.5, rel=0.15)


@pytest.mark.parametrize("shares", [(0.7, 0.7), (0.6, 0.75)])
def test_the_interval_covers_the_truth_as_often_as_it_says(shares):
    rng = np.random.default_rng(5)
    covered = 0
    for trial in range(300):
        pairs = [make(rng, 80, shares, per_lesion=2, offset=k) for k in (0, 40)]
        found = effect(pairs, ACCURACY, n_resamples=200, level=0.9, seed=trial)
        covered += bool(found.low <= shares[1] - shares[0] <= found.high)
    # 300 trials at 0.9: standard error 0.017.
    assert covered / 300 == pytest.approx(0.9, abs=0.05)


def test_by_seed_and_means():
    pairs = [make(np.random.default_rng(s), 60, (0.5, 0.8)) for s in (0, 1)]
    found = effect(pairs, ACCURACY, n_resamples=50)
    for seed, (labels, (first, second), _) in enumerate(pairs):
        expected = plain(labels, second) - plain(labels, first)
        np.testing.assert_allclose(found.by_seed[seed], expected)
    np.testing.assert_allclose(found.second - found.first, found.difference)


def test_two_test_sets_are_resampled_independently():
    """Against the binomial standard errors of two independent shares."""
    sides = [make(np.random.default_rng(s), 400, (p, p)) for s, p in ((0, 0.5), (1, 0.7))]
    arrays = [[(labels, first, lesions)] for labels, (first, _), lesions in sides]
    found = paired.unpaired_difference(*arrays, n_resamples=400)
    shares = [plain(*side[0][:2])[0] for side in arrays]
    assert found.difference[0] == pytest.approx(shares[1] - shares[0])
    error = np.sqrt(sum(s * (1 - s) / 400 for s in shares))
    assert (found.high[0] - found.low[0]) / (2 * 1.96 * error) == pytest.approx(1, abs=0.15)


def test_nothing_to_compare():
    with pytest.raises(DataError, match="at least one pair"):
        effect([], ACCURACY)
    with pytest.raises(DataError, match="at least 2 lesions"):
        effect([make(np.random.default_rng(0), 1, (1, 1))], ACCURACY)


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)


def frozen(spec):
    """The runs of the single settings: RGB is better, and DenseNet201 much better."""
    if spec.recipe != effects.SETTINGS_RECIPE or spec.seed > 2:
        return None
    return {"DenseNet201": 0.95}.get(spec.backbone, {"rgb": 0.8}.get(spec.variant, 0.5))


def test_several_contrasts_are_those_measured_one_by_one(results):
    invent(effects.SETTINGS_STUDY, frozen, parts=("test",))
    found = effects.settings()
    assert list(found) == list(effects.SETTINGS)
    study = load_study(effects.SETTINGS_STUDY)
    one, other = (effects.finished(study, each, effects.SETTINGS_RECIPE) for each in (None, "rgb"))
    # DenseNet201 has the recipe as it is and no other setting.
    assert list(other) == [("MobileNetV2", seed) for seed in range(3)]
    alone = effect([effects.together((one[key], other[key])) for key in other])
    for name in ("first", "second", "by_seed", "low", "high"):
        np.testing.assert_allclose(getattr(found[effects.RGB], name), getattr(alone, name))
    assert found[effects.RGB].judgement(0) == GAIN
    assert found["batches of 32"].judgement(0) == NOT_CLEAR


WAYS = (effects.NONE, effects.CODED, effects.DESCRIBED)


def test_seeds_of_two_studies_are_taken_together(results):
    invent("ablation", lambda spec: 0.5 if spec.variant in WAYS and spec.seed < 2 else None)
    invent("attention", lambda spec: 0.6 if spec.seed == 4 else None)
    found = effects.attentions()
    assert list(found) == list(effects.ATTENTIONS)
    assert {len(each.by_seed) for each in found.values()} == {3}


def test_without_runs_there_is_nothing_to_compare(results):
    assert effects.attentions() == {}


def test_the_table_names_the_effect_and_shows_both_intervals(results):
    invent(effects.SETTINGS_STUDY, frozen, parts=("test",))
    frame = paired.frame(effects.settings(), ("Logged", "Described"), "Change")
    assert len(frame) == len(effects.SETTINGS) * len(SCORES)
    row = frame.iloc[0]
    assert (row["Change"], row["Score"], row["Result"]) == (effects.RGB, "accuracy", GAIN)
    assert row["Difference [lesions]"].startswith("+0.")
    assert row["By seed"].count(",") == 2
    assert row["[seeds]"].startswith("[+0.")
    one = paired.frame({"a": effect([make(np.random.default_rng(0), 60, (0.2, 0.9))] * 1)},
                       ("A", "B"), names=SCORES[:1])  # fmt: skip
    assert (one["[seeds]"].item(), one["Result"].item()) == ("–", NOT_CLEAR)


def test_runs_of_other_images_are_refused(results):
    invent(effects.SETTINGS_STUDY, frozen, parts=("test",))
    study = load_study(effects.SETTINGS_STUDY)
    first, second = list(effects.finished(study, None, effects.SETTINGS_RECIPE).values())[-2:]
    with pytest.raises(IntegrityError, match="different images"):
        effects.together([first, second])


def test_clear_effects_are_listed_in_words():
    table = pd.DataFrame(
        [
            ("RGB", "accuracy", "gain"),
            ("RGB", "macro F1", "not clear"),
            ("RGB", "AUC, macro", "gain"),
            ("RGB", "recall", "gain"),
            ("batch", "AUC", "loss"),
        ],
        columns=["Change", "Score", "Result"],
    )
    assert paired.listed(table, "Change") == (
        "RGB: gain in accuracy, macro AUC and recall; batch: loss in AUC"
    )
    assert paired.listed(table[1:2], "Change") == "none"
