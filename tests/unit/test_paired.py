"""The effect over seeds, against the bootstrap of one seed and against a null and a known effect."""

import numpy as np
import pandas as pd
import pytest
from invented import invent
from resampling import cluster_bootstrap
from scipy.stats import ttest_1samp

from skinlib.common import paths
from skinlib.common.errors import DataError, IntegrityError
from skinlib.experiments import effects
from skinlib.experiments.study import load_study
from skinlib.stats import paired
from skinlib.stats.paired import GAIN, LOSS, NOT_CLEAR, Effect, effect
from skinlib.stats.scores import SCORES

ACCURACY = ("accuracy",)


def plain(labels, probabilities):
    return np.mean(probabilities.argmax(axis=1) == labels)


def make(seed, count, shares, per_lesion=1, offset=0):
    """Answers of two models, right with given probability, the same for images of one lesion."""
    rng = np.random.default_rng(seed)
    lesions = np.repeat(np.arange(offset, offset + count), per_lesion)
    labels = np.repeat(rng.integers(0, 7, count), per_lesion)
    answers = []
    for share in shares:
        right = np.repeat(rng.random(count) < share, per_lesion)
        answers.append(np.eye(7)[np.where(right, labels, (labels + 1) % 7)])
    return labels, answers, lesions


def test_with_one_seed_it_is_the_bootstrap_over_lesions_of_the_difference():
    labels, pair, lesions = make(0, 200, (0.6, 0.7), per_lesion=2)

    def difference(labels, answers):
        return plain(labels, answers[:, 1]) - plain(labels, answers[:, 0])

    both = np.stack(pair, axis=1)
    expected = cluster_bootstrap(difference, labels, both, lesions)
    found = effect([(labels, pair, lesions)], ACCURACY).estimate("accuracy")
    assert found.value == difference(labels, both)
    assert (found.low, found.high) == pytest.approx(expected)


def test_seeds_with_the_same_lesions_promise_no_more_than_one():
    pair = make(1, 150, (0.5, 0.7))
    one, three = (effect([pair] * count, ACCURACY) for count in (1, 3))
    np.testing.assert_allclose(three.low, one.low, atol=1e-12)
    others = [make(seed, 150, (0.5, 0.7), offset=1000 * seed) for seed in (1, 2, 3)]
    narrower = effect(others, ACCURACY)
    width = one.high - one.low
    assert (narrower.high - narrower.low) / width == pytest.approx(3**-0.5, rel=0.15)


@pytest.mark.parametrize("shares", [(0.7, 0.7), (0.6, 0.75)])
def test_the_interval_covers_the_truth_as_often_as_it_says(shares):
    covered = 0
    for trial in range(300):
        pairs = [make([trial, k], 80, shares, per_lesion=2, offset=k) for k in (0, 40)]
        found = effect(pairs, ACCURACY, level=0.9)
        covered += bool(found.low <= shares[1] - shares[0] <= found.high)
    # 300 trials at 0.9: standard error 0.017.
    assert covered / 300 == pytest.approx(0.9, abs=0.05)


def test_by_seed_and_means():
    pairs = [make(seed, 60, (0.5, 0.8)) for seed in (0, 1)]
    found = effect(pairs, ACCURACY)
    for seed, (labels, (first, second), _) in enumerate(pairs):
        expected = plain(labels, second) - plain(labels, first)
        np.testing.assert_allclose(found.by_seed[seed], expected)
    np.testing.assert_allclose(found.second - found.first, found.difference)


def test_two_test_sets_are_resampled_independently():
    """Against the binomial standard errors of two independent shares."""
    sides = [make(seed, 400, (p,)) for seed, p in ((0, 0.5), (1, 0.7))]
    arrays = [[(labels, first, lesions)] for labels, (first,), lesions in sides]
    found = paired.unpaired_difference(*arrays, ACCURACY).estimate("accuracy")
    shares = [plain(*each[0][:2]) for each in arrays]
    assert found.value == pytest.approx(shares[1] - shares[0])
    error = np.sqrt(sum(s * (1 - s) / 400 for s in shares))
    assert (found.high - found.low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.15)
    # Drawn together, a set would not differ from itself.
    same = paired.unpaired_difference(arrays[0], arrays[0], ACCURACY).estimate("accuracy")
    assert (same.high - same.low) / (2 * 1.96 * 0.5 * (2 / 400) ** 0.5) == pytest.approx(
        1, abs=0.15
    )


def test_what_one_group_gains_beyond_the_other_is_the_difference_of_its_own_effects():
    """One seed, whose lesions are either in the group or not: also of the copied rows."""
    labels, pair, lesions = make(2, 150, (0.5, 0.7), per_lesion=2)
    mask = lesions % 3 == 0
    found = paired.difference_in_differences([(labels, pair, lesions)], [mask])
    inside, outside = (
        effect(paired.some([(labels, pair, lesions)], [rows])) for rows in (mask, ~mask)
    )
    np.testing.assert_allclose(found.second, inside.difference)
    np.testing.assert_allclose(found.first, outside.difference)

    def beyond(labels, rows):
        gain = (rows[:, 1] == labels).astype(float) - (rows[:, 0] == labels)
        chosen = rows[:, 2].astype(bool)
        return gain[chosen].mean() - gain[~chosen].mean()

    rows = np.stack([*(each.argmax(axis=1) for each in pair), mask], axis=1)
    expected = cluster_bootstrap(beyond, labels, rows, lesions)
    estimate = found.estimate("accuracy")
    assert (estimate.low, estimate.high) == pytest.approx(expected)


