"""Every two models on the same photographs."""

import numpy as np
import pytest

from skinlib.experiments import pairs
from skinlib.stats import agreement


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(1)
    lesions = np.arange(300) // 2
    labels = np.resize(np.arange(7), 150)[lesions]
    given = {}
    for name, knows in (("worse, 96 px", 0.3), ("better, 192 px", 2.5), ("same, 96 px", 0.3)):
        logits = rng.normal(0, 1, (300, 7)) + knows * np.eye(7)[labels]
        p = np.exp(logits)
        given[name] = p / p.sum(axis=1, keepdims=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agreement, "answers", lambda runs, part: (labels, runs, lesions))
        return pairs.compare(given, "test")


def test_differences_are_first_minus_second(found):
    assert (found.images, found.lesions) == (300, 150)
    gap = found.estimates("accuracy")["worse, 96 px", "better, 192 px"]
    assert gap.high < -0.2
    table = found.of_differences()
    assert list(table) == [
        "First",
        "Second",
        "Accuracy",
        "Mean recall",
        "AUC, macro",
        "AUC, melanoma",
    ]
    assert table["Accuracy"][0] == gap.text(signed=True)
    assert set(found.estimates("mean recall")) == set(
        zip(table["First"], table["Second"], strict=True)
    )


def test_pairs_are_apart_by_the_corrected_test_by_lesion(found):
    assert found.apart() == {
        ("worse, 96 px", "better, 192 px"): True,
        ("worse, 96 px", "same, 96 px"): found.tests["holm_lesion"][1] <= 0.05,
        ("better, 192 px", "same, 96 px"): True,
    }
    table = found.of_tests()
    assert table["by lesion, Holm"][0] == "< 0.001"
    assert pairs.p_value(0.0123) == "0.012"
