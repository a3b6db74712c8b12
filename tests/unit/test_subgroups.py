"""Groups, against a count with pandas and scikit-learn, and against groups that differ by mix only."""

import json

import numpy as np
import pandas as pd
import pytest
from resampling import cluster_bootstrap
from scipy import stats
from sklearn import metrics as sk

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.stats import subgroups

RECALL = np.array([0.4, 0.5, 0.6, 0.7, 0.55, 0.95, 0.8])


def make(seed=0, count=900):
    """Women have more nevi, men more of all else; a model's recall depends on the class alone."""
    rng = np.random.default_rng(seed)
    lesions = np.arange(count) // 2
    women = (rng.random(count) < 0.5)[lesions]
    mix = {True: [1, 2, 2, 1, 2, 30, 2], False: [4, 6, 8, 2, 10, 10, 2]}
    drawn = {sex: rng.choice(7, count, p=np.array(m) / sum(m)) for sex, m in mix.items()}
    labels = np.where(women, drawn[True][lesions], drawn[False][lesions])
    right = rng.random(count) < RECALL[labels]
    predicted = np.where(right, labels, (labels + rng.integers(1, 7, count)) % 7)
    groups = pd.DataFrame({"sex": np.where(women, "female", "male")})
    return labels, predicted, lesions, groups


def test_words_of_the_metadata():
    table = pd.DataFrame(
        {
            "image_id": list("abcdef"),
            "sex": ["male", "female", "unknown", "male", "male", "male"],
            "age": [0, 29.9, 30, 74, 75, np.nan],
            "localization": ["back", "ear", "", "face", "scalp", "unknown"],
            "dx_type": ["histo", "follow_up", "consensus", "confocal", "histo", "other"],
        }
    )
    found = subgroups.facts(table)
    assert list(found) == ["sex", "age", "site", "confirmation"]
    assert list(found["age"]) == [
        "below 30", "below 30", "30 to 44", "60 to 74", "75 and above", "unknown",
    ]  # fmt: skip
    assert found.loc["c", "site"] == "unknown"
    assert list(found["confirmation"])[:2] == ["histopathology", "follow-up"]
    assert found.loc["f", "confirmation"] == "other"
    with_source = subgroups.facts(table.assign(dataset="vidir_modern"))
    assert set(with_source["source"]) == {"vidir modern"}


def test_values_are_those_of_pandas_and_scikit_learn():
    labels, predicted, lesions, groups = make()
    found = subgroups.measure_arrays(labels, predicted, lesions, groups, draws=20)
    overall = sk.recall_score(labels, predicted, labels=range(7), average=None)
    for row in found["groups"]["sex"]:
        mine = (groups["sex"] == row["group"]).to_numpy()
        y, p = labels[mine], predicted[mine]
        assert (row["images"], row["lesions"]) == (mine.sum(), len(set(lesions[mine])))
        shares = pd.Series(y).value_counts(normalize=True)
        expected = sum(share * overall[k] for k, share in shares.items())
        for metric, value in {
            "accuracy": sk.accuracy_score(y, p),
            "expected": expected,
            "excess": sk.accuracy_score(y, p) - expected,
            "mean_recall": sk.balanced_accuracy_score(y, p),
            "melanoma_sensitivity": sk.recall_score(y == 4, p == 4),
            "nevus_specificity": sk.recall_score(y != 5, p != 5),
        }.items():
            assert row[metric][0] == pytest.approx(value), metric
    one, other = (row["accuracy"][0] for row in sorted(found["groups"]["sex"],
                  key=lambda row: row["group"]))  # fmt: skip
    assert found["women_minus_men"]["accuracy"][0] == pytest.approx(one - other)


def test_of_all_images_the_expected_accuracy_is_the_accuracy():
    labels, predicted, lesions, groups = make()
    overall = subgroups.measure_arrays(labels, predicted, lesions, groups, draws=50)["overall"]
    assert overall["expected"] == pytest.approx(overall["accuracy"])
    assert overall["excess"] == pytest.approx([0, 0, 0], abs=1e-12)


def test_a_difference_of_mix_alone_is_told_from_a_difference_of_quality():
    labels, predicted, lesions, groups = make(count=3000)
    gap = subgroups.measure_arrays(labels, predicted, lesions, groups)["women_minus_men"]
    assert gap["accuracy"][1] > 0.05
    assert gap["excess"][1] < 0 < gap["excess"][2]
    # Now make the answers for women worse, whatever the class.
    rng = np.random.default_rng(1)
    spoiled = (groups["sex"] == "female").to_numpy() & (rng.random(len(labels)) < 0.3)
    worse = np.where(spoiled, (labels + 1) % 7, predicted)
    gap = subgroups.measure_arrays(labels, worse, lesions, groups)["women_minus_men"]
    assert gap["excess"][2] < 0


def test_intervals_are_those_of_the_bootstrap_over_all_lesions():
    labels, predicted, lesions, groups = make(count=300)
    men = (groups["sex"] == "male").to_numpy()
    found = subgroups.measure_arrays(labels, predicted, lesions, groups, draws=200)
    row = next(row for row in found["groups"]["sex"] if row["group"] == "male")

    def excess(y, both):
        p, mine = both[:, 0], both[:, 1] == 1
        recall = {k: np.mean(p[y == k] == k) for k in set(y)}
        return np.mean(p[mine] == y[mine]) - np.mean([recall[k] for k in y[mine]])

    both = np.stack([predicted, men], axis=1)
    slow = cluster_bootstrap(excess, labels, both, lesions, draws=200)
    assert row["excess"][1:] == pytest.approx(slow)


