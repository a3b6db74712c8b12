"""Scores of maps against masks: cases worked by hand, simulations, and stored scores."""

import json

import numpy as np
import pandas as pd
import pytest
import records
from scipy import stats

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.experiments import localisation
from skinlib.experiments.run import read_run, write_history, write_predictions, write_record
from skinlib.plots import attention as drawing
from skinlib.stats.localisation import box, darkness, score


def scored(maps, shares, lesions=None):
    """Return mass and hit of maps, and those of the maps of other lesions."""
    lesions = np.arange(len(maps)) if lesions is None else lesions
    found = score({"gradcam": maps}, shares, lesions, 0.3)
    kinds = ("mass", "hit", "others_mass", "others_hit")
    return [found[f"gradcam_{kind}"].to_numpy() for kind in kinds]


def test_scores_by_hand():
    maps = np.array([[[1, 2], [0, 5]], [[4, 4], [1, 1]], [[0, 0], [0, 0]]], float)
    shares = np.array([[[0, 0.5], [1, 0.9]], [[0.6, 0.2], [0, 0]], [[1, 0], [0, 0]]], float)
    mass, hit, *_ = scored(maps, shares)
    # The third map is 0 everywhere and counts as even.
    np.testing.assert_allclose(mass, [5.5 / 8, 3.2 / 10, 0.25])
    # Two maxima, one of them on lesion; four, one of them. Exactly half is not most.
    np.testing.assert_allclose(hit, [1, 0.5, 0.25])
    np.testing.assert_allclose(scored(maps, np.full((3, 2, 2), 0.5))[1], 0)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_maps_that_are_none(bad):
    maps = np.ones((3, 2, 2))
    maps[1, 0, 1] = bad
    with pytest.raises(DataError, match="map 1"):
        scored(maps, np.ones((3, 2, 2)))


def test_maps_of_others_score_as_each_map_of_another_lesion_does_on_average(rng):
    maps, shares, lesions = rng.random((6, 2, 2)), rng.random((6, 2, 2)), np.array(list("abacba"))
    *_, mass, hit = scored(maps, shares, lesions)
    for image, lesion in enumerate(lesions):
        others = maps[lesions != lesion]
        each = scored(others, np.broadcast_to(shares[image], others.shape))
        assert (mass[image], hit[image]) == pytest.approx((each[0].mean(), each[1].mean()))
    with pytest.raises(DataError, match="one lesion"):
        scored(maps, shares, np.zeros(6))


def test_noise_scores_as_an_even_map_does_and_a_map_of_the_lesion_more(rng):
    shares = rng.random((3000, 3, 3)) ** 3
    maps = {"attention": rng.random((3000, 3, 3)), "gradcam": shares**2}
    means = score(maps, shares, np.arange(3000), 0.3).mean()
    assert means["gradcam_mass"] > means["gradcam_others_mass"] + 0.2
    assert means["outline_mass"] > means["box_mass"]
    for kind, expected in (("mass", shares.mean()), ("hit", (shares > 0.5).mean())):
        assert means[f"even_{kind}"] == pytest.approx(expected)
        assert means[f"attention_{kind}"] == pytest.approx(expected, abs=0.02)


def test_darkness_is_how_far_a_cell_is_from_the_brightest():
    image = np.full((6, 6, 3), 200.0)
    image[2:4, 2:4] = 20
    image[0, 0] = [0, 30, 60]
    (found,) = darkness([image], (3, 3))
    expected = np.zeros((3, 3))
    expected[1, 1], expected[0, 0] = 180, 170 / 4
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_box_by_hand():
    """Side 0.6: all of the middle cell, and 0.4 of a cell's side in its neighbours."""
    expected = np.outer([0.4, 1, 0.4], [0.4, 1, 0.4])
    np.testing.assert_allclose(box(0.36, (3, 3)), expected)
    assert box(0.36, (5, 7)).mean() == pytest.approx(0.36)


