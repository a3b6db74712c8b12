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
from skinlib.predict import abstention
from skinlib.predict.fitted import Fitted

COUNT = 60


@pytest.fixture
def make(tmp_path):
    """Write the run of a fold whose test set are the lesions of that remainder by five.

    Of some folds also the probabilities of two official images, shape (2, 7).
    """

    def run(fold, *, name=None, lesions=None, official=None, ids=("a", "b"), **changes):
        remainder = fold if lesions is None else lesions
        numbers = np.arange(COUNT)[np.arange(COUNT) // 2 % 5 == remainder]
        table = pd.DataFrame({
            "image_id": [f"i{59 - k:02d}" for k in numbers],
            "lesion_id": [f"l{k // 2}" for k in numbers],
            "dx": [CLASSES[k % 7] for k in numbers],
        })  # fmt: skip
        parts, probabilities = ["test"] * len(table), np.eye(7)[numbers % 7] * 0.3 + 0.1
        if official is not None:
            others = pd.DataFrame({"image_id": ids, "lesion_id": ["la", "lb"], "dx": ["mel", "nv"]})
            table, parts = pd.concat([table, others]), [*parts, "official", "official"]
            probabilities = np.concatenate([probabilities, official])
        folder = tmp_path / (name or f"fold{fold}")
        folder.mkdir()
        write_predictions(folder, table, parts, probabilities)
        recipe = get_recipe("folds").replace(fold=fold).to_json()
        write_record(folder, records.blank() | {
            "status": "finished", "run": folder.name, "recipe": recipe, "backbone": "MobileNetV2",
            "input_size": 96, "identity": folder.name, **changes,
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


def test_fitted_are_the_test_set_on_the_other_folds_and_others_network_by_network(make):
    drawn = np.random.default_rng(0).dirichlet(np.ones(7), (5, 2))
    runs = [make(fold, official=each) for fold, each in enumerate(drawn)]
    found, joined = Fitted.of(runs), folds.together(runs)
    assert (found.name, found.written()) == ("5 folds", max(run.written() for run in runs))
    assert found.record["identity"] not in {run.record["identity"] for run in runs}
    labels, probabilities, lesions = found.arrays("official")
    assert (labels.tolist(), lesions.tolist()) == ([4, 5], ["la", "lb"])
    rule = abstention.fit(joined.labels, joined.probabilities, joined.lesions)
    expected = np.mean([rule.decision.probabilities(each) for each in drawn], axis=0)
    np.testing.assert_allclose(probabilities, expected)
    labels, probabilities, lesions = found.arrays("test")
    np.testing.assert_array_equal(labels, joined.labels)
    np.testing.assert_array_equal(lesions, joined.lesions)
    here = joined.folds == 3
    others = abstention.fit(
        joined.labels[~here], joined.probabilities[~here], joined.lesions[~here]
    )
    expected = others.decision.probabilities(joined.probabilities[here])
    np.testing.assert_allclose(probabilities[here], expected)
    assert found.predictions()["part"].value_counts().to_dict() == {"test": 60, "official": 2}


def test_other_images_or_no_test_set_are_refused(make):
    even = np.full((2, 7), 1 / 7)
    runs = [make(fold, official=even, ids=("a", "bc"[fold == 4])) for fold in range(5)]
    with pytest.raises(DataError, match="on other images of the part 'official' than each other"):
        Fitted.of(runs).predictions("official")
    whole = get_recipe("folds").replace(test_share=0.0, split_unit="lesion").to_json()
    with pytest.raises(DataError, match="'all' has no test set; name runs of the folds"):
        folds.together([make(0, name="all", recipe=whole)])


def test_what_does_not_belong_together_is_refused(make):
    first = [make(fold) for fold in range(4)]
    longer = get_recipe("folds").replace(fold=4, epochs=31).to_json()
    for last, message in (
        ((), "fold 4 of 5 is missing among fold0"),
        ((make(3, name="again"),), "'again' and 'fold3' are both of fold 3"),
        ((make(4, name="other", input_size=128, recipe=longer),), "differ in epochs, input_size;"),
        ((make(4, name="leaking", lesions=1),), "test sets of 2 folds"),
    ):
        with pytest.raises(DataError, match=message):
            folds.together([*first, *last])
