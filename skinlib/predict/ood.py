"""Out-of-distribution check: how unlike the training set a picture is, by two distances.

A Gaussian is fitted to twelve numbers about the colours, and another to the features of the
network averaged over positions. Features are standardised, the leading directions keep their own
variance and all others share one (probabilistic principal component analysis). The distance is
the squared Mahalanobis distance divided by the number of features, about 1 for a training
picture, in units of a high percentile of photographs that the network has not seen. The larger
of the two counts.

Sources: Tipping and Bishop, Probabilistic principal component analysis, JRSS B 1999; Lee et
al., A simple unified framework for detecting out-of-distribution samples, NeurIPS 2018.
"""

import dataclasses

import h5py
import numpy as np

from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import atomic_path
from skinlib.models.weights import check_file

DIRECTIONS = 64
# Of each of the two distances, so that about one validation picture in a hundred is above 1.
PERCENTILE = 99.5
# A feature that hardly ever changes would make every other value infinitely odd.
LEAST_SCALE = 1e-3
ARRAYS = ("mean", "scale", "directions", "variances", "rest")
PARTS = ("colours", "network")


@dataclasses.dataclass(frozen=True)
class Gaussian:
    """A Gaussian over C features.

    Attributes
    ----------
    mean, scale : numpy.ndarray
        Of each feature, shape (C,).
    directions, variances : numpy.ndarray
        Orthonormal rows in standardised features, (k, C), and the variance along each, (k,).
    rest : numpy.ndarray
        Variance along every other direction, shape (1,).
    """

    mean: np.ndarray
    scale: np.ndarray
    directions: np.ndarray
    variances: np.ndarray
    rest: np.ndarray

    @classmethod
    def fit(cls, features):
        """Fit to features of the training set, shape (n, C)."""
        features = np.asarray(features, float)
        count, channels = features.shape
        kept = min(DIRECTIONS, channels - 1, count // 2)
        if count < 4 or kept < 1:
            msg = f"{count} images of {channels} features are too few for a Gaussian; have 4 and 2"
            raise DataError(msg)
        mean, spread = features.mean(axis=0), features.std(axis=0)
        scale = np.maximum(spread, max(LEAST_SCALE * spread.max(), np.finfo(np.float32).tiny))
        centred = (features - mean) / scale
        variances, vectors = np.linalg.eigh(centred.T @ centred / count)
        variances, vectors = variances[::-1], vectors[:, ::-1]
        rest = max(float(variances[kept:].mean()), 1e-6)
        kept_variances = np.maximum(variances[:kept], rest)
        return cls(mean, scale, vectors[:, :kept].T, kept_variances, np.array([rest]))

    def distance(self, features, ops=np, project=None):
        """Return the distances of features (n, C), shape (n,).

        For Keras' tensors `ops` is `keras.ops`, and `project` multiplies by the directions.
        """
        centred = (features - self.mean) / self.scale
        along = ops.square(project(centred) if project else centred @ self.directions.T)
        left = ops.sum(ops.square(centred), axis=1) - ops.sum(along, axis=1)
        squared = ops.sum(along / self.variances, axis=1) + ops.maximum(left, 0.0) / self.rest[0]
        return squared / len(self.mean)


@dataclasses.dataclass(frozen=True)
class Detector:
    """Two Gaussians and the limits of their distances, shape (2,)."""

    colours: Gaussian
    network: Gaussian
    limits: np.ndarray

    @classmethod
    def fit(cls, train, validation):
        """Fit to the training set; the limits are `PERCENTILE` of photographs not trained on.

        Each set is a pair: features of colours (n, 12) and of the network (n, C).
        """
        fitted = [Gaussian.fit(features) for features in train]
        distances = [each.distance(new) for each, new in zip(fitted, validation, strict=True)]
        return cls(*fitted, np.percentile(distances, PERCENTILE, axis=1))

    def distance(self, colours, network):
        """Return the larger of both distances, in units of its limit, shape (n,)."""
        each = [self.colours.distance(colours), self.network.distance(network)]
        return np.max([d / limit for d, limit in zip(each, self.limits, strict=True)], axis=0)


def colours(pictures):
    """Return twelve numbers about the colours of pictures (n, s, s, 3), uint8, RGB.

    Mean of each channel, logarithm of its spread, correlation of each two channels, logarithm of
    the mean step between neighbouring pixels: shape (n, 12).
    """
    # One at a time: all of a batch as floats would be large.
    return np.concatenate(
        [colours_of(picture[None].astype(np.float32) / np.float32(255)) for picture in pictures]
    )


def colours_of(image, ops=np):
    """Return `colours` of pictures as floats from 0 to 1; for Keras' tensors with `keras.ops`."""
    mean = ops.mean(image, axis=(1, 2), keepdims=True)
    spread = ops.sqrt(ops.mean(ops.square(image - mean), axis=(1, 2), keepdims=True)) + 1e-3
    red, green, blue = ops.split((image - mean) / spread, 3, axis=-1)
    pairs = ops.concatenate([red * green, red * blue, green * blue], axis=-1)
    down = ops.mean(ops.abs(image[:, 1:] - image[:, :-1]), axis=(1, 2))
    across = ops.mean(ops.abs(image[:, :, 1:] - image[:, :, :-1]), axis=(1, 2))
    mean, spread = ops.squeeze(mean, axis=(1, 2)), ops.squeeze(spread, axis=(1, 2))
    steps = ops.log((down + across) / 2.0 + 1e-3)
    return ops.concatenate([mean, ops.log(spread), ops.mean(pairs, axis=(1, 2)), steps], axis=-1)


def save(path, detector):
    """Write as float32 numbers in an HDF5 file, which `skinlib.models.weights` can check."""
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        for part in PARTS:
            for name in ARRAYS:
                values = getattr(getattr(detector, part), name)
                file[f"{part}/{name}"] = np.asarray(values, np.float32)
        file["limits"] = np.asarray(detector.limits, np.float32)


def load(path, sha256=None):
    """Read what `save` wrote; refuse another hash, or a file that lacks what `save` writes."""
    check_file(path, sha256)
    with h5py.File(path) as file:
        wanted = [f"{part}/{name}" for part in PARTS for name in ARRAYS]
        limits = file["limits"][()].astype(float) if "limits" in file else np.zeros(0)
        if any(name not in file for name in wanted) or limits.shape != (2,) or min(limits) <= 0:
            msg = f"'{path}' does not hold two Gaussians and their limits; fetch this file again"
            raise IntegrityError(msg)
        each = (
            Gaussian(*(file[f"{part}/{name}"][()].astype(float) for name in ARRAYS))
            for part in PARTS
        )
        return Detector(*each, limits)
