"""The scores of a run, with intervals."""

import numpy as np
import pytest

from skinlib.experiments import headline
from skinlib.experiments.study import load_study


def test_a_run_has_estimates_and_recalls():
    run = load_study("ham10000-256px-96px").finished()[0]
    found = headline.estimates(run)
    assert found["accuracy"].low < found["accuracy"].value < found["accuracy"].high
    recalls = [each.value for each in headline.recalls(run)]
    assert np.mean(recalls) == pytest.approx(found["mean_recall"].value)
