"""The distance to the training pictures is that of scikit-learn's probabilistic PCA."""

import h5py
import numpy as np
import pytest
from sklearn.decomposition import PCA

from skinlib.common.errors import DataError, IntegrityError
from skinlib.predict import ood
from skinlib.predict.ood import Detector, Gaussian


@pytest.fixture
def features():
    rng = np.random.default_rng(3)
    return rng.normal(size=(300, 4)) @ rng.normal(size=(4, 20)) + rng.normal(size=(300, 20)) * 0.3


def test_it_is_the_mahalanobis_distance_of_probabilistic_pca(features, monkeypatch):
    monkeypatch.setattr(ood, "DIRECTIONS", 5)
    found = Gaussian.fit(features)
    standard = (features - features.mean(axis=0)) / features.std(axis=0)
    pca = PCA(5).fit(standard)
    difference = standard - standard.mean(axis=0)
    expected = np.einsum("ij,jk,ik->i", difference, pca.get_precision(), difference)
    # scikit-learn divides variances by n - 1.
    np.testing.assert_allclose(20 * found.distance(features) * 299 / 300, expected, rtol=1e-6)
    # All the odder, all the less likely.
    ranks = [
        np.argsort(values) for values in (found.distance(features), -pca.score_samples(standard))
    ]
    np.testing.assert_array_equal(*ranks)


def test_training_pictures_have_about_one_and_a_channel_that_never_changes_does_no_harm(features):
    found = Gaussian.fit(features)
    assert found.distance(features).mean() == pytest.approx(1, abs=0.05)
    assert found.distance(features + 5).min() > found.distance(features).max()
    features[:, 3] = 7.0
    assert Gaussian.fit(features).distance(features).mean() == pytest.approx(0.95, abs=0.05)


def test_too_few_images():
    with pytest.raises(DataError, match="3 images of 20 features"):
        Gaussian.fit(np.zeros((3, 20)))


@pytest.fixture
def known(features):
    return Detector.fit((features[:200, :12], features), (features[200:, :12], features[200:]))


def test_the_larger_of_both_counts_in_units_of_its_limit(known, features):
    one, other = features[200:, :12], features[200:]
    both = known.distance(one, other)
    apart = (
        known.colours.distance(one) / known.limits[0],
        known.network.distance(other) / known.limits[1],
    )
    np.testing.assert_allclose(both, np.maximum(*apart))
    # Of each hundred images one half lies above the limit: the largest.
    assert [(each > 1).sum() for each in apart] == [1, 1]
    odd = known.distance(one + 30, other)
    assert (odd > 1).all()
    assert (odd > both).all()


def test_colours_of_a_picture_by_hand():
    # Left half black, right half red: two columns meet once.
    picture = np.zeros((1, 4, 4, 3), np.uint8)
    picture[:, :, 2:, 0] = 255
    (found,) = ood.colours(picture)
    np.testing.assert_allclose(found[:3], [0.5, 0, 0])
    np.testing.assert_allclose(np.exp(found[3:6]) - 1e-3, [0.5, 0, 0], atol=1e-6)
    np.testing.assert_allclose(found[6:9], 0)
    np.testing.assert_allclose(np.exp(found[9:]) - 1e-3, [1 / 6, 0, 0], atol=1e-6)


def test_grey_pictures_have_equal_channels_that_go_together():
    grey = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 1), np.uint8).repeat(3, axis=-1)
    found = ood.colours(grey)
    assert found.shape == (2, 12)
    np.testing.assert_allclose(found[:, 6:9], 1, atol=0.02)
    np.testing.assert_array_equal(found[:, 0], found[:, 2])


def test_a_file_gives_it_back(known, features, tmp_path):
    path = tmp_path / "features.weights.h5"
    ood.save(path, known)
    pair = features[:, :12], features
    np.testing.assert_allclose(ood.load(path).distance(*pair), known.distance(*pair), rtol=1e-3)
    with pytest.raises(IntegrityError, match="SHA-256"):
        ood.load(path, "0" * 64)


@pytest.mark.parametrize("lacks", ["limits", "network/mean"])
def test_a_file_that_lacks_an_array_is_refused(known, tmp_path, lacks):
    ood.save(tmp_path / "a.h5", known)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        del file[lacks]
    with pytest.raises(IntegrityError, match="two Gaussians and their limits; fetch"):
        ood.load(tmp_path / "a.h5")
