"""Look through a table or a zip before believing it, then unpack the images.

Everything is read and checked before the first byte is written. A folder of images
counts only once its ``.complete`` marker lies in it.
"""

import csv
import json
import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from skinlib.common.errors import IntegrityError
from skinlib.common.files import write_json
from skinlib.data import registry

# JPEG does not compress: a ratio beyond a few per cent is no photograph.
RATIO = 20

# What zipfile raises for damaged files: more than its own BadZipFile (found by fuzzing).
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
    OSError,
)


def read_ids(file, path):
    """Return the image ids of a table, every one once and as many as there should be."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"'{path}' is not a csv table: {error}; delete it and fetch it again"
        raise IntegrityError(msg) from error
    column = next((name for name in ("image_id", "image") if rows and name in rows[0]), None)
    ids = {row[column] for row in rows if row[column]} if column else set()
    if not ids or len(ids) != len(rows) or file.members not in (None, len(rows)):
        msg = (
            f"'{path}' has {len(rows)} rows with {len(ids)} different image ids, expected "
            f"{file.members or 'as many ids as rows'} in a column image_id, comma-separated; "
            "delete it and fetch it again"
        )
        raise IntegrityError(msg)
    return ids


def unpacked(target):
    """Return the image ids of a finished folder; none if it was cut short or has lost any."""
    try:
        images = json.loads((target / ".complete").read_text(encoding="utf-8"))["images"]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    found = {path.stem for path in target.glob("*.jpg")}
    return found if len(found) == images else set()


def seal(file, target):
    """Mark an image folder as finished."""
    images = len(list(target.glob("*.jpg")))
    write_json(target / ".complete", {"archive": file.name, "images": images})


def unpack(file, path, target, ids, *, progress=True):
    """Unpack the images of a zip beside its download, then move them into place one by one.

    Parameters
    ----------
    file : skinlib.data.registry.RemoteFile
    path : pathlib.Path
        The zip.
    target : pathlib.Path
        Folder of the images. A folder ``downloads`` lies beside it.
    ids : set of str
        The images that tables name.
    progress : bool
        Show a bar where standard error is a terminal.

    Returns
    -------
    set of str
        The ids of the images.

    Raises
    ------
    IntegrityError
        The zip is damaged or hostile, or has other images than it should. Nothing
        of it was unpacked.
    """
    downloads = target.parent / "downloads"
    for left in downloads.glob(".unpack-*"):  # by a killed process; the caller holds the lock
        shutil.rmtree(left)
    try:
        archive = zipfile.ZipFile(path)
    except _ZIP_ERRORS as error:
        msg = f"'{path}' is a truncated or corrupt zip ({error}); delete it and fetch it again"
        raise IntegrityError(msg) from error
    with archive:
        images = _images(file, path, archive)
        _test(path, archive, progress)
        unknown = sorted(set(images) - ids)
        if unknown or file.members not in (None, len(images)):
            msg = (
                f"'{path}' holds {len(images)} images, expected {file.members or 'any number'}; "
                f"{len(unknown)} are in no row of the table {unknown[:5]}; delete and fetch again"
            )
            raise IntegrityError(msg)
        with tempfile.TemporaryDirectory(prefix=".unpack-", dir=downloads) as temporary:
            # Not called .jpg yet: readers search the whole folder for images, and must not
            # meet one twice, even after a power cut.
            for name, info in images.items():
                with archive.open(info) as source, Path(temporary, name).open("wb") as out:
                    shutil.copyfileobj(source, out)
            target.mkdir(exist_ok=True)
            for name in images:
                os.replace(Path(temporary, name), target / f"{name}.jpg")
    return set(images)


def _images(file, path, archive):
    """Return {image id: member} of a zip, refusing every way to harm that zips are known for."""
    images, size = {}, 0
    for info in archive.infolist():
        place = PurePosixPath(info.filename.replace("\\", "/"))
        reason = None
        if place.is_absolute() or ":" in info.filename:
            reason = "has an absolute name"
        elif ".." in place.parts:
            reason = "points outside the folder"
        elif stat.S_ISLNK(info.external_attr >> 16):
            reason = "is a symbolic link"
        elif info.flag_bits & 1 or info.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            reason = "is encrypted or packed in an unusual way"
        elif place.stem in images and place.suffix.lower() == ".jpg":
            reason = "is there twice"
        size += info.file_size
        if size > min(registry.LIMIT, RATIO * path.stat().st_size):
            reason = f"brings the unpacked size to {size} bytes, far beyond {file.name}"
        if reason:
            msg = f"'{path}': member '{info.filename}' {reason}; refused, nothing was unpacked"
            raise IntegrityError(msg)
        # Zips made on a Mac carry a shadow of every file, also called .jpg.
        shadow = "__MACOSX" in place.parts or place.name.startswith("._")
        if place.suffix.lower() == ".jpg" and not shadow and not info.is_dir():
            images[place.stem] = info
    return images


def _test(path, archive, progress):
    """Read every member to its end and name the first that is corrupt.

    `zipfile.ZipFile.testzip` lets the errors of the decompressor through without
    the name of the member.
    """
    bar = tqdm(archive.infolist(), desc=f"testing {path.name}", disable=None if progress else True)
    for info in bar:
        try:
            with archive.open(info) as source:
                while source.read(1 << 20):
                    pass
        except _ZIP_ERRORS as error:
            msg = (
                f"'{path}': member '{info.filename}' is corrupt ({error}); nothing was unpacked. "
                "Delete the zip and fetch it again"
            )
            raise IntegrityError(msg) from error
