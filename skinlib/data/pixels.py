"""Decode once: all images of a data set as one uint8 array on disk.

Later epochs, runs and notebooks read rows by memory map, so memory stays flat in
the number of images and decoding is paid once (about 35 s for HAM10000 a size).
"""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import PIL
from filelock import FileLock
from PIL import Image
from tqdm import tqdm

from skinlib import paths
from skinlib.data.images import decode
from skinlib.errors import DataError
from skinlib.files import hash_of, write_json

CROPS = ("centre", "none")

# PIL's filters antialias when they shrink, except nearest.
FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "nearest": Image.Resampling.NEAREST,
    "bicubic": Image.Resampling.BICUBIC,
}

CHUNK = 64


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
    numpy.memmap
        Shape (n, size, size, 3), uint8, read-only; row i is row i of `dataset.table`.

    Raises
    ------
    skinlib.errors.IntegrityError
        If an image does not decode whole.
    """
    key = {
        "fingerprint": dataset.fingerprint,
        "images": dataset.table["image_id"].tolist(),
        "size": size,
        "interpolation": interpolation,
        "crop": crop,
        "versions": {"pillow": PIL.__version__, "layout": 1},
    }
    base = paths.cache() / "pixels"
    folder = base / f"{dataset.name}-{size}px-{hash_of(key)}"
    shape = (len(dataset.table), size, size, 3)
    base.mkdir(parents=True, exist_ok=True)
    # Parallel runs of a study meet here first; one builds, the others wait.
    with FileLock(f"{folder}.lock"):
        if not _whole(folder, shape):
            shutil.rmtree(folder, ignore_errors=True)
            _build(dataset, folder, shape, interpolation, crop, progress)
    return np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)


def _whole(folder, shape):
    """Is the cache complete and of the size its marker says?"""
    try:
        marker = json.loads((folder / ".complete").read_text(encoding="utf-8"))
        size = (folder / "images.npy").stat().st_size
    except (OSError, ValueError):
        return False
    return marker == {"shape": list(shape), "bytes": size}


def _build(dataset, folder, shape, interpolation, crop, progress):
    """Fill a temporary folder, then move it into place; the marker is written last."""
    # One name under the lock: what a process killed outright left there is cleared here.
    temporary = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        file = temporary / "images.npy"
        array = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=shape)

        def one(path):
            return resize(decode(path), shape[1], interpolation=interpolation, crop=crop)

        files = dataset.table["path"].tolist()
        bar = tqdm(
            total=len(files), desc=f"decode to {shape[1]}px", unit="img", disable=not progress
        )
        with ThreadPoolExecutor() as pool, bar:
            for start in range(0, len(files), CHUNK):
                rows = list(pool.map(one, files[start : start + CHUNK]))
                array[start : start + len(rows)] = rows
                bar.update(len(rows))
        array.flush()
        del array
        os.replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    size = (folder / "images.npy").stat().st_size
    write_json(folder / ".complete", {"shape": list(shape), "bytes": size})
