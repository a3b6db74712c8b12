"""Scores against scikit-learn, and a bootstrap that copies rows."""

import numpy as np
import pytest
from resampling import cluster_bootstrap
from sklearn import metrics as sk

from skinlib.common.errors import DataError
from skinlib.stats import bootstrap, scores
from skinlib.stats.scores import DECISIONS, LABELS, SCORES


@pytest.fixture(params=[0, 1, 2])
def case(request):
    """300 predictions that lean towards the truth, of unequal classes, two images a lesion."""
    rng = np.random.default_rng(request.param)
    shares = [0.05, 0.1, 0.1, 0.05, 0.1, 0.57, 0.03]
    labels = np.concatenate([np.arange(7), rng.choice(7, 293, p=shares)])
    # Two decimals, so that some are tied.
    probabilities = np.round(0.8 * rng.dirichlet(np.ones(7), 300) + 0.2 * np.eye(7)[labels], 2)
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


def certain(predicted):
    """Return probabilities that put everything on the class predicted."""
    return np.eye(7)[predicted]


def test_the_scores_of_a_class_are_those_of_scikit_learn(case):
    labels, probabilities = case
    predicted = probabilities.argmax(axis=1)
    found = scores.per_class(labels, probabilities)
    np.testing.assert_array_equal(found["images"], np.bincount(labels))
    for name, function in (
        ("sensitivity", sk.recall_score),
        ("precision", sk.precision_score),
        ("f1", sk.f1_score),
    ):
        np.testing.assert_allclose(found[name], function(labels, predicted, average=None))
    for index in range(7):
        truth, guess = labels == index, predicted == index
        # Specificity is the recall of the rest.
        assert found["specificity"][index] == pytest.approx(sk.recall_score(~truth, ~guess))
        auc = sk.roc_auc_score(truth, probabilities[:, index])
        assert found["auc"][index] == pytest.approx(auc)


def test_summaries_are_those_of_scikit_learn(case):
    labels, probabilities = case
    predicted = probabilities.argmax(axis=1)
    auc = {"y_true": labels, "y_score": probabilities, "multi_class": "ovr"}
    one_vs_rest = [sk.balanced_accuracy_score(labels == c, predicted == c) for c in range(7)]
    expected = {
        "accuracy": sk.accuracy_score(labels, predicted),
        "mean_recall": sk.balanced_accuracy_score(labels, predicted),
        "ovr_balanced_accuracy": np.mean(one_vs_rest),
        "macro_precision": sk.precision_score(labels, predicted, average="macro"),
        "macro_f1": sk.f1_score(labels, predicted, average="macro"),
        "auc_macro": sk.roc_auc_score(**auc, average="macro"),
        "auc_weighted": sk.roc_auc_score(**auc, average="weighted"),
        "auc_micro": sk.roc_auc_score(**auc, average="micro"),
    }
    assert scores.summary(labels, probabilities) == pytest.approx(expected, rel=1e-9)
    assert len(set(np.round(list(expected.values()), 6))) == 8  # no two can be mixed up


def test_weights_give_the_intervals_of_copied_rows(case):
    """With few images of a class, which some resamples lack."""
    labels, probabilities = (each[:80] for each in case)
    lesions = np.arange(80) // 2
    weights = bootstrap.cluster_weights(lesions, 60)
    found = scores.scores(weights, labels, probabilities, LABELS.values())

    def statistic(y, p):
        return list(scores.summary(y, p).values())

    low, high = cluster_bootstrap(statistic, labels, probabilities, lesions, draws=60)
    expected = scores.summary(labels, probabilities)
    for index, name in enumerate(LABELS):
        estimate = bootstrap.estimate(found[:, index])
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx(
            (expected[name], low[index], high[index])
        ), name


