"""Tests between models, against SciPy, scikit-learn, a hand count and all swaps tried out."""

import itertools

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from skinlib.common.errors import DataError
from skinlib.stats import agreement
from skinlib.stats.paired import effect


@pytest.fixture
def case():
    """Labels, probabilities of three models that differ, and lesions of 1 to 3 images; with ties."""
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(60), rng.integers(1, 4, 60))
    labels, answers = rng.integers(0, 7, 60)[owner], {}
    for name, knows in zip("abc", (0.6, 0.45, 0.35), strict=True):
        raw = np.round(rng.random((len(owner), 7)) + knows * np.eye(7)[labels], 1) + 0.1
        answers[name] = raw / raw.sum(axis=1, keepdims=True)
    return labels, answers, owner


def test_the_test_by_image_is_the_binomial_test_of_the_images_that_differ():
    first = np.array([1] * 9 + [0] * 3 + [1] * 30 + [0] * 8, bool)
    second = np.array([0] * 9 + [1] * 3 + [1] * 30 + [0] * 8, bool)
    *counts, p = agreement.exact_by_image(first, second)
    assert counts == [9, 3]
    assert p == pytest.approx(stats.binomtest(3, 12).pvalue)
    # By hand: 2 (1 + 12 + 66 + 220) / 4096.
    assert p == pytest.approx(598 / 4096)


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


def test_differences_are_those_of_scikit_learn_and_holm_is_over_all_pairs(case):
    labels, answers, _ = case
    found = agreement.compare(*case)
    pairs = list(zip(found["first"], found["second"], strict=True))
    assert pairs == [("a", "b"), ("a", "c"), ("b", "c")]
    for unit in ("image", "lesion"):
        raw = found[f"p_{unit}"].to_numpy()
        order = raw.argsort()
        # By hand: the smallest times 3, the next times 2, never falling, never above 1.
        by_hand = np.minimum(np.maximum.accumulate(raw[order] * [3, 2, 1]), 1)
        np.testing.assert_allclose(found[f"holm_{unit}"].to_numpy()[order], by_hand)
    expected = []
    for p in (answers["a"], answers["c"]):
        predicted = p.argmax(axis=1)
        areas = [sk.roc_auc_score(labels == k, p[:, k]) for k in range(7)]
        shares = [
            sk.accuracy_score(labels, predicted),
            sk.balanced_accuracy_score(labels, predicted),
        ]
        expected.append([*shares, np.mean(areas), areas[4]])
    values = [found.loc[1, metric].value for metric in agreement.METRICS]
    np.testing.assert_allclose(values, np.subtract(*expected), atol=1e-12)


def test_intervals_are_those_of_the_paired_effect(case):
    labels, answers, lesions = case
    one = effect([(labels, (answers["b"], answers["a"]), lesions)], ("accuracy",))
    found = agreement.compare(*case)["accuracy"][0]
    expected = one.difference[0], one.low[0], one.high[0]
    assert (found.value, found.low, found.high) == pytest.approx(expected)


def test_one_model_cannot_be_compared():
    with pytest.raises(DataError, match="needs two models, found 1"):
        agreement.tests({"a": np.array([True, False])}, np.array([1, 2]))
