"""Runs measured by groups of patients, and tables of invented results."""

import json

import numpy as np
import pandas as pd
import pytest
from invented import invent

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import IntegrityError
from skinlib.experiments import groups, run
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
    (tmp_path / groups.FILE).write_text(json.dumps(found), encoding="utf-8")


def test_our_model_comes_first_and_older_or_lost_runs_are_left_out(stored):
    found = groups.read()
    assert [(each["run"], each["part"]) for each in found] == [
        (LARGE, "test"), (LARGE, "official"), (SMALL, "test"), (SMALL, "official"),
    ]  # fmt: skip
    assert found[0]["model"].startswith("our first model, 192")
    assert found[1]["set"] == "official test set"
    (run.folder_of("best", SMALL) / run.RUN).unlink()
    assert {each["run"] for each in groups.read()} == {LARGE}


def test_melanomas_are_counted_by_sex(stored):
    frame = groups.by_sex(groups.read())
    assert len(frame) == 4 * 2 * 2
    line = frame[(frame["set"] == "official test set") & (frame["sex"] == "women")].iloc[0]
    wanted = {"metric": "Melanoma recall", "value": 0.3, "found": 6, "melanomas": 20}
    assert wanted.items() <= line.to_dict().items()


def test_tables_have_no_empty_column(stored):
    records = groups.read()
    frame = groups.differences(records)
    assert "Mean recall" not in frame
    assert frame["Melanoma recall"].tolist()[1] == "-0.400 [-0.600, -0.100]"
    sexes = groups.table(records[0], "sex", "Sex")
    assert list(sexes["Sex"]) == ["male", "female", "unknown", "all photographs"]
    assert sexes["Images"].iloc[0] == "1,200"
    assert "Mean recall" in sexes
    ages = groups.table(records[0], "age", "Age")
    assert not {"Mean recall", "Diagnoses"} & set(ages)
    one, total = ages["Standardised difference"]
    assert one == "+0.100 [+0.050, +0.200]"
    assert pd.isna(total)


@pytest.fixture
def measured(tmp_path):
    """A run of 80 images, and their metadata in another order and with an image more."""
    rng = np.random.default_rng(0)
    labels = np.arange(80) % 7
    facts = pd.DataFrame(
        {
            "image_id": [f"ISIC_{k:07}" for k in range(80)],
            "lesion_id": [f"HAM_{k // 2:07}" for k in range(80)],
            "dx": [CLASSES[k] for k in labels],
            "sex": rng.choice(["female", "male"], 80),
            "age": 50.0, "localization": "back", "dx_type": "histo",
        }
    )  # fmt: skip
    predicted = np.where(rng.random(80) < 0.6, labels, 5)
    run.write_predictions(tmp_path, facts, ["test"] * 80, np.eye(7)[predicted])
    made = run.Run(tmp_path, {"run": "r", "study": "s", "identity": "0"})
    return made, pd.concat([facts.iloc[::-1], facts.tail(1).assign(image_id="other")])


def test_facts_find_their_images(measured):
    made, table = measured
    found = groups.measure(made, table)
    labels, probabilities, lesions = made.arrays("test")
    sexes = table.set_index("image_id").loc[made.predictions("test")["image_id"], ["sex"]]
    direct = subgroups.measure(labels, probabilities.argmax(axis=1), lesions, sexes)
    assert found["groups"]["sex"] == direct["groups"]["sex"]
    assert found["identity"] == "0"
    # Groups only: no image and no lesion is named.
    assert not any(name in json.dumps(found) for name in ("ISIC_", "HAM_"))


def test_metadata_of_other_data_are_refused(measured):
    made, table = measured
    here = table["image_id"] == "ISIC_0000007"
    for other in (table[~here], table.assign(dx=table["dx"].mask(here, "vasc"))):
        with pytest.raises(IntegrityError, match=r"1 images of .*: ISIC_0000007; use the metadata"):
            groups.measure(made, other)
