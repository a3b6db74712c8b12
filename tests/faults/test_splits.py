"""Faults of the split: a lesion on two sides, a file edited, runs of different splits compared."""

import json
import shutil

import pandas as pd
import pytest

from skinlib.common import paths
from skinlib.data import splits
from skinlib.experiments.run import read_run


@pytest.fixture
def split_file(dataset, tmp_path):
    """A split by lesion of the synthetic set, as training writes it."""
    split = splits.make_split(dataset.table, unit="lesion", test=0.15, validation=0.15, seed=0)
    return splits.save(split, tmp_path / "splits", "synthetic-lesion-s0")


def move_one(path):
    """Move one image of a lesion with several to the other side; return the lesion."""
    table = pd.read_csv(path, dtype=str)
    several = table["lesion_id"].duplicated(keep=False)
    row = (several & (table["part"] == "train")).idxmax()
    table.loc[row, "part"] = "test"
    table.to_csv(path, index=False, lineterminator="\n")
    return table.loc[row, "lesion_id"], splits.Split("lesion", table).hash


def test_f14_a_lesion_on_both_sides(main, synthetic_folder, split_file):
    """Even where somebody gave the edited file the name that fits its new contents."""
    check = ("check-data", "--data", synthetic_folder, "--split")
    assert "by lesion" in main(*check, split_file).succeeds()
    lesion, new = move_one(split_file)
    renamed = split_file.rename(split_file.with_name(f"synthetic-lesion-s0-{new}.csv"))
    done = main(*check, renamed)
    done.fails(3, lesion, "in more than one part", "make the split again")


def test_f14_a_split_of_other_data(main, folder, split_file):
    """An image that changed its lesion would be on both sides without anybody's noticing."""
    table = folder / "HAM10000_metadata.csv"
    text = table.read_text(encoding="utf-8")
    lesion, image = text.splitlines()[5].split(",")[:2]
    table.write_text(text.replace(f"{lesion},{image}", f"SYN_9999999,{image}"), encoding="utf-8")
    done = main("check-data", "--data", folder, "--split", split_file)
    done.fails(3, image, "not in the data, or of another lesion")


def test_f15_an_edited_split_file(main, synthetic_folder, split_file):
    move_one(split_file)
    done = main("check-data", "--data", synthetic_folder, "--split", split_file)
    done.fails(3, split_file, "was edited", "delete it")


@pytest.fixture
def two_runs(odd_run, results):
    """Two finished runs on one split, and the file of the split."""
    record = read_run(odd_run.folder).record
    (results / "splits").mkdir(parents=True)
    split = results / "splits" / record["split"]["file"]
    shutil.copy(odd_run.results / "splits" / split.name, split)
    both = [results / "runs" / "adhoc" / name for name in "ab"]
    for copy in both:
        shutil.copytree(odd_run.folder, copy)
    return (*both, split)


def test_f15_runs_of_different_splits_are_not_mixed(main, two_runs):
    first, second, _ = two_runs
    assert "+0.000 [+0.000, +0.000]" in main("compare", first, second).succeeds()
    record = json.loads((second / "run.json").read_text(encoding="utf-8"))
    mine, record["split"]["hash"] = record["split"]["hash"], "0123456789ab"
    (second / "run.json").write_text(json.dumps(record), encoding="utf-8")
    main("compare", first, second).fails(3, mine, "0123456789ab", "not of the same images")


def test_f15_a_split_edited_after_training(main, train, two_runs, odd_run):
    """The comparison refuses it, and so does the next training on that split."""
    first, second, split = two_runs
    move_one(split)
    main("compare", first, second).fails(3, split, "was edited")
    before = sorted(paths.RESULTS.rglob("*"))
    train(odd_run.data, "--allow-missing", "--name", "c").fails(3, split, "was edited")
    left = {path for path in paths.RESULTS.rglob("*") if path not in before}
    assert not [path for path in left if path.name == "run.json"]


def test_f15_predictions_of_other_images(main, two_runs):
    """The split is untouched, but one of the predictions is of an image that was trained on."""
    first, second, split = two_runs
    table = pd.read_csv(split, dtype=str)
    foreign = table.loc[table["part"] == "train", "image_id"].iloc[0]
    for run in (first, second):
        frame = pd.read_csv(run / "predictions.csv")
        frame.loc[frame.index[frame["part"] == "test"][0], "image_id"] = foreign
        frame.to_csv(run / "predictions.csv", index=False)
    main("compare", first, second).fails(3, foreign, "not of the test set")
