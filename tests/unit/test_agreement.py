"""Tests between models, against SciPy, scikit-learn, a hand count and all swaps tried out."""

import itertools

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from skinlib.stats import agreement
from skinlib.stats.paired import effect


def make(seed=0, lesions=60, models=("a", "b", "c")):
    """Labels, probabilities by model and lesions of 1 to 3 images; scores with ties."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(lesions), rng.integers(1, 4, lesions))
    labels = rng.integers(0, 7, lesions)[owner]
    answers = {}
    for name in models:
        raw = np.round(rng.random((len(owner), 7)) + 0.6 * np.eye(7)[labels], 1) + 0.1
        answers[name] = raw / raw.sum(axis=1, keepdims=True)
    return labels, answers, owner


def test_the_test_by_image_is_the_binomial_test_of_the_images_that_differ():
    first = np.array([1] * 9 + [0] * 3 + [1] * 30 + [0] * 8, bool)
    second = np.array([0] * 9 + [1] * 3 + [1] * 30 + [0] * 8, bool)
    only_first, only_second, p = agreement.exact_by_image(first, second)
    assert (only_first, only_second) == (9, 3)
    assert p == pytest.approx(stats.binomtest(3, 12).pvalue)
    # By hand: 2 (1 + 12 + 66 + 220) / 4096.
    assert p == pytest.approx(598 / 4096)


def test_with_one_image_a_lesion_both_tests_are_one():
    rng = np.random.default_rng(3)
    for _ in range(20):
        first, second = rng.random((2, 40)) < rng.random(2)[:, None]
        *_, by_image = agreement.exact_by_image(first, second)
        assert agreement.exact_by_lesion(first, second, np.arange(40)) == pytest.approx(by_image)


def test_the_test_by_lesion_is_the_count_over_all_swaps():
    rng = np.random.default_rng(4)
    for _ in range(10):
        lesions = np.repeat(np.arange(9), rng.integers(1, 5, 9))
        first, second = rng.random((2, len(lesions))) < 0.5
        gap = second.astype(int) - first
        lead = np.array([gap[lesions == k].sum() for k in range(9)])
        swaps = np.array(list(itertools.product([-1, 1], repeat=9))) @ lead
        expected = np.mean(np.abs(swaps) >= abs(lead.sum()))
        assert agreement.exact_by_lesion(first, second, lesions) == pytest.approx(expected)


def test_photographs_of_one_lesion_are_one_piece_of_evidence():
    """Ten images of one lesion on one side: certain by image, nothing at all by lesion."""
    first = np.zeros(10, bool)
    assert agreement.exact_by_image(first, ~first)[2] == pytest.approx(2 / 1024)
    assert agreement.exact_by_lesion(first, ~first, ["L"] * 10) == 1
    assert agreement.exact_by_lesion(first, first, ["L"] * 10) == 1


def test_differences_are_those_of_scikit_learn_and_holm_is_over_all_pairs():
    labels, answers, lesions = make()
    found = agreement.compare(labels, answers, lesions, n_resamples=20)
    assert list(zip(found["first"], found["second"], strict=True)) == [
        ("a", "b"), ("a", "c"), ("b", "c")
    ]  # fmt: skip
    for unit in ("image", "lesion"):
        raw = found[f"p_{unit}"].to_numpy()
        order = raw.argsort()
        # By hand: the smallest times 3, the next times 2, never falling, never above 1.
        by_hand = np.minimum(np.maximum.accumulate(raw[order] * [3, 2, 1]), 1)
        np.testing.assert_allclose(found[f"holm_{unit}"].to_numpy()[order], by_hand)
    expected = []
    for name in ("a", "c"):
        p, predicted = answers[name], answers[name].argmax(axis=1)
        areas = [sk.roc_auc_score(labels == k, p[:, k]) for k in range(7)]
        accuracy, recall = (
            score(labels, predicted) for score in (sk.accuracy_score, sk.balanced_accuracy_score)
        )
        expected.append([accuracy, recall, np.mean(areas), areas[4]])
    values = [found.loc[1, metric].value for metric in agreement.METRICS]
    np.testing.assert_allclose(values, np.subtract(*expected), atol=1e-12)
    one = agreement.compare(labels, {"a": answers["a"]}, lesions, n_resamples=10)
    assert one.empty


def test_intervals_are_those_of_the_paired_effect():
    labels, answers, lesions = make()
    pair = labels, (answers["b"], answers["a"]), lesions
    one = effect([pair], ("accuracy",), n_resamples=400)
    found = agreement.compare(labels, answers, lesions, n_resamples=400)["accuracy"][0]
    expected = one.difference[0], one.low[0], one.high[0]
    assert (found.value, found.low, found.high) == pytest.approx(expected)
