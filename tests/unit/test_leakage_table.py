"""The leakage table from runs made by hand, whose effect is known."""

import dataclasses

import numpy as np
import pytest
from invented import invent

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.data import splits, synthetic
from skinlib.experiments import leakage
from skinlib.experiments.study import load_study
from skinlib.stats.bootstrap import Estimate


@dataclasses.dataclass
class Run:
    """What the table reads of a run: the sealed one is never right, the leaking one where it can."""

    split: splits.Split
    folder: str
    record: dict
    right: np.ndarray
    table: object

    def predictions(self, part):
        rows = self.split.rows(self.table, part)
        labels = rows["dx"].map(CLASSES.index).to_numpy()
        right = self.right if part == "test" else np.zeros(len(rows), bool)
        guess = np.eye(7)[np.where(right, labels, (labels + 1) % 7)]
        return rows.assign(label=rows["dx"], **dict(zip(CLASSES, guess.T, strict=True)))


@pytest.fixture
def pair(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    table = synthetic.metadata(1500, 0)
    counts = table.set_index("image_id")["lesion_id"].map(table["lesion_id"].value_counts())
    runs = []
    for unit in ("sealed", "leaking"):
        split = splits.make_split(table, unit=unit, test=0.25, validation=0.1, seed=0)
        path = splits.save(split, tmp_path / "splits", f"synthetic-{unit}-s0")
        asked = split.rows(table, "test")["image_id"]
        right = (counts[asked] > 1).to_numpy() & (unit == "leaking")
        record = {"data": {"fingerprint": "1"}, "split": {"file": path.name}}
        runs.append(Run(split, unit, record, right, table))
    return runs


def test_the_effect_is_on_the_images_that_can_leak(pair):
    found = leakage.by_images({("A", 0): pair})
    count, everywhere = found[leakage.ALL]
    leaks, there = found[leakage.CAN_LEAK]
    assert 0 < leaks < count == len(pair[0].right)
    assert leaks == pair[1].right.sum()
    assert there.estimate("accuracy").value == there.estimate("p(true)").value == 1.0
    assert everywhere.estimate("accuracy").value == pytest.approx(leaks / count)
    for group in (leakage.CANNOT, leakage.VALIDATION):
        images, nowhere = found[group]
        assert images > 0
        assert nowhere.estimate("accuracy") == Estimate(0, 0, 0)
    assert found[leakage.CANNOT][0] == count - leaks
    assert leakage.by_images({}) == {}


def test_what_changes_everywhere_is_no_memory_of_a_lesion(pair):
    """The second network is better everywhere, by as much where it saw the lesion as where not."""
    sealed, leaking = pair
    rng = np.random.default_rng(0)
    sealed.right, leaking.right = (rng.random(len(sealed.right)) < p for p in (0.4, 0.7))
    found = {("A", 0): pair}
    assert leakage.by_images(found)[leakage.CAN_LEAK][1].estimate("accuracy").sign == 1
    more = leakage.beyond(found).estimate("accuracy")
    assert more.sign == 0
    (can,) = leakage.pairs(found)[1]
    gain = leaking.right.astype(float) - sealed.right
    assert more.value == pytest.approx(gain[can].mean() - gain[~can].mean())
    # Two groups of images drawn independently: their errors add.
    error = np.sqrt(sum(gain[mask].var() / mask.sum() for mask in (can, ~can)))
    assert (more.high - more.low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.2)
    assert leakage.beyond({}) is None


def test_runs_of_other_images_are_refused(pair):
    pair[1].record["data"] = {"fingerprint": "2"}
    with pytest.raises(IntegrityError, match="different data .*; compare runs of one copy"):
        leakage.pairs({("A", 0): pair})
    with pytest.raises(DataError, match="ends with 'sealed' and one with 'leaking'"):
        leakage.runs(load_study("demo"))


def test_pairs_are_of_one_seed_backbone_and_recipe(tmp_path, monkeypatch):
    """One half of the fourth seed is missing."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    wanted = lambda spec: spec.seed < 3 or spec.levels["training"] == "sealed"  # noqa: E731
    invent("leakage-matched", lambda spec: 0.5 if wanted(spec) else None)
    study = load_study("leakage-matched")
    found = leakage.runs(study, "clean-frozen", "MobileNet")
    assert list(found) == [("MobileNet", seed) for seed in range(3)]
    for sealed, leaking in found.values():
        assert sealed.name == leaking.name.replace("leaking", "sealed") != leaking.name
    assert [key[1] for key in leakage.runs(study, "clean", "MobileNetV2")] == [0, 1]
    assert leakage.runs(study, "best") == {}


def test_lesions_on_both_sides_are_counted_image_by_image():
    table = synthetic.metadata(1500, 0)
    found = leakage.both_sides(table, [0], 0.2).iloc[0]
    split = splits.make_split(table, unit="image", test=0.2, validation=0.0, seed=0).table
    train = set(split.loc[split["part"] == "train", "lesion_id"])
    asked = split[split["part"] == "test"]
    assert found["test"] == pytest.approx(np.mean([name in train for name in asked["lesion_id"]]))
    both = train & set(asked["lesion_id"])
    assert found["all"] == pytest.approx(np.mean([name in both for name in split["lesion_id"]]))
    melanomas = asked.merge(table[["image_id", "dx"]], on="image_id").query("dx == 'mel'")
    assert found["mel"] == pytest.approx(np.mean([n in train for n in melanomas["lesion_id"]]))
