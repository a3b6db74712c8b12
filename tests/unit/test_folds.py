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


@pytest.fixture
def official(make):
    """Five runs with predictions of two official images, and these, shape (5, 2, 7)."""
    runs = [make(fold) for fold in range(5)]
    official = pd.DataFrame(
        {"image_id": ["a", "b"], "lesion_id": ["la", "lb"], "dx": ["mel", "nv"]}
    )
    drawn = np.random.default_rng(0).dirichlet(np.ones(7), (5, 2))
    for run, probabilities in zip(runs, drawn, strict=True):
        mine = run.predictions("test").rename(columns={"label": "dx"})
        write_predictions(
            run.folder, pd.concat([mine, official], ignore_index=True),
            ["test"] * len(mine) + ["official"] * 2,
            np.concatenate([mine[list(CLASSES)].to_numpy(), probabilities]),
        )  # fmt: skip
    return runs, drawn


def test_the_folds_are_one_run_whose_other_predictions_are_means(official):
    runs, drawn = official
    joined = folds.Joined.of(runs)
    labels, probabilities, lesions = joined.arrays("official")
    np.testing.assert_allclose(probabilities, drawn.mean(axis=0))
    assert (labels.tolist(), lesions.tolist()) == ([4, 5], ["la", "lb"])
    together = folds.together(runs)
    for found, expected in zip(
        joined.arrays("test"), (together.labels, together.probabilities, together.lesions),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_array_equal(found, expected)
    assert joined.predictions()["part"].value_counts().to_dict() == {"test": 60, "official": 2}
    assert (joined.name, joined.record["identity"] != runs[0].record["identity"]) == (
        "5 folds",
        True,
    )
    assert joined.written() == max(run.written() for run in runs)


def test_fitted_are_the_test_set_on_the_other_folds_and_others_network_by_network(official):
    runs, drawn = official
    found, joined = Fitted.of(runs), folds.together(runs)
    rule = abstention.fit(joined.labels, joined.probabilities, joined.lesions)
    expected = np.mean([rule.decision.probabilities(each) for each in drawn], axis=0)
    np.testing.assert_allclose(found.arrays("official")[1], expected)
    here = joined.folds == 3
    others = abstention.fit(
        joined.labels[~here], joined.probabilities[~here], joined.lesions[~here]
    )
    np.testing.assert_allclose(
        found.arrays("test")[1][here], others.decision.probabilities(joined.probabilities[here])
    )
    assert len(found.predictions()) == COUNT + 2


def test_what_other_images_or_no_test_set_are_is_said(official, make):
    runs, _ = official
    mine = runs[4].predictions()
    table = mine.rename(columns={"label": "dx"}).replace({"image_id": {"b": "c"}})
    write_predictions(runs[4].folder, table, mine["part"], mine[list(CLASSES)].to_numpy())
    with pytest.raises(DataError, match="on other images of the part 'official' than each other"):
        folds.Joined.of(runs).predictions("official")
    whole = get_recipe("folds").replace(test_share=0.0, split_unit="lesion").to_json()
    with pytest.raises(DataError, match="'all' has no test set; name runs of the folds"):
        folds.together([make(0, name="all", recipe=whole)])


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
