"""The eight scores under weights: those of the metrics, and of a bootstrap that copies rows."""

import numpy as np
import pytest
from resampling import cluster_bootstrap

from skinlib.experiments import headline
from skinlib.experiments.study import load_study
from skinlib.stats import bootstrap, metrics


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(3)
    labels = rng.choice(7, 90, p=[0.1, 0.1, 0.1, 0.04, 0.2, 0.4, 0.06])
    # Two decimals, so that scores are tied.
    probabilities = np.round(rng.dirichlet(np.ones(7), 90) + 0.4 * np.eye(7)[labels], 2)
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True), np.arange(90) // 2


def test_weights_of_one_give_the_metrics(answers):
    labels, probabilities, _ = answers
    found = headline.scores(np.ones((1, 90)), labels, probabilities)
    expected = metrics.summary(labels, probabilities)
    assert list(found) == list(headline.LABELS)
    for name, values in found.items():
        assert values == pytest.approx([expected[name]]), name


def test_weights_give_the_intervals_of_copied_rows(answers):
    labels, probabilities, lesions = answers
    found = headline.scores(
        bootstrap.cluster_weights(lesions, n_resamples=60), labels, probabilities
    )

    def statistic(y, p):
        each = metrics.summary(y, p)
        return [each[name] for name in headline.LABELS]

    low, high = cluster_bootstrap(statistic, labels, probabilities, lesions, draws=60)
    for index, name in enumerate(headline.LABELS):
        estimate = bootstrap.estimate(found[name])
        assert (estimate.low, estimate.high) == pytest.approx((low[index], high[index])), name


def test_a_class_without_photographs_is_left_out():
    labels = np.array([0, 1, 1, 5])
    found = headline.scores(np.ones((1, 4)), labels, np.eye(7)[labels])
    assert {float(values[0]) for values in found.values()} == {1.0}


def test_a_run_has_estimates_and_recalls():
    run = load_study("ham10000-256px-96px").finished()[0]
    found = headline.estimates(run)
    assert found["accuracy"].low < found["accuracy"].value < found["accuracy"].high
    recalls = [each.value for each in headline.recalls(run)]
    assert np.mean(recalls) == pytest.approx(found["mean_recall"].value)
