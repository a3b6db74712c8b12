"""Does a map lie on the lesion? Scores of maps against masks, and what they must be beaten by.

A map says for each cell of a grid how much it counts; a mask says how much of the cell is
lesion. Both are compared on the map's own grid: enlarging a map of nine numbers would only
invent detail.

Lesions are photographed in the middle and fill much of the picture, so a map that looks at
no picture at all scores well. Every score stands beside those of such maps, and beside that
of the network's own maps for other lesions, which have the same shape and the same bias.
"""

import dataclasses

import numpy as np
import pandas as pd
from scipy.stats import norm

from skinlib.common.errors import DataError
from skinlib.data.grid import cell_shares, cropped, overlaps

# Maps that come from a network, and those that do not.
LEARNED = ("attention", "gradcam", "hirescam")
FIXED = ("box", "gaussian", "even")
# The photograph itself as a map: lesions are darker than skin. Shows what following scores.
CONTROL = "darkness"
# The mask itself as a map of this grid, and the most that any map of this grid can reach.
LIMITS = ("outline", "ceiling")

# A cell counts as lesion where more than this share of it is.
MOSTLY = 0.5


def mass_inside(maps, shares):
    """Return the part of each map's sum that lies on lesion.

    Parameters
    ----------
    maps, shares : numpy.ndarray
        Shape (n, h, w); maps at least 0, shares of lesion in [0, 1]. Within a cell the map
        is taken to be even.

    Returns
    -------
    numpy.ndarray
        Shape (n,), in [0, 1].
    """
    return (normalised(maps) * shares).sum(axis=(1, 2))


def hits(maps, shares):
    """Play the pointing game: is the cell of each map's maximum mostly lesion?

    Returns
    -------
    numpy.ndarray
        Shape (n,): 1 or 0; of several cells with the same maximum, the part that is.
    """
    return _on_lesion(tops(maps), shares)


def _on_lesion(places, shares):
    return (places * (shares > MOSTLY)).sum(axis=(1, 2))


def normalised(maps):
    """Divide each map by its sum. One that is 0 everywhere points nowhere and counts as even.

    Raises
    ------
    DataError
        A number that is negative or not finite.
    """
    maps = np.asarray(maps, float)
    if not np.isfinite(maps).all() or (maps < 0).any():
        row = int(np.argmax(~(maps >= 0).all(axis=(1, 2)) | ~np.isfinite(maps).all(axis=(1, 2))))
        msg = f"map {row} has a number that is negative or not finite; expected 0 or more"
        raise DataError(msg)
    sums = maps.sum(axis=(1, 2), keepdims=True)
    even = 1 / np.prod(maps.shape[1:])
    return np.where(sums > 0, maps / np.where(sums > 0, sums, 1), even)


def tops(maps):
    """Return maps with 1 at the maximum and 0 elsewhere; several maxima share the 1."""
    maps = np.asarray(maps, float)
    highest = (maps == maps.max(axis=(1, 2), keepdims=True)).astype(float)
    return highest / highest.sum(axis=(1, 2), keepdims=True)


def of_others(weights, lesions):
    """Return for each image the mean of the maps of all images of other lesions.

    A score is linear in a normalised map, so the score of this mean is the mean score of
    the others' maps; nothing has to be drawn at random.

    Parameters
    ----------
    weights : numpy.ndarray
        From `normalised` or `tops`, shape (n, h, w).
    lesions : array_like
        Lesion id of each image, shape (n,).

    Raises
    ------
    DataError
        There is only one lesion.
    """
    _, index = np.unique(np.asarray(lesions), return_inverse=True)
    mine = np.zeros((index.max() + 1, *weights.shape[1:]))
    np.add.at(mine, index, weights)
    count = len(weights) - np.bincount(index)
    if not count.all():
        msg = "all images are of one lesion; expected other lesions to compare with"
        raise DataError(msg)
    return ((weights.sum(axis=0) - mine) / count[:, None, None])[index]