def test_only_the_wanted_scores_in_their_order(case):
    once = np.ones((1, 300))
    four = scores.scores(once, *case)[0]
    assert scores.scores(once, *case, SCORES[::-1])[0].tolist() == four.tolist()[::-1]
    assert scores.scores(once, *case, DECISIONS)[0].tolist() == four.tolist()[:3]
    melanoma = sk.roc_auc_score(case[0] == 4, case[1][:, 4])
    assert scores.scores(once, *case, ["AUC, melanoma"])[0] == pytest.approx(melanoma)


def test_scores_without_a_threshold(case):
    """The log loss is scikit-learn's, also of resampled lesions."""
    labels, probabilities = case
    weights = bootstrap.cluster_weights(np.arange(300) // 2, 5)
    found = scores.scores(weights, *case, (scores.P_TRUE, scores.LOG_LOSS))
    for (p_true, loss), weight in zip(found, weights, strict=True):
        assert loss == pytest.approx(
            sk.log_loss(labels, probabilities, sample_weight=weight, labels=range(7))
        )
        chosen = [row[label] for row, label in zip(probabilities, labels, strict=True)]
        assert p_true == pytest.approx(np.average(chosen, weights=weight))


# 20 images; four mistakes: an akiec called bcc, a mel called nv, two nv called mel.
TRUTH = np.repeat(np.arange(7), [3, 2, 2, 1, 3, 8, 1])
GUESS = np.array([0, 0, 1, 1, 1, 2, 2, 3, 4, 4, 5, 5, 5, 5, 5, 5, 5, 4, 4, 6])


def test_a_class_never_predicted_has_precision_0_as_in_scikit_learn():
    guess = np.where(GUESS == 3, 5, GUESS)
    each = scores.per_class(TRUTH, certain(guess))
    expected = sk.precision_score(TRUTH, guess, average=None, zero_division=0)
    assert each["precision"] == pytest.approx(expected)
    assert (each["precision"][3], each["sensitivity"][3], each["f1"][3]) == (0, 0, 0)


@pytest.mark.parametrize("guessed", [False, True])
def test_a_class_without_images_is_nan_and_not_part_of_the_means(guessed):
    """Its precision would be 0 whatever the model does, once it is predicted at all."""
    truth, guess = TRUTH[TRUTH != 3], GUESS[TRUTH != 3].copy()
    guess[-1] = 3 if guessed else guess[-1]
    each = scores.per_class(truth, certain(guess))
    assert each["images"][3] == 0
    for name in ("sensitivity", "specificity", "precision", "f1", "auc"):
        assert np.isnan(each[name]).tolist() == [index == 3 for index in range(7)], name
    there = [index for index in range(7) if index != 3]
    found = scores.summary(truth, certain(guess))
    recall = sk.recall_score(truth, guess, labels=there, average="macro")
    precision = sk.precision_score(truth, guess, labels=there, average="macro", zero_division=0)
    assert found["mean_recall"] == pytest.approx(recall)
    assert found["macro_precision"] == pytest.approx(precision)
    assert np.isfinite(list(found.values())).all()


GOOD = np.full((3, 7), 1 / 7)


@pytest.mark.parametrize(
    ("labels", "probabilities", "named"),
    [
        ([0, 1], GOOD, r"\(3, 7\), expected \(2, 7\)"),
        ([], np.empty((0, 7)), "not empty"),
        ([0, 1, 7], GOOD, "0..7"),
        ([0, 1, 2], [GOOD[0], GOOD[0], GOOD[0] * 0.9], "row 2"),
        ([0, 1, 2], [GOOD[0], np.full(7, np.nan), GOOD[0]], "row 1"),
    ],
)
@pytest.mark.parametrize("function", [scores.summary, scores.per_class])
def test_bad_input_is_refused(function, labels, probabilities, named):
    with pytest.raises(DataError, match=named):
        function(labels, probabilities)


def test_float32_softmax_rows_are_good_enough():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(7), 20).astype(np.float32)
    assert 0 <= scores.summary(TRUTH, probabilities)["accuracy"] <= 1
