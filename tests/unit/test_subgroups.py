"""Scores of groups against pandas and scikit-learn, and groups that differ by their mix only."""

import numpy as np
import pandas as pd
import pytest
from resampling import cluster_bootstrap
from scipy import stats
from sklearn import metrics as sk

from skinlib.stats import subgroups

RECALL = np.array([0.4, 0.5, 0.6, 0.7, 0.55, 0.95, 0.8])


def make(count=900):
    """Women have more nevi, men more of all else; a model's recall depends on the class alone."""
    rng = np.random.default_rng(0)
    lesions = np.arange(count) // 2
    women = (rng.random(count) < 0.5)[lesions]
    mix = {True: [1, 2, 2, 1, 2, 30, 2], False: [4, 6, 8, 2, 10, 10, 2]}
    drawn = {sex: rng.choice(7, count, p=np.array(m) / sum(m)) for sex, m in mix.items()}
    labels = np.where(women, drawn[True][lesions], drawn[False][lesions])
    correct = rng.random(count) < RECALL[labels]
    predicted = np.where(correct, labels, (labels + rng.integers(1, 7, count)) % 7)
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
    assert list(found) == ["sex", "age", "site", "confirmation", "facts"]
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
    found = subgroups.measure(labels, predicted, lesions, groups)
    overall = sk.recall_score(labels, predicted, labels=range(7), average=None)
    for row in found["groups"]["sex"]:
        mine = (groups["sex"] == row["group"]).to_numpy()
        y, p = labels[mine], predicted[mine]
        assert (row["images"], row["lesions"]) == (mine.sum(), len(set(lesions[mine])))
        accuracy, expected = sk.accuracy_score(y, p), overall[y].mean()
        for metric, value in {
            "accuracy": accuracy,
            "expected": expected,
            "excess": accuracy - expected,
            "mean_recall": sk.balanced_accuracy_score(y, p),
            "melanoma_sensitivity": sk.recall_score(y == 4, p == 4),
            "nevus_specificity": sk.recall_score(y != 5, p != 5),
        }.items():
            assert row[metric][0] == pytest.approx(value), metric
    accuracy = {row["group"]: row["accuracy"][0] for row in found["groups"]["sex"]}
    gap = accuracy["female"] - accuracy["male"]
    assert found["women_minus_men"]["accuracy"][0] == pytest.approx(gap)
    # Of all images the expected accuracy is the accuracy.
    assert found["overall"]["excess"] == pytest.approx([0, 0, 0], abs=1e-12)


def test_intervals_are_those_of_copied_lesions():
    labels, predicted, lesions, groups = make(count=300)
    found = subgroups.measure(labels, predicted, lesions, groups)
    row = next(row for row in found["groups"]["sex"] if row["group"] == "male")

    def excess(y, rows):
        p, men = rows.T
        recall = {k: np.mean(p[y == k] == k) for k in set(y)}
        return np.mean(p[men > 0] == y[men > 0]) - np.mean([recall[k] for k in y[men > 0]])

    rows = np.stack([predicted, groups["sex"] == "male"], axis=1)
    expected = cluster_bootstrap(excess, labels, rows, lesions)
    assert row["excess"][1:] == pytest.approx(expected)


def in_groups(labels, predicted, lesions, words):
    """Measure groups by name, of people whose sex is not known."""
    groups = pd.DataFrame({"site": words, "sex": "unknown"})
    found = subgroups.measure(labels, predicted, lesions, groups)
    assert set(found["women_minus_men"].values()) == {None}
    return {row["group"]: row for row in found["groups"]["site"]}


def test_small_groups_have_their_size_only():
    labels, predicted, lesions, _ = make(count=60)
    words = np.array(["large"] * 31 + ["nine"] * 9 + ["one lesion"] * 20, object)
    rows = in_groups(labels, predicted, np.where(words == "one lesion", 999, lesions), words)
    assert list(rows) == ["large", "one lesion", "nine"]
    assert rows["large"]["accuracy"]
    for name, count in (("nine", 9), ("one lesion", 20)):
        assert rows[name]["images"] == count
        assert all(rows[name][metric] is None for metric in subgroups.METRICS)


def test_a_mean_recall_needs_enough_of_each_diagnosis():
    """Else its resamples lose a diagnosis, and the interval is of another number."""
    rows = [
        ("enough", [5] * 30 + [4] * 10, [*range(30), *range(10)]),
        ("nine of one", [5] * 30 + [4] * 9, [*range(30), *range(9)]),
        ("four lesions", [5] * 30 + [4] * 12, [*range(30), *(k % 4 for k in range(12))]),
        ("one diagnosis", [3] * 30, [*range(30)]),
    ]
    labels = np.concatenate([kinds for _, kinds, _ in rows])
    words = np.concatenate([[name] * len(kinds) for name, kinds, _ in rows])
    ids = np.concatenate([each for *_, each in rows])
    lesions = np.array([f"{each}" for each in zip(words, labels, ids, strict=True)])
    predicted = np.where(np.random.default_rng(0).random(len(labels)) < 0.7, labels, 0)
    found = in_groups(labels, predicted, lesions, words)
    assert [name for name, row in found.items() if row["mean_recall"]] == ["enough"]
    assert all(row["accuracy"] for row in found.values())
    melanomas = {"enough": 10, "nine of one": 9, "four lesions": 12, "one diagnosis": 0}
    assert {name: row["melanomas"] for name, row in found.items()} == melanomas
    # Nine melanomas are too few for a share of them, too.
    assert not found["nine of one"]["melanoma_sensitivity"]
    assert found["enough"]["melanoma_sensitivity"]


def test_all_correct_is_not_certain():
    labels = np.tile([4, 5], 30)
    lesions, groups = np.arange(60) // 2, pd.DataFrame({"sex": ["female", "male"] * 30})
    found = subgroups.measure(labels, labels, lesions, groups)
    exact = stats.beta.ppf(0.025, 30, 1)
    assert found["overall"]["melanoma_sensitivity"] == pytest.approx([1, exact, 1])
    wrong = subgroups.measure(labels, (labels + 1) % 7, lesions, groups)
    assert wrong["overall"]["accuracy"] == pytest.approx([0, 0, 1 - exact])
    # Both sides perfect: their difference has no interval that means anything.
    assert found["women_minus_men"]["accuracy"] is None
