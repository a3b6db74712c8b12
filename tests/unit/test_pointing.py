"""Scores of maps against masks: cases worked by hand, simulations, and what the pages say."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from resampling import cluster_bootstrap
from scipy import stats

from skinlib.common import paths
from skinlib.common.errors import DataError, IntegrityError
from skinlib.experiments import pointing_frames, pointing_runs, pointing_summary
from skinlib.experiments.run import Run
from skinlib.plots import pointing as drawing
from skinlib.plots.style import to_svg
from skinlib.stats import localisation as pointing
from skinlib.stats import localisation_drawn as pointing_drawn
from skinlib.stats.localisation import Prior, hits, learn_prior, mass_inside, of_others, score


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_scores_by_hand():
    maps = np.array([[[1, 2], [0, 5]], [[4, 4], [1, 1]], [[0, 0], [0, 0]]], float)
    shares = np.array([[[0, 0.5], [1, 0.9]], [[0.6, 0.2], [0, 0]], [[1, 0], [0, 0]]], float)
    # The third map is 0 everywhere and counts as even.
    np.testing.assert_allclose(mass_inside(maps, shares), [5.5 / 8, 3.2 / 10, 0.25])
    # Exactly half is not most; two maxima, one of them on lesion; four, one of them.
    np.testing.assert_allclose(hits(maps, shares), [1, 0.5, 0.25])
    np.testing.assert_allclose(hits(maps[:1], np.full((1, 2, 2), 0.5)), [0])


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_maps_that_are_none(bad):
    maps = np.ones((3, 2, 2))
    maps[1, 0, 1] = bad
    with pytest.raises(DataError, match="map 1"):
        mass_inside(maps, np.ones((3, 2, 2)))


def test_an_even_map_scores_the_share_of_the_lesion(rng):
    shares = rng.random((50, 4, 3))
    even = np.ones((50, 4, 3))
    np.testing.assert_allclose(mass_inside(even, shares), shares.mean(axis=(1, 2)))
    np.testing.assert_allclose(hits(even, shares), (shares > 0.5).mean(axis=(1, 2)))


def test_the_even_map_is_what_random_maps_score(rng):
    """The random baseline of the literature, drawn; the even map is its expectation."""
    shares = rng.random((1, 3, 3)) * np.ones((20000, 1, 1))
    maps = rng.random((20000, 3, 3))
    assert mass_inside(maps, shares).mean() == pytest.approx(shares[0].mean(), abs=0.005)
    assert hits(maps, shares).mean() == pytest.approx((shares[0] > 0.5).mean(), abs=0.015)


def test_maps_of_others_are_the_mean_over_all_other_lesions(rng):
    maps, lesions = rng.random((6, 2, 2)), np.array(["a", "b", "a", "c", "b", "a"])
    expected = [maps[lesions != lesion].mean(axis=0) for lesion in lesions]
    np.testing.assert_allclose(of_others(maps, lesions), expected)
    with pytest.raises(DataError, match="one lesion"):
        of_others(maps, np.zeros(6))


def test_no_map_beats_the_ceiling_and_ours_are_in_order(rng):
    shares = rng.random((300, 3, 3)) ** 3
    maps = {"attention": rng.random((300, 3, 3)), "gradcam": shares**2}
    found = score(maps, shares, np.arange(300), Prior(0.3, 0.2, 1))
    masses = [name for name in found if name.endswith("_mass")]
    for name in masses:
        assert (found[name] <= found["ceiling_mass"] + 1e-12).all()
        assert (found[name.replace("_mass", "_hit")] <= found["ceiling_hit"] + 1e-12).all()
    np.testing.assert_allclose(found["ceiling_mass"], shares.max(axis=(1, 2)))
    # One map follows its lesions, the other is noise.
    own = found.mean()
    assert own["gradcam_mass"] > own["gradcam_others_mass"] + 0.2
    assert own["attention_mass"] == pytest.approx(own["attention_others_mass"], abs=0.03)
    with pytest.raises(DataError, match="maps 'attention' have shape"):
        score({"attention": np.ones((300, 5, 5))}, shares, np.arange(300), Prior(0.3, 0.2, 1))


def test_darkness_is_how_far_a_cell_is_from_the_brightest():
    image = np.full((6, 6, 3), 200.0)
    image[2:4, 2:4] = 20
    image[0, 0] = [0, 30, 60]
    (found,) = pointing.darkness([image], (3, 3))
    expected = np.zeros((3, 3))
    expected[1, 1], expected[0, 0] = 180, 170 / 4
    np.testing.assert_allclose(found, expected, atol=1e-9)


# Maps that look at no photograph


def test_the_prior_of_known_shapes():
    """A disc of radius r has a variance of r²/4 along each axis; a full picture 1/12."""
    y, x = np.mgrid[-199:200:2, -199:200:2] / 400
    disc = learn_prior([x**2 + y**2 < 0.09] * 2)
    assert disc.share == pytest.approx(np.pi * 0.09, rel=0.01)
    assert disc.sigma == pytest.approx(0.15, rel=0.01)
    assert disc.masks == 2
    both = learn_prior([np.ones((50, 50), bool), np.zeros((50, 50), bool)])
    assert (both.share, both.sigma) == (0.5, pytest.approx(12**-0.5, rel=0.001))
    with pytest.raises(DataError, match="2 masks without any lesion"):
        learn_prior([np.zeros((5, 5), bool)] * 2)


@pytest.mark.parametrize("shape", [(3, 3), (4, 4), (5, 7)])
def test_box_and_gaussian_against_fine_grids(shape):
    prior = Prior(0.36, 0.2, 1)
    box = prior.box(shape)
    assert box.mean() == pytest.approx(0.36)
    np.testing.assert_array_equal(box, box[::-1, ::-1])
    # Points drawn from the Gaussian fall into the cells as often as the map says.
    points = stats.norm.rvs(0.5, 0.2, size=(200_000, 2), random_state=1)
    counts, *_ = np.histogram2d(*points.T, bins=shape, range=[(0, 1), (0, 1)])
    np.testing.assert_allclose(prior.gaussian(shape), counts / len(points), atol=0.005)


def test_the_box_on_nine_cells_by_hand():
    """Side 0.6: all of the middle cell, and 0.4 of a cell's side in its neighbours."""
    expected = np.outer([0.4, 1, 0.4], [0.4, 1, 0.4])
    np.testing.assert_allclose(Prior(0.36, 0.2, 1).box((3, 3)), expected)


