"""The committed runs of the real data keep what the book promises of them."""

import pandas as pd
import pytest

from skinlib.common import paths
from skinlib.experiments import external, leakage
from skinlib.experiments.run import RUN, read_run
from skinlib.experiments.study import load_study, study_names

ROOT = paths.ROOT / "results"
# The finished runs of all committed studies but those on drawn pictures.
RUNS = [
    run
    for name in study_names()
    if load_study(name).require != "synthetic"
    for folder in sorted((ROOT / "runs" / name).glob("*"))
    if (folder / RUN).is_file() and (run := read_run(folder)).finished
]


def split_of(run):
    path = ROOT / "splits" / run.record["split"]["file"]
    return path, pd.read_csv(path, dtype=str)


def test_there_are_runs_of_every_study_on_evidence():
    assert {run.record["study"] for run in RUNS} >= {"leakage", "ablation", "best", "external"}


@pytest.mark.parametrize("file", sorted({run.record["split"]["file"] for run in RUNS}))
def test_a_split_is_lesion_disjoint_where_that_is_promised(file):
    """By pandas alone; `leaking` trains on siblings of its test lesions, and `image` promises none."""
    table = pd.read_csv(ROOT / "splits" / file, dtype=str)
    asked = table[table["part"] != "unused"]
    assert not asked["image_id"].duplicated().any()
    lesions = asked.groupby("part")["lesion_id"].agg(set)
    units = ("image", "lesion", "fold", "leaking", "sealed", "leaking_matched", "sealed_matched")
    unit = next(u for u in units if f"-{u}-" in file)
    # Our released model is trained on all photographs, and the folds have no validation set.
    held_out, validation = (lesions.get(part, set()) for part in ("test", "validation"))
    shared = lesions["train"] & held_out
    if unit in ("lesion", "fold", "sealed", "sealed_matched"):
        assert not shared
    else:
        assert shared
    if unit != "image":
        assert not validation & (lesions["train"] | held_out)


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.record['study']}/{run.name}")
def test_a_run_is_what_its_study_asks_for_and_answers_for_its_split(run):
    spec = load_study(run.record["study"]).spec(run.name)
    recipe = spec.resolve()
    assert {**_plain(recipe), **run.record["recipe"]} == _plain(recipe)
    path, table = split_of(run)
    assert path.stem.endswith(run.record["split"]["hash"])
    predictions = run.predictions()
    for part in set(predictions["part"]) - {external.PART}:
        expected = set(table.loc[table["part"] == part, "image_id"])
        assert set(predictions.loc[predictions["part"] == part, "image_id"]) == expected
    assert len(run.history()) == run.record["epochs"]
    official = predictions[predictions["part"] == external.PART]
    assert len(official) == run.record.get("external", {"images": 0})["images"]
    assert not set(official["lesion_id"]) & set(table["lesion_id"])


def _plain(recipe):
    """Return a recipe as a JSON file gives it back."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in recipe.to_json().items()
    }


@pytest.mark.parametrize("study", ["leakage", "leakage-matched"])
@pytest.mark.parametrize("recipe", ["clean-frozen", "clean"])
def test_both_halves_of_a_leakage_pair_are_asked_the_same(study, recipe):
    for pair in leakage.runs(load_study(study), recipe).values():
        sealed, leaking = (split_of(run)[1].set_index("image_id")["part"] for run in pair)
        for part in ("test", "validation"):
            assert set(sealed.index[sealed == part]) == set(leaking.index[leaking == part])
        assert (sealed == "train").sum() == (leaking == "train").sum()
