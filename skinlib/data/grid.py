"""Average a picture down to a coarse grid, exactly: the share of each cell that is lesion.

Pillow's BOX filter counts a pixel on the border of two cells for one of them only.
"""

import numpy as np

from skinlib.common.errors import DataError
from skinlib.data.pixels import CROPS


def cell_shares(mask, shape, crop="centre"):
    """Average a mask (H, W), bool or numbers, over the cells of a grid of `shape` (h, w).

    The mask is cut first, see `cropped`. A pixel on a border counts for each cell with its part.
    """
    mask = cropped(mask, crop)
    rows, columns = (
        overlaps(np.arange(pixels + 1) / pixels, cells)
        for pixels, cells in zip(mask.shape, shape, strict=True)
    )
    return rows.T @ mask @ columns


def cropped(mask, crop="centre"):
    """Cut a mask as `skinlib.data.pixels.resize` cuts the photograph."""
    if crop not in CROPS:
        msg = f"crop '{crop}' is unknown, expected one of {CROPS}"
        raise DataError(msg)
    if crop == "none":
        return mask
    height, width = mask.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return mask[top : top + side, left : left + side]


def overlaps(edges, cells):
    """Return the share of each of `cells` equal cells of the side 0 to 1 in each interval.

    `edges`, shape (n + 1,), are the ascending borders of n intervals; the result is (n, cells).
    """
    borders = np.arange(cells + 1) / cells
    start = np.maximum(edges[:-1, None], borders[:-1])
    end = np.minimum(edges[1:, None], borders[1:])
    return np.clip(end - start, 0, None) * cells
