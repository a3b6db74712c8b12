"""The baseline without photographs: it learns what facts tell, and nothing else."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from skinlib.common.classes import CLASSES
from skinlib.experiments import metadata_alone


@dataclasses.dataclass
class Halves:
    """The first and the second half of a table."""

    def rows(self, table, part):
        return table[(table.index < 350) == (part == "train")]


def facts(rng, told):
    """700 lesions whose age is ten times the class, or not."""
    labels = rng.permutation(np.tile(np.arange(7), 100))
    ages = 10.0 * labels + 5 if told else rng.uniform(0, 80, 700)
    return pd.DataFrame({
        "image_id": [f"i{i}" for i in range(700)], "lesion_id": [f"l{i}" for i in range(700)],
        "dx": [CLASSES[label] for label in labels], "age": ages,
        "sex": rng.choice(["male", "female"], 700), "localization": rng.choice(["back", "face"], 700),
    })  # fmt: skip


@pytest.mark.parametrize(("told", "least", "most"), [(True, 0.5, 1), (False, 0.05, 0.25)])
def test_it_is_as_good_as_the_facts(told, least, most):
    labels, probabilities, lesions = metadata_alone.predict(
        facts(np.random.default_rng(0), told), Halves()
    )
    assert len(labels) == len(lesions) == 350
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert least < np.mean(probabilities.argmax(axis=1) == labels) <= most


def test_a_class_that_was_not_trained_is_never_predicted():
    table = facts(np.random.default_rng(1), told=True)
    table = table[(table.index >= 350) | (table["dx"] != "vasc")]
    probabilities = metadata_alone.predict(table, Halves())[1]
    assert not probabilities[:, CLASSES.index("vasc")].any()
