"""Outlines of the lesions: find the masks, read them whole or not at all, average them over cells.

HAM10000 comes with one mask a photograph, ``ISIC_xxxxxxx_segmentation.png`` of 600 x 450
pixels. They are read one by one from their zip or folder; nothing is unpacked.
"""

import io
import os
import re
from pathlib import Path, PurePosixPath

import numpy as np

from skinlib.common import paths
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import below, closed_to_us, hash_of, sha256
from skinlib.data import store
from skinlib.data.archive import open_zip, read_member
from skinlib.data.images import decode

# Where the masks may lie beside the photographs: a copy, the published file, folders.
NAMES = (
    "HAM10000_masks_600x450.zip", "HAM10000_segmentations_lesion_tschandl.zip", "masks",
    "HAM10000_segmentations_lesion_tschandl",
)  # fmt: skip

# Width and height of every mask.
SIZE = (600, 450)

# Part of the key of the masks of a U-Net. Raise it with every change of how they are made.
OUTLINES = 1

# Cells on a side of a mask that is an input of a network.
GRID = 24

_MEMBER = re.compile(r"(ISIC_\d{7})_segmentation\.png", re.IGNORECASE)

# A mask of this size has a few kilobytes; one bit a pixel, not packed at all, has 34.
_LIMIT = 2**20


def locate(data, masks=None):
    """Return where the masks lie: a zip, or a folder of PNG files.

    `masks`, else ``SKINLIB_MASKS``, else one of `NAMES` in the folder `data`. `DataError`: there
    are none.
    """
    chosen = masks or os.environ.get("SKINLIB_MASKS")
    places = [Path(chosen)] if chosen else [Path(data) / name for name in NAMES]
    for place in places:
        if place.exists():
            return place
    missing = " and ".join(f"'{place}'" for place in places)
    msg = (
        f"no lesion masks: {missing} not found; put {NAMES[1]} beside the photographs, which the "
        "HAM10000 page of the Harvard Dataverse offers (doi:10.7910/DVN/DBW86T), or set "
        "SKINLIB_MASKS or --masks to it"
    )
    raise DataError(msg)


def outlined_file(given, dataset, split):
    """Return the path of the masks of a U-Net (`skinlib.training.outlines`), a zip.

    It was trained on the `given` masks of the training set of a split, named by its hash.
    """
    key = {"masks": given.provenance()["sha256"], "fingerprint": dataset.fingerprint}
    name = hash_of({**key, "split": split, "version": OUTLINES})
    return paths.cache() / "outlines" / f"{name}.zip"


def of_recipe(outlines, dataset, split):
    """Return the `Masks` that a recipe uses: the ``given`` ones, or those of the ``unet``.

    `split` is the hash of the split. `DataError`: there are none.
    """
    given = Masks(locate(dataset.folder))
    if outlines == "given":
        return given
    path = outlined_file(given, dataset, split)
    if not path.is_file():
        msg = (
            f"recipe field outlines is 'unet', but there is no '{path}'; train the run on this "
            "machine, which makes it first"
        )
        raise DataError(msg)
    return Masks(path)


class Masks:
    """The masks of a data set, read one at a time from a zip or a folder, see `locate`.

    ``ids`` is the set of images that have a mask.

    Raises
    ------
    DataError
        No mask in it.
    IntegrityError
        A zip that is damaged, an image with two masks, or a file too large for a mask.
    """

    def __init__(self, path):
        self.path = Path(path)
        self._archive = None if self.path.is_dir() else open_zip(self.path)
        if self._archive:
            found = [
                (PurePosixPath(info.filename).name, info.file_size, info)
                for info in self._archive.infolist()
            ]
        else:
            files, closed = below(self.path)
            if closed:
                raise DataError(closed_to_us(closed[0]))
            found = [(place.name, place.stat().st_size, place) for place in files]
        self._places = {}
        for name, size, place in found:
            if not (match := _MEMBER.fullmatch(name)):
                continue
            if size > _LIMIT:
                msg = f"'{self.path}': '{name}' is of {size} bytes, no mask; fetch the masks again"
                raise IntegrityError(msg)
            if self._places.setdefault(match[1], place) is not place:
                msg = f"'{self.path}' has two masks of {match[1]}; remove one"
                raise IntegrityError(msg)
        if not self._places:
            msg = f"'{self.path}' holds no ISIC_xxxxxxx_segmentation.png; expected one an image"
            raise DataError(msg)
        self.ids = set(self._places)

    def read(self, image_id):
        """Return one mask, shape (450, 600), bool: True on the lesion.

        Raises `IntegrityError` if the file does not decode whole or is of another size.
        """
        if image_id not in self._places:
            msg = (
                f"'{self.path}' has no mask of {image_id} but {len(self._places)} others; name the "
                "masks of these photographs by --masks or SKINLIB_MASKS"
            )
            raise DataError(msg)
        place = self._places[image_id]
        content = read_member(self._archive, place) if self._archive else place.read_bytes()
        name = f"{self.path}: {image_id}_segmentation.png"
        image = decode(io.BytesIO(content), name)
        if image.size != SIZE:
            found, expected = ("{} x {}".format(*size) for size in (image.size, SIZE))
            msg = f"'{name}' has {found} pixels, expected {expected}; fetch the masks again"
            raise IntegrityError(msg)
        return np.asarray(image.convert("L")) > 127

    def shares(self, image_ids, shape, crop="centre"):
        """Return `cell_shares` of several images, shape (n, h, w)."""
        return np.stack([cell_shares(self.read(name), shape, crop) for name in image_ids])

    def provenance(self):
        """Return the record of the masks in a result: name, number and hash."""
        if self._archive:
            digest = sha256(self.path)
        else:
            digest = hash_of([[name, sha256(path)] for name, path in sorted(self._places.items())])
        return {"file": self.path.name, "masks": len(self._places), "sha256": digest}


def grids(masks, dataset, crop="centre"):
    """Return the share of the lesion in the cells of `GRID` for all images, from the cache.

    Shape (n, h, w, 1), float32; row i is row i of the table of the
    `skinlib.data.ham10000.Dataset`.
    """
    ids, shape = dataset.table["image_id"].tolist(), (GRID, GRID)
    key = {"images": ids, "shape": shape, "crop": crop, "masks": masks.provenance()["sha256"]}
    path = paths.cache() / "masks" / f"{hash_of(key)}.npy"
    blocks = (masks.shares([name], shape, crop)[..., None] for name in ids)
    return store.kept(path, (len(ids), *shape, 1), np.float32, blocks, {"key": key})


def cell_shares(mask, shape, crop="centre"):
    """Average a mask (H, W), bool or numbers, over the cells of a grid of `shape` (h, w).

    The mask is cut first, see `cropped`. A pixel on a border counts for each cell with its part;
    Pillow's BOX filter counts it for one of them only.
    """
    mask = cropped(mask, crop)
    rows, columns = (
        overlaps(np.arange(pixels + 1) / pixels, cells)
        for pixels, cells in zip(mask.shape, shape, strict=True)
    )
    return rows.T @ mask @ columns


def cropped(mask, crop="centre"):
    """Cut a mask as `skinlib.data.pixels.resize` cuts the photograph: ``centre`` or ``none``."""
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
