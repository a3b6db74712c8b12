"""Decode once: all images of a data set as one uint8 array on disk, read through a memory map.

Beside the array lies a JSON file with its SHA-256, compared each time the cache is opened, and
with the SHA-256 of each image file. A damaged cache is made anew as a whole.
"""

import json
import logging
import mmap

import numpy as np
import PIL
from filelock import FileLock
from PIL import Image, features
from tqdm import tqdm

from skinlib.common import paths
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import atomic_path, hash_of, sha256, write_json
from skinlib.data.images import decode_and_hash, in_threads

CROPS = ("centre", "none")

# PIL's filters antialias when they shrink, except nearest.
FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "nearest": Image.Resampling.NEAREST,
    "bicubic": Image.Resampling.BICUBIC,
}

# Part of the cache key. Raise it with every change of `resize`, of `skinlib.data.images.decode`
# or of the files, so that a cache of an older form is not found.
LAYOUT = 3

_log = logging.getLogger(__name__)


def resize(image, size, *, interpolation="bilinear", crop="centre"):
    """Make a square RGB array of an image.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB.
    size : int
        Side of the result, shape (size, size, 3), uint8, in pixels.
    interpolation : {'bilinear', 'nearest', 'bicubic'}
    crop : {'centre', 'none'}
        ``centre`` cuts the longer side to a square (the authors' MD notebooks), ``none``
        squeezes the whole picture (their AD notebooks).
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
    """Return all images of a data set, after making the cache where it is missing or damaged.

    Parameters
    ----------
    dataset : skinlib.data.ham10000.Dataset
    size, interpolation, crop
        See `resize`.
    progress : bool
        Show a bar while decoding.

    Returns
    -------
    numpy.memmap
        Shape (n, size, size, 3), uint8, read-only; row i is row i of `dataset.table`.

    Raises
    ------
    IntegrityError
        If an image does not decode whole.
    """
    key = {
        "fingerprint": dataset.fingerprint,
        "images": dataset.table["image_id"].tolist(),
        "size": size,
        "interpolation": interpolation,
        "crop": crop,
        "versions": {
            "pillow": PIL.__version__,
            "jpeg": features.version("jpg"),
            "turbo": features.version("libjpeg_turbo"),
            "layout": LAYOUT,
        },
    }
    path = paths.cache() / "pixels" / f"{dataset.name}-{size}px-{hash_of(key)}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Parallel runs of a study meet here first; one decodes, the others wait.
    with FileLock(path.with_suffix(".lock")):
        if not _whole(path):

            def make(file):
                image, digest = decode_and_hash(file)
                return resize(image, size, interpolation=interpolation, crop=crop), digest

            made = in_threads(make, dataset.table["path"])
            _write(path, (len(dataset.table), size, size, 3), made, progress)
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _whole(path):
    """Whether the cache is there and its array has the SHA-256 it was written with."""
    if not path.exists():
        return False
    try:
        expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        expected = "none"
    found = sha256(path)
    if found != expected:
        text = "the pixel cache '%s' is damaged (SHA-256 %s, expected %s) and is made anew"
        _log.warning(text, path, found, expected)
    return found == expected


def _write(path, shape, made, progress):
    """Write the array, then the file that proves it; the caller holds the lock."""
    for left in path.parent.glob(f".{path.stem}.*"):  # by a killed process
        left.unlink()
    digests = []
    bar = tqdm(made, f"decode to {shape[1]}px", shape[0], unit="img", disable=not progress)
    with atomic_path(path) as temporary:
        # Not through a map: with a full disk that would end the process.
        with temporary.open("wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for image, digest in bar:
                file.write(np.ascontiguousarray(image).data)
                digests.append(digest)
        proof = sha256(temporary)
    write_json(path.with_suffix(".json"), {"sha256": proof, "files": digests})


def file_hashes(cache):
    """Return the SHA-256 of the image file of each row of a cache, as hexadecimal strings."""
    return json.loads(cache.filename.with_suffix(".json").read_text(encoding="utf-8"))["files"]


def read(pixels, rows):
    """Return rows of a cache, or of any array, as a copy.

    Raises
    ------
    IntegrityError
        If the file was cut since it was opened; touching its map would end the process.
    """
    if isinstance(pixels.base, mmap.mmap):
        expected, found = pixels.offset + pixels.nbytes, pixels.base.size()
        if found < expected:
            msg = (
                f"'{pixels.filename}' has {found} bytes, expected {expected}: it was cut while in "
                "use; run the same command again, the cache is made anew"
            )
            raise IntegrityError(msg)
    return pixels[rows]
