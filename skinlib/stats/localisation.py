"""Scores of maps against lesion masks, and of the maps that they have to beat.

A map has a number for each cell of a grid, a mask the share of each cell that is lesion. They are
compared on the map's own grid; nothing is enlarged. Lesions are in the middle of the photograph
and fill much of it, so that maps which ignore the photograph score well too. Such maps are scored
beside those of a network, and so are the network's own maps for other lesions.
"""

import numpy as np
import pandas as pd

from skinlib.common.errors import DataError
from skinlib.data.masks import cell_shares, overlaps

# Maps that come from a network.
LEARNED = ("attention", "gradcam", "hirescam")
# The photograph itself as a map: lesions are darker than skin.
DARKNESS = "darkness"
NAMES = {
    "attention": "soft attention",
    "gradcam": "Grad-CAM",
    "hirescam": "HiResCAM",
    "darkness": "darkness",
    "even": "even spread",
    "box": "centred square",
    "outline": "the mask itself",
}
# A cell counts as lesion where more than this share of it is.
MOSTLY = 0.5


def normalised(maps):
    """Divide each map (h, w) by its sum; a map of zeros counts as even.

    Raises
    ------
    DataError
        A number that is negative or not finite.
    """
    maps = np.asarray(maps, float)
    bad = ~(np.isfinite(maps) & (maps >= 0)).all(axis=(1, 2))
    if bad.any():
        msg = f"map {bad.argmax()} has a number that is negative or not finite; expected 0 or more"
        raise DataError(msg)
    sums = maps.sum(axis=(1, 2), keepdims=True)
    even = np.full(maps.shape, 1 / np.prod(maps.shape[1:]))
    return np.divide(maps, sums, out=even, where=sums > 0)


def tops(maps):
    """Return maps (n, h, w) with 1 at the maximum and 0 elsewhere; several maxima share the 1."""
    highest = (maps == np.max(maps, axis=(1, 2), keepdims=True)).astype(float)
    return highest / highest.sum(axis=(1, 2), keepdims=True)


def of_others(maps, lesions):
    """Return for each image the mean of the maps of all images of other lesions.

    Scores are linear in the maps of `normalised` and `tops`, so the score of this mean is the mean
    score of the others. Maps have the shape (n, h, w), lesions (n,).

    Raises
    ------
    DataError
        All images are of one lesion.
    """
    _, index = np.unique(lesions, return_inverse=True)
    same = np.zeros((index.max() + 1, *maps.shape[1:]))
    np.add.at(same, index, maps)
    count = len(maps) - np.bincount(index)
    if not count.all():
        msg = "all images are of one lesion; expected other lesions to compare with"
        raise DataError(msg)
    return ((maps.sum(axis=0) - same) / count[:, None, None])[index]


def box(share, shape):
    """Return a map (h, w): how much of each cell a centred square of this share covers."""
    half = np.sqrt(share) / 2
    edges = np.array([0.5 - half, 0.5 + half])
    down, across = (overlaps(edges, cells)[0] for cells in shape)
    # Equal cells must tie exactly, not up to rounding.
    return np.round(np.outer(down, across), 12)


def darkness(images, shape):
    """Return how much darker each cell of photographs is than the brightest cell of its photograph.

    From photographs (H, W, 3), and the number of cells down and across: (n, h, w), at least 0.
    """
    cells = np.stack([cell_shares(image.mean(axis=-1), shape, "none") for image in images])
    return cells.max(axis=(1, 2), keepdims=True) - cells


def score(maps, shares, lesions, share):
    """Score maps of images, and the maps that they have to beat.

    The mass of a map is the part of its sum that is on the lesion. The hit is the pointing game: is
    the cell of its maximum mostly lesion? Of several maxima the share counts.

    Parameters
    ----------
    maps : dict of str to numpy.ndarray
        Some of `LEARNED`, and `DARKNESS`; at least 0, shape (n, h, w).
    shares : numpy.ndarray
        Share of lesion in each cell, shape (n, h, w).
    lesions : array_like
        Lesion id of each image, shape (n,).
    share : float
        Mean share of a picture that is lesion, learned from other masks.

    Returns
    -------
    pandas.DataFrame
        n rows: ``share`` (of lesion in the picture), ``<name>_mass`` and ``<name>_hit`` of each
        map, of ``<name>_others`` (maps of other lesions), and of ``box`` (a centred square),
        ``even`` and ``outline`` (the mask itself).
    """
    found, even = {"share": shares.mean(axis=(1, 2))}, np.ones(shares.shape)
    rivals = {"box": box(share, shares.shape[1:]) * even, "even": even, "outline": shares}
    for name, values in (maps | rivals).items():
        parts = {"mass": (normalised(values), shares), "hit": (tops(values), shares > MOSTLY)}
        for kind, (part, lesion) in parts.items():
            found[f"{name}_{kind}"] = (part * lesion).sum(axis=(1, 2))
        if name in maps:
            for kind, (part, lesion) in parts.items():
                others = of_others(part, lesions)
                found[f"{name}_others_{kind}"] = (others * lesion).sum(axis=(1, 2))
    return pd.DataFrame(found)