def test_small_groups_show_their_size_only():
    labels, predicted, lesions, _ = make(count=60)
    words = np.array(["large"] * 31 + ["nine"] * 9 + ["one lesion"] * 20, object)
    lesions = np.where(words == "one lesion", 999, lesions)
    found = subgroups.measure_arrays(labels, predicted, lesions, pd.DataFrame({"site": words}), 50)
    rows = {row["group"]: row for row in found["groups"]["site"]}
    assert list(rows) == ["large", "one lesion", "nine"]
    assert rows["large"]["accuracy"]
    for name, count in (("nine", 9), ("one lesion", 20)):
        assert rows[name]["images"] == count
        assert all(rows[name][metric] is None for metric in subgroups.METRICS)
    assert all(value is None for value in found["women_minus_men"].values())


def test_a_mean_recall_needs_enough_of_each_diagnosis():
    """Else its draws lose a diagnosis and average over fewer, and the interval is of another number."""
    rows = [
        ("enough", [5] * 30 + [4] * 10, [*range(30), *range(10), *range(5), *range(5)]),
        ("nine of one", [5] * 30 + [4] * 9, [*range(30), *range(9)]),
        ("four lesions", [5] * 30 + [4] * 12, [*range(30), *(k % 4 for k in range(12))]),
        ("one diagnosis", [3] * 30, [*range(30)]),
    ]
    labels = np.concatenate([kinds for _, kinds, _ in rows])
    groups = np.concatenate([[name] * len(kinds) for name, kinds, _ in rows])
    lesions = [f"{name}-{kind}-{k}" for name, kinds, ids in rows
               for kind, k in zip(kinds, ids, strict=False)]  # fmt: skip
    rng = np.random.default_rng(0)
    predicted = np.where(rng.random(len(labels)) < 0.7, labels, 0)
    frame = pd.DataFrame({"site": groups})
    found = subgroups.measure_arrays(labels, predicted, lesions, frame, draws=200)["groups"]["site"]
    shown = {row["group"]: row["mean_recall"] for row in found}
    assert [name for name, value in shown.items() if value] == ["enough"]
    assert all(row["accuracy"] for row in found)
    assert {row["group"]: row["melanomas"] for row in found} == {
        "enough": 10, "nine of one": 9, "four lesions": 12, "one diagnosis": 0,
    }  # fmt: skip


def test_few_melanomas_have_no_sensitivity():
    labels, predicted, lesions, groups = make(count=200)
    labels = np.where(labels == 4, 5, labels)
    labels[:9] = 4
    found = subgroups.measure_arrays(labels, predicted, lesions, groups, draws=50)
    assert found["overall"]["melanoma_sensitivity"] is None
    assert found["overall"]["accuracy"]


def test_all_right_is_not_certain():
    labels = np.tile([4, 5], 30)
    lesions, groups = np.arange(60) // 2, pd.DataFrame({"sex": ["female", "male"] * 30})
    found = subgroups.measure_arrays(labels, labels, lesions, groups, draws=50)
    exact = stats.binomtest(30, 30).proportion_ci(method="exact")
    assert found["overall"]["melanoma_sensitivity"] == pytest.approx([1, exact.low, 1])
    wrong = subgroups.measure_arrays(labels, (labels + 1) % 7, lesions, groups, draws=50)
    assert wrong["overall"]["accuracy"] == pytest.approx([0, 0, 1 - exact.low])
    # Both sides perfect: their difference has no interval that means anything.
    assert found["women_minus_men"]["accuracy"] is None


class Fake:
    """A run in memory."""

    folder = "fake"

    def __init__(self, labels, predicted, lesions):
        self.record = {"run": "fake", "study": "none", "identity": "0"}
        self.answers = labels, np.eye(7)[predicted], np.array([f"L{k}" for k in lesions])
        ids = [f"I{k}" for k in range(len(labels))]
        self.frame = pd.DataFrame({"image_id": ids, "lesion_id": self.answers[2],
                                   "label": [CLASSES[k] for k in labels]})  # fmt: skip

    def arrays(self, part):
        return self.answers

    def predictions(self, part):
        return self.frame

    def table(self, sex):
        rows = self.frame.rename(columns={"label": "dx"})
        rows = rows.assign(sex=sex, age=50.0, localization="back", dx_type="histo")
        # In another order, and with an image more.
        return pd.concat([rows.iloc[::-1], rows.tail(1).assign(image_id="other")])


def test_facts_find_their_images():
    labels, predicted, lesions, groups = make(count=120)
    run = Fake(labels, predicted, lesions)
    table = run.table(groups["sex"].to_numpy())
    found = subgroups.measure(run, table, draws=1000)
    direct = subgroups.measure_arrays(labels, predicted, run.answers[2], groups)
    assert found["groups"]["sex"] == direct["groups"]["sex"]
    assert found["identity"] == "0"
    # Groups only: no image and no lesion is named.
    assert not any(name in json.dumps(found) for name in ("I0", "I17", "L0", "L9"))


def test_metadata_of_other_data_are_refused():
    labels, predicted, lesions, groups = make(count=40)
    run = Fake(labels, predicted, lesions)
    table = run.table(groups["sex"].to_numpy())
    with pytest.raises(DataError, match="1 images of 'fake'.*I7"):
        subgroups.measure(run, table[table["image_id"] != "I7"])
    other = table.assign(dx=table["dx"].where(table["image_id"] != "I3", "vasc"))
    other.loc[other["image_id"] == "I3", "dx"] = "df" if labels[3] == 6 else "vasc"
    with pytest.raises(IntegrityError, match="I3"):
        subgroups.measure(run, other)