def make_run(folder, seed=0, attention="as_described", scale=1.0, count=120):
    """Write a run with scores of a network that follows its lesions; seeds have other images."""
    rng = np.random.default_rng(seed)
    name = f"MobileNetV2-clean-{attention}-96px-s{seed}"
    record = records.blank() | {
        "run": name, "status": "finished", "seed": seed, "backbone": "MobileNetV2",
        "input_size": 96, "weights_sha256": "ab", "split": {"unit": "lesion", "hash": f"h{seed}"},
        "recipe": {"name": "clean", "attention": attention, "epochs": 15},
    }  # fmt: skip
    lesions = np.repeat(np.arange(count // 2), 2)
    shares = rng.random((count, 3, 3))
    maps = {"gradcam": shares**scale + rng.random((count, 3, 3)), "darkness": shares}
    maps["hirescam"] = maps["gradcam"] ** 2
    if attention != "none":
        maps["attention"] = maps["gradcam"] + 1
    scores = score(maps, shares, lesions, 0.34)
    scores.insert(0, "image_id", [f"ISIC_{seed:02}{i:05}" for i in range(count)])
    place = folder / "runs" / "ablation" / name
    place.mkdir(parents=True)
    scores.to_csv(place / localisation.SCORES, index=False)
    source = {"weights_sha256": "ab", "images": count, "grid": [3, 3], "gamma": 0.01}
    (place / localisation.SOURCE).write_text(json.dumps(source))
    table = pd.DataFrame({"image_id": scores["image_id"], "dx": "nv"})
    table["lesion_id"] = [f"HAM_{i}" for i in lesions]
    write_predictions(place, table, ["test"] * count, np.eye(7)[rng.integers(0, 7, count)])
    write_history(place, pd.DataFrame({"epoch": [1, 2, 3], "loss": [2.0, 1.0, 0.5]}))
    write_record(place, record)
    return place


@pytest.fixture
def measured(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    made = [make_run(tmp_path, seed) for seed in (0, 1)]
    return [*made, make_run(tmp_path, 0, "as_coded", 0.2), make_run(tmp_path, 1, "none")]


def test_networks_are_runs_but_for_their_seed(measured):
    found, diverged = localisation.networks()
    assert [(*each.words, len(each.runs)) for each in found] == [
        ("clean recipe, 96\u00a0px", "as coded", 1),
        ("clean recipe, 96\u00a0px", "as described", 2),
        ("clean recipe, 96\u00a0px", "no attention", 1),
    ]
    assert diverged == []
    frame = localisation.frame(found, "mass_others")
    maps = ["soft attention", "Grad-CAM", "HiResCAM", "darkness"]
    assert list(frame) == ["Network", "Attention", *maps]
    assert frame["soft attention"].isna().tolist() == [False, False, True]
    gain = found[0].summary.loc["gradcam", "mass_others"]
    assert frame["Grad-CAM"][0].value == pytest.approx(100 * gain.value)
    assert len(drawing.means({"one": np.eye(3), "other": np.ones((5, 5))}).axes) == 3


def test_a_network_that_diverged_is_apart(measured):
    folder = next(folder for folder in measured if "as_coded" in folder.name)
    write_history(folder, pd.DataFrame({"epoch": [1, 2, 3, 4], "loss": [2.0, 0.5, 6.0, 5.9]}))
    found, (diverged,) = localisation.networks()
    assert len(found) == 2
    assert diverged.runs[0].name == folder.name


def test_summary_is_means_with_intervals_over_lesions(measured):
    (network,) = [each for each in localisation.networks()[0] if len(each.runs) == 2]
    table, row = pd.concat(network.scores), network.summary.loc["gradcam"]
    assert row["mass"].value == pytest.approx(table["gradcam_mass"].mean())
    for kind in ("mass", "hit"):
        for other in ("box", "others"):
            column = f"gradcam_others_{kind}" if other == "others" else f"box_{kind}"
            gap = table[f"gradcam_{kind}"] - table[column]
            found = row[f"{kind}_{other}"]
            assert found.value == pytest.approx(gap.mean())
            # SciPy's interval of the mean over lesions, which all have two images a seed.
            values = gap.groupby(table["lesion_id"]).mean().to_numpy()
            ends = stats.bootstrap(
                (values,), np.mean, n_resamples=2000, method="percentile", rng=1
            ).confidence_interval
            limit = (ends.high - ends.low) / 8
            assert (found.low, found.high) == pytest.approx(tuple(ends), abs=limit)
    assert pd.isna(network.summary.loc["box", "mass_others"])


def test_attention_as_described_is_compared_with_as_coded_on_the_same_images(measured):
    described, coded = (
        localisation.read_scores(read_run(each))[0].set_index("image_id") for each in measured[::2]
    )
    gap = 100 * (described["gradcam_mass"] - coded["gradcam_mass"])
    mass, hit, by_pair = localisation.difference([(coded, described.iloc[::-1])], "gradcam")
    assert mass.value == pytest.approx(gap.mean())
    assert mass.low > 0
    assert by_pair == pytest.approx([hit.value])
    assert localisation.matched() == []


def test_the_committed_pairs_differ_in_their_attention_alone():
    pairs = localisation.matched()
    assert pairs
    assert all(set(first.index) == set(second.index) for first, second in pairs)


def test_scores_of_another_training_are_refused(measured):
    run = read_run(measured[0])
    run.record["weights_sha256"] = "other"
    with pytest.raises(IntegrityError, match="not of the training"):
        localisation.read_scores(run)


def test_drawn_examples_have_mask_and_map_on_one_grid():
    committed = json.loads((paths.ROOT / "results" / "attention.json").read_text())["drawn"]
    assert set(committed["maps"]) == set(localisation.drawn_lesions()) == set(CLASSES)
    assert all(np.sum(each) == pytest.approx(1, abs=1e-3) for each in committed["maps"].values())
    record = {"seed": 0, "size": 48, "maps": {"mel": np.full((6, 6), 1 / 36)}}
    (example,) = localisation.drawn_examples(record, ["mel"])
    assert example["image"].shape == (48, 48, 3)
    np.testing.assert_allclose(example["attention"], 1)
    # The lesion is in the middle.
    np.testing.assert_allclose(example["shares"][2:4, 2:4], 1)
    assert len(drawing.beside([example, example]).axes) == 7
