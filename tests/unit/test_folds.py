"""Five runs become one set of predictions, or it is said why not."""

import numpy as np
import pandas as pd
import pytest
import records

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.experiments import folds
from skinlib.experiments.recipes import get_recipe
from skinlib.experiments.run import read_run, write_predictions, write_record

COUNT = 60


@pytest.fixture
def make(tmp_path):
    """Write the run of a fold whose test set are the lesions of that remainder by five."""

    def run(fold, *, name=None, lesions=None, **changes):
        numbers = np.arange(COUNT)[
            np.arange(COUNT) // 2 % 5 == (fold if lesions is None else lesions)
        ]
        table = pd.DataFrame({
            "image_id": [f"i{59 - k:02d}" for k in numbers],
            "lesion_id": [f"l{k // 2}" for k in numbers],
            "dx": [CLASSES[k % 7] for k in numbers],
        })  # fmt: skip
        folder = tmp_path / (name or f"fold{fold}")
        folder.mkdir()
        probabilities = np.eye(7)[numbers % 7] * 0.3 + 0.1
        write_predictions(folder, table, ["test"] * len(table), probabilities)
        recipe = get_recipe("folds").replace(fold=fold).to_json()
        write_record(folder, records.blank() | {
            "status": "finished", "run": folder.name, "recipe": recipe, "backbone": "MobileNetV2",
            "input_size": 96, **changes,
        })  # fmt: skip
        return read_run(folder)

    return run


def test_every_photograph_is_there_once_with_its_fold(make):
    found = folds.together([make(fold) for fold in (3, 0, 4, 1, 2)])
    assert list(found.image_ids) == [f"i{k:02d}" for k in range(COUNT)]
    numbers = 59 - np.arange(COUNT)
    np.testing.assert_array_equal(found.folds, numbers // 2 % 5)
    np.testing.assert_array_equal(found.labels, numbers % 7)
    np.testing.assert_array_equal(found.lesions, [f"l{k // 2}" for k in numbers])
    np.testing.assert_allclose(found.probabilities, np.eye(7)[numbers % 7] * 0.3 + 0.1)


def test_what_does_not_belong_together_is_refused(make):
    first = [make(fold) for fold in range(4)]
    for last, message in (
        ((), "fold 4 of 5 is missing among fold0"),
        ((make(3, name="again"),), "'again' and 'fold3' are both of fold 3"),
        ((make(4, name="other", input_size=128),), "differ in input_size"),
        ((make(4, name="leaking", lesions=1),), "test sets of 2 folds"),
    ):
        with pytest.raises(DataError, match=message):
            folds.together([*first, *last])