@dataclasses.dataclass(frozen=True)
class Prior:
    """Where lesions lie in a photograph, without looking at it.

    Attributes
    ----------
    share : float
        Mean share of the picture that is lesion.
    sigma : float
        Root mean square distance of lesion from the centre along one axis, the side being 1.
    masks : int
        Number of masks that this was learned from.
    """

    share: float
    sigma: float
    masks: int

    def box(self, shape):
        """Return a map (h, w): how much of each cell a centred square of `share` covers."""
        half = np.sqrt(self.share) / 2
        edges = np.array([0.5 - half, 0.5 + half])
        down, across = (overlaps(edges, cells)[0] for cells in shape)
        # Cells alike are to tie exactly, not up to rounding.
        return np.round(np.outer(down, across), 12)

    def gaussian(self, shape):
        """Return a map (h, w): what each cell holds of a centred Gaussian of `sigma`."""
        down, across = (
            np.diff(norm.cdf(np.arange(cells + 1) / cells, 0.5, self.sigma)) for cells in shape
        )
        return np.round(np.outer(down, across), 12)


def learn_prior(masks):
    """Learn a `Prior` from masks.

    Parameters
    ----------
    masks : iterable of numpy.ndarray
        Shape (H, W), bool, all of one size; cropped as the network saw the pictures.

    Raises
    ------
    DataError
        If there is no lesion in any of them.
    """
    total, count = 0, 0
    for mask in masks:
        total, count = total + mask.astype(np.int64), count + 1
    if not np.sum(total):
        msg = f"{count} masks without any lesion; expected some to learn from"
        raise DataError(msg)
    rows, columns = ((np.arange(pixels) + 0.5) / pixels - 0.5 for pixels in total.shape)
    squares = rows[:, None] ** 2 + columns**2
    variance = (total * squares).sum() / total.sum() / 2
    return Prior(float(total.mean() / count), float(np.sqrt(variance)), count)


def read_prior(masks, image_ids, crop):
    """Learn a `Prior` from the masks (`skinlib.data.masks.Masks`) of some images."""
    return learn_prior(cropped(masks.read(image_id), crop) for image_id in image_ids)


def darkness(images, shape):
    """Return how much darker each cell of a photograph is than its brightest cell.

    Parameters
    ----------
    images : iterable of numpy.ndarray
        Shape (H, W, 3).
    shape : tuple of int
        Cells down and across, (h, w).

    Returns
    -------
    numpy.ndarray
        Shape (n, h, w), at least 0.
    """
    cells = np.stack([cell_shares(image.mean(axis=-1), shape, "none") for image in images])
    return cells.max(axis=(1, 2), keepdims=True) - cells


def score(maps, shares, lesions, prior):
    """Score maps of images, and the maps that they have to beat.

    Parameters
    ----------
    maps : dict of str to numpy.ndarray
        Some of `LEARNED`, and `CONTROL`; shape (n, h, w).
    shares : numpy.ndarray
        Shape (n, h, w).
    lesions : array_like
        Lesion id of each image.
    prior : Prior

    Returns
    -------
    pandas.DataFrame
        ``share`` (of lesion in the picture), and ``<name>_mass``, ``<name>_hit`` for each
        of the maps, of them with ``_others``, of `FIXED` and of `LIMITS`; n rows.

    Raises
    ------
    DataError
        Shapes that do not fit.
    """
    found = {"share": shares.mean(axis=(1, 2))}
    for name, values in maps.items():
        if values.shape != shares.shape:
            msg = f"maps '{name}' have shape {values.shape}, the masks {shares.shape}; not equal"
            raise DataError(msg)
        found[f"{name}_mass"] = mass_inside(values, shares)
        found[f"{name}_hit"] = hits(values, shares)
        others = of_others(normalised(values), lesions)
        found[f"{name}_others_mass"] = mass_inside(others, shares)
        found[f"{name}_others_hit"] = _on_lesion(of_others(tops(values), lesions), shares)
    grid = shares.shape[1:]
    ones = np.ones((len(shares), 1, 1))
    known = {
        "box": prior.box(grid) * ones,
        "gaussian": prior.gaussian(grid) * ones,
        "even": np.ones(grid) * ones,
        "outline": shares,
        "ceiling": tops(shares),
    }
    for name, values in known.items():
        found[f"{name}_mass"] = mass_inside(values, shares)
        found[f"{name}_hit"] = hits(values, shares)
    return pd.DataFrame(found)
