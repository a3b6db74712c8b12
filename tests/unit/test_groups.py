"""Frames about groups, from invented results; what is shown is what was put in."""

import json

import pandas as pd
import pytest
from invented import invent

from skinlib.common import paths
from skinlib.experiments import groups
from skinlib.experiments import run as runs
from skinlib.experiments.study import load_study
from skinlib.stats import subgroups

OPEN = [0.0, -0.1, 0.1]
LARGE, SMALL = "MobileNetV2-best-larger-192px-s0", "MobileNetV2-best-128px-s0"


def row(group, **values):
    found = {metric: [0.8, 0.7, 0.9] for metric in subgroups.METRICS} | {"excess": OPEN}
    return {"group": group, "images": 1200, "lesions": 900, "classes": 7, "melanomas": 20,
            **found, **values}  # fmt: skip


def record(run, part="test", identity=None, women=(0.8, 0.6, 0.9), **gaps):
    sexes = [row("male"), row("female", melanoma_sensitivity=list(women)), row("unknown")]
    found = {"sex": sexes, "age": [row("below 30", excess=[0.1, 0.05, 0.2], mean_recall=None)]}
    if part == "official":
        found["source"] = [row("film", excess=[-0.3, -0.4, -0.2])]
    return {
        "run": run, "study": "best", "identity": identity or run, "part": part, "images": 1200,
        "lesions": 900, "overall": row("all"), "groups": found,
        "women_minus_men": dict.fromkeys(subgroups.METRICS, OPEN) | {"mean_recall": None} | gaps,
    }  # fmt: skip


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Results of two runs, the worse one first, and of an older training of one of them."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    invent("best", lambda spec: {None: 0.6, "larger": 0.9}.get(spec.variant))
    found = {
        "small": record(SMALL),
        "large, official": record(LARGE, "official", women=(0.3, 0.1, 0.5),
                                  melanoma_sensitivity=[-0.4, -0.6, -0.1]),
        "small, official": record(SMALL, "official"),
        "large": record(LARGE),
        "older": record(LARGE, identity="of an older training"),
    }  # fmt: skip
    path = tmp_path / subgroups.FILE
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def test_our_model_comes_first_and_older_trainings_are_left_out(stored):
    found = groups.read()
    assert [(each["run"], each["part"]) for each in found] == [
        (LARGE, "test"), (LARGE, "official"), (SMALL, "test"), (SMALL, "official"),
    ]  # fmt: skip
    assert found[0]["model"].startswith("our model, 192")
    assert found[1]["set"] == "official test set"


def test_results_of_runs_that_are_gone_are_left_out(stored):
    folder = runs.folder_of("best", SMALL)
    (folder / runs.RUN).unlink()
    assert {each["run"] for each in groups.read()} == {LARGE}
    assert load_study("best").runs()[SMALL] is None


def test_melanomas_are_counted_by_sex(stored):
    frame = groups.by_sex(groups.read())
    assert len(frame) == 4 * 2 * 2
    line = frame[(frame["set"] == "official test set") & (frame["sex"] == "women")].iloc[0]
    assert (line["metric"], line["value"], line["found"], line["melanomas"]) == (
        "Melanoma recall", 0.3, 6, 20,
    )  # fmt: skip


def test_differences_and_how_many_were_looked_at(stored):
    records = groups.read()
    frame = groups.differences(records)
    assert "Mean recall" not in frame
    assert frame["Melanoma recall"].tolist()[1] == "-0.400 [-0.600, -0.100]"
    looked = groups.looked_at(records)
    # Excess, melanoma recall and nevus specificity, of two models on two sets.
    assert len(looked) == 12
    assert [key[1:] for key, gap in looked.items() if gap.sign] == [
        ("official test set", "melanoma_sensitivity")
    ]


def test_a_table_has_no_empty_column(stored):
    own = groups.read()[0]
    sexes = groups.table(own, "sex", "Sex")
    assert list(sexes["Sex"]) == ["male", "female", "unknown", "all photographs"]
    assert sexes["Images"].iloc[0] == "1,200"
    assert "Mean recall" in sexes
    ages = groups.table(own, "age", "Age")
    assert not {"Mean recall", "Diagnoses"} & set(ages)
    one, total = ages["Standardised difference"]
    assert one == "+0.100 [+0.050, +0.200]"
    assert pd.isna(total)


def test_groups_beyond_their_mix_the_farthest_first(stored):
    own, official, *_ = groups.read()
    shown = {"Age": (own, "age"), "Sex": (own, "sex"), "Source": (official, "source")}
    judged, frame = groups.beyond(shown)
    assert judged == 5
    assert frame["Group"].tolist() == ["Source: film", "Age: below 30"]
    accuracy, expected, *_ = groups.beside_expected(shown).to_dict("records")
    assert (accuracy["panel"], accuracy["row"]) == ("Age", "below 30 (1,200)")
    assert [accuracy[key] for key in ("value", "low", "high")] == [0.8, 0.7, 0.9]
    assert expected["value"] == 0.8
    assert pd.isna(expected["low"])
