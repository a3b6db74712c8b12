"""Zip files: opened, read and unpacked whole, or refused by name."""

import contextlib
import stat
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from tqdm import tqdm

from skinlib.common.errors import IntegrityError
from skinlib.common.files import atomic_folder

# Photographs do not compress: a zip that unpacks to more times its size holds something else.
RATIO = 20
MAX_MEMBER = 2**26  # bytes

# What zipfile raises for damaged files: more than its own BadZipFile (found by fuzzing).
ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, OSError,
)  # fmt: skip


@contextlib.contextmanager
def _or_refused(fault):
    try:
        yield
    except ZIP_ERRORS as error:
        msg = f"{fault} ({error}); delete the zip and fetch it again"
        raise IntegrityError(msg) from error


def open_zip(path):
    """Return a `zipfile.ZipFile`; raise `IntegrityError` if it is none."""
    with _or_refused(f"'{path}' is a truncated or corrupt zip"):
        return zipfile.ZipFile(path)


def read_member(archive, info):
    """Return the bytes of a member, never more than it declares; the checksum is compared."""
    with _or_refused(f"'{archive.filename}': member '{info.filename}' is corrupt"):
        return archive.read(info)


def unpack(path, target, count, *, progress=True):
    """Unpack the `count` photographs of a zip into a folder, which appears whole or not at all.

    They become ``<image id>.jpg``, whatever the folders inside the zip. `progress` shows a bar
    where standard error is a terminal.

    Raises
    ------
    IntegrityError
        The zip is damaged or hostile, or has another number of photographs.
    """
    with open_zip(path) as archive:
        images = _images(path, archive)
        if len(images) != count:
            msg = f"'{path}' holds {len(images)} images, expected {count}; fetch it again"
            raise IntegrityError(msg)
        bar = tqdm(images.items(), f"unpack {path.name}", disable=None if progress else True)
        with atomic_folder(target) as partial:
            for name, info in bar:
                (partial / f"{name}.jpg").write_bytes(read_member(archive, info))


def _images(path, archive):
    """Return {image id: member} of a zip, refusing every way to harm that zips are known for."""
    images, size = {}, 0
    for info in archive.infolist():
        place = PurePosixPath(info.filename.replace("\\", "/"))
        size += info.file_size
        reason = None
        if place.is_absolute() or ":" in info.filename or ".." in place.parts:
            reason = "points outside the folder"
        elif stat.S_ISLNK(info.external_attr >> 16):
            reason = "is a symbolic link"
        elif info.file_size > MAX_MEMBER or size > RATIO * path.stat().st_size:
            reason = f"brings the unpacked size to {size} bytes, far beyond that of the zip"
        if reason:
            msg = f"'{path}': member '{info.filename}' {reason}; refused, nothing was unpacked"
            raise IntegrityError(msg)
        # A Mac adds a file with such a name for each real one.
        if place.suffix.lower() == ".jpg" and not place.name.startswith("._"):
            images[place.stem] = info
    return images