# Stored scores


def make_run(folder, seed=0, attention="as_described", scale=1.0, count=120):
    """A run with scores of a network that lies on its lesions; seeds ask about other images."""
    rng = np.random.default_rng(seed)
    name = f"MobileNetV2-clean-{attention}-96px-s{seed}"
    record = {
        "run": name, "status": "finished", "seed": seed, "backbone": "MobileNetV2",
        "input_size": 96, "weights_sha256": "ab", "identity": "cd", "study": "ablation",
        "data": {"name": "x", "fingerprint": "f"}, "split": {"unit": "lesion", "hash": f"h{seed}"},
        "recipe": {"name": "clean", "attention": attention, "epochs": 15},
    }  # fmt: skip
    lesions = np.repeat(np.arange(count // 2), 2)
    shares = rng.random((count, 3, 3))
    maps = {"gradcam": shares**scale + rng.random((count, 3, 3))}
    maps["darkness"] = shares
    if attention != "none":
        maps["attention"] = maps["gradcam"] + 1
    scores = score(maps, shares, lesions, Prior(0.34, 0.21, 500))
    scores.insert(0, "image_id", [f"ISIC_{seed:02}{i:05}" for i in range(count)])
    place = folder / "runs" / "ablation" / name
    place.mkdir(parents=True)
    scores.to_csv(place / "pointing.csv", index=False)
    source = {
        "weights_sha256": "ab", "images": count, "grid": [3, 3], "gamma": 0.01,
        "empty": {"gradcam": 2}, "prior": dataclasses.asdict(Prior(0.34, 0.21, 500)),
    }  # fmt: skip
    (place / "pointing.json").write_text(json.dumps(source))
    one_hot = np.eye(7)[rng.integers(0, 7, count)]
    predictions = pd.DataFrame(one_hot, columns=["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"])
    predictions.insert(0, "label", "nv")
    predictions.insert(0, "part", "test")
    predictions.insert(0, "lesion_id", [f"HAM_{i}" for i in lesions])
    predictions.insert(0, "image_id", scores["image_id"])
    predictions.to_csv(place / "predictions.csv", index=False)
    losses = pd.DataFrame({"epoch": [1, 2, 3], "loss": [2.0, 1.0, 0.5]})
    losses.to_csv(place / "history.csv", index=False)
    return Run(place, record)


@pytest.fixture
def measured(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    made = {
        run.folder: run
        for run in [make_run(tmp_path, seed) for seed in (0, 1)]
        + [make_run(tmp_path, 0, "as_coded", 0.2), make_run(tmp_path, 1, "none")]
    }
    monkeypatch.setattr(pointing_summary, "read_run", lambda folder: made[folder])
    return made


def test_groups_are_runs_but_for_their_seed(measured):
    found = {group.attention: group for group in pointing_summary.groups()}
    assert {kind: len(group.runs) for kind, group in found.items()} == {
        "as_coded": 1, "as_described": 2, "none": 1,
    }  # fmt: skip
    assert {group.label for group in found.values()} == {"clean, 96 px"}
    assert pointing_summary.groups(["other"]) == []


def test_summary_is_means_with_intervals(measured):
    (group,) = [g for g in pointing_summary.groups() if len(g.runs) == 2]
    table = pd.concat(group.scores)
    found = pointing_summary.summarise(group.scores)
    row = found.loc["gradcam"]
    assert row["mass"] == pytest.approx(table["gradcam_mass"].mean())
    assert row["ratio"] == pytest.approx(table["gradcam_mass"].mean() / table["share"].mean())
    for kind in ("mass", "hit"):
        difference = table[f"gradcam_{kind}"] - table[f"gradcam_others_{kind}"]
        assert row[f"{kind}_others"] == pytest.approx(difference.mean())
        difference = table[f"gradcam_{kind}"] - table[f"box_{kind}"]
        assert row[f"{kind}_box"] == pytest.approx(difference.mean())
        # Against SciPy's interval of the mean over lesions, which all have two images a seed.
        values = difference.groupby(table["lesion_id"]).mean().to_numpy()
        expected = stats.bootstrap(
            (values,), np.mean, n_resamples=2000, method="percentile", rng=1
        ).confidence_interval
        width = expected.high - expected.low
        assert row[f"{kind}_box_low"] == pytest.approx(expected.low, abs=width / 8)
        assert row[f"{kind}_box_high"] == pytest.approx(expected.high, abs=width / 8)
    assert found["mass_others"].isna().to_dict()["box"]
    assert (found["mass_low"] <= found["mass"]).all()


def test_variants_are_compared_on_the_same_images_only(measured):
    ((label, pairs),) = pointing_summary.matched("as_coded", "as_described")
    assert (label, len(pairs)) == ("clean, 96 px", 1)
    (first, second), found = pairs[0], pointing_summary.difference(pairs, "gradcam")
    assert list(first["image_id"]) == list(second["image_id"])
    expected = (second["gradcam_mass"] - first["gradcam_mass"]).mean()
    assert found.loc["gradcam", "mass"] == pytest.approx(expected)
    assert found.loc["gradcam", "mass_low"] > 0
    assert pointing_summary.matched("none", "as_coded") == []


def test_scores_of_another_training_are_refused(measured):
    run = next(iter(measured.values()))
    run.record["weights_sha256"] = "other"
    with pytest.raises(IntegrityError, match="not of the training"):
        pointing_runs.read_scores(run)
    (run.folder / "pointing.json").unlink()
    assert pointing_runs.read_scores(run) is None


def test_measuring_needs_the_weights(measured):
    with pytest.raises(DataError, match="keep_weights"):
        pointing_runs.measure(next(iter(measured.values())))


def test_intervals_are_those_of_the_bootstrap_over_lesions(measured):
    """The same lesions, drawn one resample at a time and copied."""
    (group,) = [g for g in pointing_summary.groups() if len(g.runs) == 2]
    table = pd.concat(group.scores)
    found = pointing_summary.summarise(group.scores, draws=60).loc["gradcam"]

    def gain(_, values):
        mean = values.mean(axis=0)
        return [mean[0] - mean[1], mean[0] / mean[2]]

    columns = table[["gradcam_mass", "gradcam_others_mass", "share"]].to_numpy()
    low, high = cluster_bootstrap(gain, columns[:, 0], columns, table["lesion_id"], draws=60)
    np.testing.assert_allclose([found["mass_others_low"], found["ratio_low"]], low)
    np.testing.assert_allclose([found["mass_others_high"], found["ratio_high"]], high)
    estimate = pointing_summary.interval(found, "mass_others")
    assert (estimate.value, estimate.low) == (found["mass_others"], found["mass_others_low"])


# Tables and figures


def test_tables_have_a_row_a_network(measured):
    networks, diverged = pointing_frames.networks()
    assert diverged == []
    assert [n.title for n in networks] == [
        "clean recipe, 96\u00a0px,\nas coded", "clean recipe, 96\u00a0px,\nas described",
        "clean recipe, 96\u00a0px,\nno attention",
    ]  # fmt: skip
    gains = pointing_frames.gains(networks)
    assert list(gains)[:3] == ["Network", "Attention", "soft attention"]
    assert gains["soft attention"].isna().tolist() == [False, False, True]
    assert gains["Grad-CAM"].str.startswith("+").all()
    assert pointing_frames.followers(networks, "gradcam") == 3
    assert pointing_frames.span(networks, "darkness").count(" to ") == 1
    values = pointing_frames.overview(networks, "mass")["the mask itself"].astype(float)
    assert values.between(50, 100).all()
    assert pointing_frames.measured(networks)["Seeds"].tolist() == [1, 2, 1]


def test_variants_are_compared_seed_by_seed(measured):
    networks, _ = pointing_frames.networks()
    frame, by_seed = pointing_frames.variants(networks)
    assert frame["Map"].tolist() == ["soft attention", "Grad-CAM"]
    assert [len(each) for each in by_seed.values()] == [1, 1]
    assert frame["Part on the lesion"].str.startswith("+").all()


def test_a_network_that_diverged_is_left_out(measured):
    folder = next(folder for folder in measured if "as_coded" in folder.name)
    losses = pd.DataFrame({"epoch": [1, 2, 3, 4], "loss": [2.0, 0.5, 6.0, 5.9]})
    losses.to_csv(folder / "history.csv", index=False)
    networks, diverged = pointing_frames.networks()
    assert (len(networks), diverged) == (2, [folder.name])


def test_figures_show_every_network_and_every_example(measured):
    networks, _ = pointing_frames.networks()
    figure = drawing.following({n.title: n.gains for n in networks})
    assert len(figure.axes[0].get_yticks()) == len(networks)
    svg = to_svg(figure).decode()
    assert all(word in svg for word in ("soft attention", "HiResCAM", "darkness")[::2])
    averages = {"one": np.eye(3), "other": np.ones((5, 5))}
    assert len(drawing.means(averages).axes) == 3  # with the colour bar


def test_mean_maps_are_those_of_runs_that_kept_theirs():
    class Kept:
        def __init__(self, maps):
            self.attention = lambda: maps

    one = Kept({"a": np.zeros((2, 2)), "b": np.ones((2, 2))})
    found = pointing_frames.mean_maps({"kept": one, "not kept": Kept({}), "not run": None})
    assert list(found) == ["kept"]
    np.testing.assert_array_equal(found["kept"], 0.5)


# Drawn pictures


def test_drawn_examples_have_mask_and_map_on_one_grid():
    maps = {dx: np.full((6, 6), 1 / 36) for dx in pointing_drawn.lesions()}
    record = {"seed": 0, "size": 48, "maps": maps}
    (example,) = pointing_drawn.examples(record, ["mel"])
    assert example["image"].shape == (48, 48, 3)
    np.testing.assert_allclose(example["attention"], 1)
    # The lesion is in the middle.
    assert example["shares"].shape == (6, 6)
    np.testing.assert_allclose(example["shares"][2:4, 2:4], 1)
    assert len(drawing.beside([example, example]).axes) == 7


def test_the_committed_maps_are_of_the_drawn_lesions():
    record = json.loads((paths.ROOT / "results" / "attention.json").read_text())["drawn"]
    assert set(record["maps"]) == set(pointing_drawn.lesions())
    assert all(np.sum(values) == pytest.approx(1, abs=1e-3) for values in record["maps"].values())


def test_without_a_released_model_there_are_no_maps(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    assert pointing_drawn.measure() is None
