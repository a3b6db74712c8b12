"""Decode once: all images of a data set as one uint8 array on disk.

Later epochs, runs and notebooks read rows of it, so memory stays flat in the number of
images and decoding is paid once. Beside the images lies what proves them: a checksum of
each, written when it was made and compared when a run opens the cache. What does not
agree is made again from its JPEG.
"""

import dataclasses
import hashlib
import io
import json
import logging
import os
import shutil
import zlib

import numpy as np
import PIL
from filelock import FileLock
from PIL import Image, features
from tqdm import tqdm

from skinlib.common import paths
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import hash_of, write_json
from skinlib.data.images import decode_and_hash, in_threads
from skinlib.data.store import CHECK, Pixels, header

CROPS = ("centre", "none")

# PIL's filters antialias when they shrink, except nearest.
FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "nearest": Image.Resampling.NEAREST,
    "bicubic": Image.Resampling.BICUBIC,
}

# Part of the cache key. Raise it with every change of `resize` or `skinlib.data.images.decode`.
LAYOUT = 2

IMAGES, CHECKS, MARKER = "images.npy", "checks.npy", ".complete"

_log = logging.getLogger(__name__)


def resize(image, size, *, interpolation="bilinear", crop="centre"):
    """Make a square RGB array of an image.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB.
    size : int
        Side of the result in pixels.
    interpolation : {'bilinear', 'nearest', 'bicubic'}
    crop : {'centre', 'none'}
        ``centre`` keeps the aspect and cuts the longer side to a square (what the
        authors' MD notebooks did), ``none`` squeezes the whole picture (their AD
        notebooks); protocol §1.3.

    Returns
    -------
    numpy.ndarray
        Shape (size, size, 3), uint8.
    """
    if crop not in CROPS or interpolation not in FILTERS:
        msg = (
            f"crop '{crop}' or interpolation '{interpolation}' unknown; have {CROPS}, {[*FILTERS]}"
        )
        raise DataError(msg)
    box = None
    if crop == "centre":
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        box = (left, top, left + side, top + side)
    return np.asarray(image.resize((size, size), FILTERS[interpolation], box=box))


def cached(dataset, size, *, interpolation="bilinear", crop="centre", progress=True):
    """Return all images of a data set, building the cache when it is missing or torn.

    Every image is compared with its checksum first; those that fail are decoded again,
    with a warning that names them.

    Parameters
    ----------
    dataset : skinlib.data.ham10000.Dataset
    size : int
        Side in pixels.
    interpolation, crop : str
        See `resize`.
    progress : bool
        Show a bar while building.

    Returns
    -------
    skinlib.data.store.Pixels
        Shape (n, size, size, 3), uint8, read-only; row i is row i of `dataset.table`.
        ``repaired`` names the images that were damaged.

    Raises
    ------
    IntegrityError
        If an image does not decode whole, or is damaged in the cache and its file is no
        longer the one the cache was built from.
    """
    settings = _Settings(size, interpolation, crop)
    key = {
        "fingerprint": dataset.fingerprint,
        "images": dataset.table["image_id"].tolist(),
        **dataclasses.asdict(settings),
        "versions": {
            "pillow": PIL.__version__,
            "jpeg": features.version("jpg"),
            "turbo": features.version("libjpeg_turbo"),
            "layout": LAYOUT,
        },
    }
    base = paths.cache() / "pixels"
    folder = base / f"{dataset.name}-{size}px-{hash_of(key)}"
    shape = (len(dataset.table), size, size, 3)
    base.mkdir(parents=True, exist_ok=True)
    # Parallel runs of a study meet here first; one builds, the others wait.
    lock = FileLock(f"{folder}.lock")
    with lock:
        try:
            pixels = _open(folder, shape)
        except (FileNotFoundError, ValueError, KeyError, TypeError, IntegrityError):
            shutil.rmtree(folder, ignore_errors=True)
            _build(dataset, folder, shape, settings, progress)
            pixels = _open(folder, shape)
    wrong = pixels.wrong()
    if len(wrong):
        with lock:
            # Another run may have repaired them meanwhile.
            pixels.repaired = _repair(dataset, pixels, pixels.wrong(wrong), settings)
    return pixels


@dataclasses.dataclass(frozen=True)
class _Settings:
    """How a row is made of a file."""

    size: int
    interpolation: str
    crop: str

    def make(self, path):
        """Return an image and its `CHECK`."""
        image, digest = decode_and_hash(path)
        array = np.ascontiguousarray(
            resize(image, self.size, interpolation=self.interpolation, crop=self.crop)
        )
        return array, np.array((zlib.crc32(array), np.frombuffer(digest, np.uint8)), CHECK)


def _open(folder, shape):
    """Open a cache whose three files agree; any other is missing or torn, and an error."""
    marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    content = (folder / CHECKS).read_bytes()
    if marker["checks"] != hashlib.sha256(content).hexdigest():
        msg = f"'{folder / CHECKS}' is damaged; delete the folder, it is made again"
        raise IntegrityError(msg)
    return Pixels(folder / IMAGES, shape, np.load(io.BytesIO(content), allow_pickle=False))


def _build(dataset, folder, shape, settings, progress):
    """Fill a temporary folder, the marker last, then move it into place."""
    # One name under the lock: what a process killed outright left there is cleared here.
    temporary = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    checks = np.empty(shape[0], CHECK)
    made = in_threads(settings.make, dataset.table["path"])
    bar = tqdm(
        made, desc=f"decode to {shape[1]}px", total=shape[0], unit="img", disable=not progress
    )
    try:
        with (temporary / IMAGES).open("wb") as file:
            file.write(header(shape))
            for row, (image, check) in enumerate(bar):
                file.write(image.data)
                checks[row] = check
            _sync(file)
        with (temporary / CHECKS).open("w+b") as file:
            np.save(file, checks, allow_pickle=False)
            _sync(file)
            file.seek(0)
            proof = hashlib.file_digest(file, "sha256").hexdigest()
        write_json(temporary / MARKER, {"shape": list(shape), "checks": proof})
        os.replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _sync(file):
    file.flush()
    os.fsync(file.fileno())


def _repair(dataset, pixels, wrong, settings):
    """Decode the images of some rows again and write them in place; return their ids."""
    rows = dataset.table.iloc[wrong]
    names = tuple(rows["image_id"])
    if names:
        _log.warning(
            "%d images are damaged in the pixel cache '%s' and are decoded again: %s",
            len(names),
            pixels.path,
            ", ".join(names[:20]) + (", …" if len(names) > 20 else ""),
        )
    for row, name, path in zip(wrong, names, rows["path"], strict=True):
        image, check = settings.make(path)
        if check["crc32"] != pixels.checks[row]["crc32"]:
            msg = (
                f"image {name} is damaged in the pixel cache, and '{path}' is no longer the file "
                f"the cache was built from; fetch it again, or delete '{pixels.path.parent}'"
            )
            raise IntegrityError(msg)
        pixels.replace(row, image)
    return names
