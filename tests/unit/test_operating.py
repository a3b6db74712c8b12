"""Numbers fixed on the validation set, and what they do on a test set; against pandas."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from skinlib.stats import operating, selective
from skinlib.stats.operating import MELANOMA


@pytest.fixture
def sets():
    """A validation and a test set of an overconfident model, as labels, probabilities, lesions."""
    rng = np.random.default_rng(0)
    lesions = np.arange(960) // 2
    labels = rng.choice(7, 960, p=[0.1, 0.1, 0.1, 0.05, 0.2, 0.4, 0.05])[lesions]
    probabilities = softmax(6 * (rng.normal(0, 1, (960, 7)) + 2.2 * np.eye(7)[labels]), axis=1)
    first = lesions < 240
    return [(labels[rows], probabilities[rows], lesions[rows]) for rows in (first, ~first)]


def by_confidence(labels, probabilities, _):
    frame = pd.DataFrame({"sure": probabilities.max(axis=1)})
    frame["wrong"] = probabilities.argmax(axis=1) != labels
    return frame.sort_values("sure", ascending=False)


def test_the_least_confidence_is_chosen_on_validation_and_measured_on_the_test_set(sets):
    validation, test = sets
    fixed = operating.fix(*validation[:2])
    held_out, frame = by_confidence(*validation), by_confidence(*test)
    kept = held_out["sure"][held_out["wrong"].expanding().mean() <= operating.RISK].min()
    assert fixed.confidence == pytest.approx(kept)
    answered = frame[frame["sure"] >= kept]
    assert 0.2 < len(answered) / len(frame) < 0.95
    found = operating.abstention(*test, fixed.confidence)
    assert found["answered"].value == pytest.approx(len(answered) / len(frame))
    assert found["risk"].value == pytest.approx(answered["wrong"].mean())
    assert found["error"].value == pytest.approx(frame["wrong"].mean())
    assert found["risk"].low < found["risk"].value < found["risk"].high


def test_thresholds_with_a_guarantee_are_measured_on_the_test_set(sets):
    validation, test = sets
    found = operating.guaranteed(*sets)
    assert found["confidence"] == selective.guaranteed_confidence(*validation, operating.RISK)
    labels, probabilities, _ = test
    frame = by_confidence(*test)  # two photographs a lesion, so that each counts the same
    answered = frame["sure"] >= found["confidence"]
    assert found["answered"].value == pytest.approx(answered.mean())
    assert found["wrong"].value == pytest.approx((answered & frame["wrong"]).mean())
    mel, named = labels == MELANOMA, probabilities[:, MELANOMA] >= found["score"]
    assert found["sensitivity"].value == pytest.approx(named[mel].mean())
    assert found["specificity"].value == pytest.approx(1 - named[~mel].mean())
    # A lesion photographed a hundred times counts once.
    often = np.append(np.arange(len(labels)), np.zeros(99, int))
    more = operating.guaranteed(validation, [each[often] for each in test])
    assert more["answered"].value == pytest.approx(found["answered"].value, abs=2 / len(labels))


def test_too_few_lesions_for_a_guarantee_answer_nothing_and_flag_all(sets):
    few = np.flatnonzero(sets[0][0] == MELANOMA)[:6]
    nothing = operating.guaranteed([each[few] for each in sets[0]], sets[1])
    assert (nothing["confidence"], nothing["score"]) == (None, None)
    assert (nothing["answered"].value, nothing["sensitivity"].value) == (0, 1)


def test_the_temperature_softens_what_is_overconfident(sets):
    validation, test = sets
    temperature = operating.fix(*validation[:2]).temperature
    assert temperature > 1
    given, scaled = operating.scores(*test), operating.scores(*test, temperature)
    assert given["over"].low > 0
    assert scaled["nll"] < given["nll"]
    assert scaled["nll_change"].value == pytest.approx(scaled["nll"] - given["nll"])
    assert given["nll_change"] is None


def test_melanoma_thresholds_reach_their_specificity_on_validation(sets):
    labels, probabilities, _ = sets[0]
    negative = probabilities[labels != MELANOMA, MELANOMA]
    fixed = operating.fix(labels, probabilities)
    for row in operating.melanoma(*sets[0], fixed.thresholds):
        assert row["specificity"].value == pytest.approx(np.mean(negative <= row["threshold"]))
        assert row["specificity"].value >= row["aim"]
        assert row["sensitivity"].value == pytest.approx(row["by_curve"].value)


def test_net_benefit_is_the_formula_of_vickers_and_elkin(sets):
    labels, probabilities, lesions = sets[1]
    positive, count = labels == MELANOMA, len(labels)
    found = operating.net_benefits(labels, probabilities, lesions)
    for threshold, model, everyone, gain in found.itertuples(index=False):
        acted, price = probabilities[:, MELANOMA] >= threshold, threshold / (1 - threshold)
        benefit, acting = (
            1000 * (np.sum(each & positive) - np.sum(each & ~positive) * price) / count
            for each in (acted, np.ones(count, bool))
        )
        assert model.value == pytest.approx(benefit)
        assert everyone == pytest.approx(acting)
        assert gain.value == pytest.approx(benefit - max(acting, 0))
