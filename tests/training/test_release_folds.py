"""A model that is trained on all photographs gets its rule from networks of the folds."""

import dataclasses

import numpy as np
import pytest
import tiny

from skinlib.common import paths
from skinlib.common.errors import DataError, IntegrityError
from skinlib.experiments import folds
from skinlib.predict import abstention, card, conditions, release, released, tables
from skinlib.predict.requests import complete
from skinlib.training import loop

RISK = 0.5


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory):
    """A folder of released models of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "MODELS", tmp_path_factory.mktemp("models"))
        yield


@pytest.fixture(scope="module")
def everything(dataset):
    recipe = tiny.recipe(
        "folds", epochs=2, crops=None, split_unit="lesion", test_share=0.0, views="d4"
    )
    return loop.train(recipe, "Tiny", data=dataset, study="folds", name="all", progress=False)


@pytest.fixture(scope="module")
def model(everything, fold_runs, measured, dataset):
    """The folder of a released model, with its card."""
    members = [run.folder for run in fold_runs]
    folder = release.make(
        everything.folder, dataset, folds=members, name="whole", risk=RISK, progress=False
    )
    card.write(folder)
    return folder


def test_the_rule_is_fitted_out_of_fold_and_measured_on_the_other_fold(model, fold_runs, dataset):
    record = released.read(model)
    joined, found = conditions.together(fold_runs)
    given, blind = (found.probabilities[each] for each in (conditions.TURNS, "without facts"))
    expected = abstention.fit(joined.labels, given, joined.lesions, blind=blind, risk=RISK)
    rule = released.load(model).rule
    assert rule.decision.to_json() == expected.decision.to_json()
    assert rule.confidence_without == expected.confidence_without
    known = complete(dataset.table.set_index("image_id").loc[joined.image_ids])
    named = np.zeros(len(joined.labels), int)
    answered = np.zeros(len(joined.labels), bool)
    for fold in (0, 1):
        here = joined.folds == fold
        other = abstention.fit(
            joined.labels[~here], given[~here], joined.lesions[~here], blind=blind[~here], risk=RISK
        )
        answers = other.answers(given[here], None, known[here])
        named[here] = answers.named["as the data"]
        answered[here] = answers.status == abstention.ANSWERED
    told = record["abstention"]["measured"]["test"]
    correct = np.mean(named == joined.labels)
    assert told["points"]["as the data"]["accuracy"][0] == pytest.approx(correct)
    assert told["coverage"][0] == pytest.approx(answered.mean())
    assert told["images"] == len(dataset.table)
    assert record["groups"]["test"]["overall"]["accuracy"][0] == pytest.approx(correct)


def test_model_json_names_the_runs_and_what_each_missing_fact_costs(model, fold_runs, measured):
    record = released.read(model)
    assert [each["identity"] for each in record["folds"]] == [
        run.record["identity"] for run in fold_runs
    ]
    assert released.titles(record) == {"test": "out of fold"}
    assert list(record["without_facts"]) == ["given", *conditions.WITHHELD, conditions.ONE_VIEW]
    limits = record["abstention"]["limits"]
    for part, limit in limits.items():
        assert limit == pytest.approx(np.mean([each.limits[part] for each in measured]))
    text = (model / released.CARD).read_text(encoding="utf-8")
    assert "predicted by 2 networks of the same settings" in text
    assert "chosen on the out-of-fold predictions by conformal risk control" in text
    assert "was chosen on the validation set" not in text
    shown = tables.metrics(record, tables.sets(record)).set_index("Metric")
    assert shown.loc["Photographs", "Out of fold"] == f"{record['run']['data']['images']:,}"


def test_runs_that_are_not_of_all_folds_or_photographs_are_refused(
    everything, fold_runs, measured, trained, dataset, monkeypatch
):
    make = lambda *given: release.make(  # noqa: E731
        everything.folder, dataset, folds=given, name="other", progress=False
    )
    with pytest.raises(DataError, match="name runs of the folds of the same photographs by"):
        make()
    with pytest.raises(DataError, match="fold 1 of 2 is missing"):
        make(fold_runs[0].folder)
    with pytest.raises(DataError, match="are both of fold 0; name one run of each fold"):
        make(fold_runs[0].folder, trained.folder)
    other = tiny.recipe("folds", epochs=2, crops=None, metadata_units=5, test_share=0.0,
                        split_unit="lesion")  # fmt: skip
    odd = loop.train(other, "Tiny", data=dataset, study="folds", name="odd", progress=False)
    with pytest.raises(DataError, match=r"metadata_units is 5 in '.*odd' and \d+ in 'fold0'"):
        release.make(odd.folder, dataset, folds=[run.folder for run in fold_runs], progress=False)
    once = tiny.recipe("folds", epochs=2, crops=None, views="one", test_share=0.0,
                       split_unit="lesion")  # fmt: skip
    odd = loop.train(once, "Tiny", data=dataset, study="folds", name="once", progress=False)
    with pytest.raises(DataError, match=r"views is one in 'folds/once', expected d4, .*views=d4"):
        release.make(odd.folder, dataset, folds=[run.folder for run in fold_runs], progress=False)
    together = folds.together

    def fewer(runs):
        found = together(runs)
        return dataclasses.replace(found, image_ids=found.image_ids[1:])

    monkeypatch.setattr(folds, "together", fewer)
    with pytest.raises(IntegrityError, match="the network was trained on .* not the same; name"):
        make(*(run.folder for run in fold_runs))
