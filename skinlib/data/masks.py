"""Outlines of the lesions: find the masks, and read them whole or not at all.

HAM10000 comes with one mask a photograph, ``ISIC_xxxxxxx_segmentation.png`` of 600 × 450
pixels. They are read one by one from their zip or folder; nothing is unpacked.
"""

import io
import os
import re
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import numpy as np

from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import hash_of, sha256
from skinlib.data.grid import cell_shares
from skinlib.data.images import open_image

# Names under which the masks may lie beside the photographs: a copy, and the published file.
NAMES = ("HAM10000_masks_600x450.zip", "HAM10000_segmentations_lesion_tschandl.zip")
FOLDERS = ("masks", "HAM10000_segmentations_lesion_tschandl")

# Width and height of every mask.
SIZE = (600, 450)

_MEMBER = re.compile(r"(ISIC_\d{7})_segmentation\.png", re.IGNORECASE)

# A mask of this size has a few kilobytes; one bit a pixel, not packed at all, has 34.
_LIMIT = 2**20

# What zipfile raises for a member that is damaged, encrypted or packed in an unusual way.
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, OSError,
)  # fmt: skip


def locate(data=None, masks=None):
    """Return where the masks lie.

    Parameters
    ----------
    data : str or pathlib.Path, optional
        The data folder, where they are looked for under `NAMES` and `FOLDERS`.
    masks : str or pathlib.Path, optional
        A zip or a folder of PNG files; ``SKINLIB_MASKS`` by default.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DataError
        There is nothing, or not where it was said to be.
    """
    chosen = masks or os.environ.get("SKINLIB_MASKS")
    if chosen:
        if not Path(chosen).exists():
            msg = f"masks '{chosen}' do not exist; expected a zip or folder of *_segmentation.png"
            raise DataError(msg)
        return Path(chosen)
    if data is not None:
        for name in (*NAMES, *FOLDERS):
            if (Path(data) / name).exists():
                return Path(data) / name
    msg = (
        f"no lesion masks in '{data}'; put {NAMES[1]} there, which the HAM10000 page of the "
        "Harvard Dataverse offers (doi:10.7910/DVN/DBW86T), or set SKINLIB_MASKS or --masks to it"
    )
    raise DataError(msg)


class Masks:
    """The masks of a data set, read one at a time.

    Parameters
    ----------
    path : str or pathlib.Path
        A zip or a folder, searched with its sub-folders; files of other names are left alone.

    Attributes
    ----------
    ids : set of str
        Images that have a mask.

    Raises
    ------
    DataError
        Nothing there, or no mask in it.
    IntegrityError
        A zip that is damaged, an image with two masks, or a member too large for a mask.
    """

    def __init__(self, path):
        self.path = Path(path)
        if self.path.is_dir():
            self._archive = None
            found = [(place.name, place) for place in sorted(self.path.rglob("*.png"))]
            sizes = {place: place.stat().st_size for _, place in found}
        else:
            self._archive = _open(self.path)
            members = [info for info in self._archive.infolist() if not _shadow(info.filename)]
            found = [(PurePosixPath(info.filename).name, info) for info in members]
            sizes = {info: info.file_size for info in members}
        self._places = {}
        for name, place in found:
            if not (match := _MEMBER.fullmatch(name)):
                continue
            # A size that the archive declares is a promise; `_content` holds it to that.
            if sizes[place] > _LIMIT:
                msg = f"'{self.path}': '{name}' is of {sizes[place]} bytes, no mask; refused"
                raise IntegrityError(msg)
            if self._places.setdefault(match[1], place) is not place:
                msg = f"'{self.path}' has two masks of {match[1]}; remove one"
                raise IntegrityError(msg)
        if not self._places:
            msg = f"'{self.path}' holds no ISIC_xxxxxxx_segmentation.png; expected one an image"
            raise DataError(msg)

    @property
    def ids(self):
        return set(self._places)

    def read(self, image_id):
        """Return one mask, shape (450, 600), bool: True on the lesion.

        Raises
        ------
        DataError
            No mask of this image.
        IntegrityError
            A file that does not decode whole, or is of another size than `SIZE`.
        """
        if image_id not in self._places:
            msg = f"'{self.path}' has no mask of {image_id}; it has {len(self._places)} others"
            raise DataError(msg)
        name = f"{self.path}: {image_id}_segmentation.png"
        with open_image(io.BytesIO(self._content(image_id)), name) as image:
            if image.size != SIZE:
                found, expected = ("{} × {}".format(*size) for size in (image.size, SIZE))
                msg = f"'{name}' has {found} pixels, expected {expected}; fetch the masks again"
                raise IntegrityError(msg)
            try:
                pixels = np.asarray(image.convert("L"))
            except (OSError, SyntaxError, ValueError) as error:
                msg = f"'{name}' does not decode whole ({error}); fetch the masks again"
                raise IntegrityError(msg) from error
        return pixels > 127

    def shares(self, image_ids, shape, crop="centre"):
        """Return `skinlib.data.grid.cell_shares` of several images, shape (n, h, w)."""
        shares = np.empty((len(image_ids), *shape))
        for row, image_id in enumerate(image_ids):
            shares[row] = cell_shares(self.read(image_id), shape, crop)
        return shares

    def provenance(self):
        """Return what a result says about the masks: name, number and hash."""
        if self._archive:
            digest = sha256(self.path)
        else:
            digest = hash_of([[name, sha256(path)] for name, path in sorted(self._places.items())])
        return {"file": self.path.name, "masks": len(self._places), "sha256": digest}

    def _content(self, image_id):
        place = self._places[image_id]
        if not self._archive:
            return place.read_bytes()
        try:
            with self._archive.open(place) as stream:
                content = stream.read(_LIMIT + 1)
        except _ZIP_ERRORS as error:
            msg = (
                f"'{self.path}': member '{place.filename}' is corrupt ({error}); delete the zip "
                "and fetch it again"
            )
            raise IntegrityError(msg) from error
        if len(content) > _LIMIT:
            msg = f"'{self.path}': member '{place.filename}' is larger than it says; refused"
            raise IntegrityError(msg)
        return content


def _open(path):
    if not path.is_file():
        msg = f"masks '{path}' do not exist; expected a zip or folder of *_segmentation.png"
        raise DataError(msg)
    try:
        return zipfile.ZipFile(path)
    except _ZIP_ERRORS as error:
        msg = f"'{path}' is a truncated or corrupt zip ({error}); delete it and fetch it again"
        raise IntegrityError(msg) from error


def _shadow(name):
    """Is this one of the files that a Mac adds to a zip for each real one?"""
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or PurePosixPath(name).name.startswith("._")