def test_nothing_to_compare():
    with pytest.raises(DataError, match="at least one pair"):
        effect([], ACCURACY)


def measured(by_seed, low, high):
    """An effect on one score: differences of the seeds, and the interval over lesions."""
    return Effect(
        None, None, np.array(by_seed)[:, None], np.array([low]), np.array([high]), ACCURACY
    )


UP, OPEN = [0.10, 0.12, 0.11], [0.30, -0.10, 0.10]


@pytest.mark.parametrize(
    ("by_seed", "low", "high", "word"),
    [
        (UP, 0.05, 0.2, GAIN), (np.negative(UP), -0.2, -0.05, LOSS), (OPEN, 0.05, 0.2, NOT_CLEAR),
        (UP, -0.05, 0.2, NOT_CLEAR), (UP, -0.2, -0.05, NOT_CLEAR), (OPEN, -0.05, 0.2, NOT_CLEAR),
        # One or two trainings are no gain, however large.
        ([0.1], 0.05, 0.2, NOT_CLEAR), ([0.1, 0.1001], 0.05, 0.2, NOT_CLEAR),
    ],
)  # fmt: skip
def test_both_intervals_must_exclude_zero_on_the_same_side(by_seed, low, high, word):
    assert measured(by_seed, low, high).judgement("accuracy") == word


@pytest.mark.parametrize("by_seed", [UP, OPEN, [*UP, *OPEN]])
def test_the_interval_over_the_seeds_is_that_of_the_t_test(by_seed):
    found = measured(by_seed, 0, 1).over_seeds("accuracy")
    assert found.value == pytest.approx(np.mean(by_seed))
    expected = ttest_1samp(by_seed, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(expected))


@pytest.fixture
def study(tmp_path, monkeypatch):
    """The runs of the single settings: RGB is better, and DenseNet201 much better."""

    def quality(spec):
        if spec.recipe != effects.SETTINGS_RECIPE or spec.seed > 2:
            return None
        return {"DenseNet201": 0.95}.get(spec.backbone, {"rgb": 0.8}.get(spec.variant, 0.5))

    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    invent(effects.SETTINGS_STUDY, quality, parts=("test",))
    return load_study(effects.SETTINGS_STUDY)


def test_several_contrasts_are_those_measured_one_by_one(study):
    found = effects.settings()
    assert list(found) == list(effects.SETTINGS)
    one, other = (effects.finished(study, each, effects.SETTINGS_RECIPE) for each in (None, "rgb"))
    # DenseNet201 has the recipe as it is and no other setting.
    assert list(other) == [("MobileNetV2", seed) for seed in range(3)]
    alone = effect([effects.together((one[key], other[key])) for key in other])
    for name in ("first", "second", "by_seed", "low", "high"):
        np.testing.assert_allclose(getattr(found[effects.RGB], name), getattr(alone, name))
    assert found[effects.RGB].judgement(0) == GAIN
    assert found["batches of 32"].judgement(0) == NOT_CLEAR


def test_the_table_names_the_effect_and_shows_both_intervals(study):
    found = effects.settings()
    frame = paired.frame(found, ("Logged", "Described"), "Change")
    assert len(frame) == len(effects.SETTINGS) * len(SCORES)
    row, accuracy = frame.iloc[0], found[effects.RGB].estimate("accuracy")
    assert (row["Change"], row["Score"], row["Result"]) == (effects.RGB, "accuracy", GAIN)
    assert float(row["Described"]) - float(row["Logged"]) == pytest.approx(accuracy.value, abs=1e-3)
    assert row["Difference [lesions]"] == accuracy.text(signed=True)
    assert row["By seed"].count(",") == 2
    assert row["[seeds]"].startswith("[+0.")
    pair = make(0, 60, (0.2, 0.9))
    one = paired.frame({"a": effect([pair])}, ("A", "B"), names=ACCURACY)
    assert (one["[seeds]"].item(), one["Result"].item()) == ("–", NOT_CLEAR)


def test_runs_of_other_images_are_refused(study):
    first, second = list(effects.finished(study, None, effects.SETTINGS_RECIPE).values())[-2:]
    with pytest.raises(IntegrityError, match="different images"):
        effects.together([first, second])


def test_seeds_of_two_studies_are_taken_together(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    assert effects.attentions() == {}
    ways = (effects.NONE, effects.CODED, effects.DESCRIBED)
    invent("ablation", lambda spec: 0.5 if spec.variant in ways and spec.seed < 2 else None)
    invent("attention", lambda spec: 0.6 if spec.seed == 4 else None)
    found = effects.attentions()
    assert list(found) == list(effects.ATTENTIONS)
    assert {len(each.by_seed) for each in found.values()} == {3}


def test_clear_effects_are_listed_in_words():
    rows = [
        ("RGB", "accuracy", "gain"), ("RGB", "macro F1", "not clear"), ("RGB", "AUC, macro", "gain"),
        ("RGB", "recall", "gain"), ("batch", "AUC", "loss"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["Change", "Score", "Result"])
    assert paired.listed(table, "Change") == (
        "RGB: gain in accuracy, macro AUC and recall; batch: loss in AUC"
    )
    assert paired.listed(table[1:2], "Change") == "none"
