"""Decode once: all images of a data set, changed, cut and resized, as one array in the cache."""

import json

import numpy as np
import PIL
from PIL import Image, ImageOps, features
from tqdm import tqdm

from skinlib.common import paths
from skinlib.common.files import hash_of
from skinlib.data import store
from skinlib.data.images import decode_and_hash, in_threads

# Recipe field ``picture``: those that need the outline of the lesion.
OUTLINED = ("lesion", "no_background")
# Of the longer side of the lesion, added on each side of it.
MARGIN = 0.1
# Width over height of what `whole` keeps: that of the photographs of HAM10000.
WIDE = 4 / 3

# PIL's filters antialias when they shrink, except nearest.
FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "nearest": Image.Resampling.NEAREST,
    "bicubic": Image.Resampling.BICUBIC,
}

# Part of the cache key. Raise it with every change of `changed`, `resize`,
# `skinlib.data.images.decode` or of the files, so that a cache of an older form is not found.
LAYOUT = 5


def changed(image, picture, mask=None):
    """Do to a decoded photograph what other works do before they cut and resize it.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB.
    picture : {'plain', 'equalised', 'padded', 'lesion', 'no_background'}
        ``equalised``: the histogram of each channel is equalised (Garg et al.); ``padded``: to a
        square, with black (Lee et al.); ``lesion``: the smallest square around the lesion and a
        margin, with black outside of the photograph; ``no_background``: black around the lesion
        (both Mahbod et al.).
    mask : numpy.ndarray, optional
        Of `OUTLINED`: True on the lesion, (h, w) of any size; one without any lesion changes
        nothing.
    """
    if picture == "plain":
        return image
    if picture == "equalised":
        return ImageOps.equalize(image)
    if picture == "padded":
        side = max(image.size)
        left, top = (side - image.width) // 2, (side - image.height) // 2
        return image.crop((-left, -top, side - left, side - top))
    if not mask.any():
        return image
    if picture == "no_background":
        outline = Image.fromarray(mask).resize(image.size, Image.Resampling.NEAREST)
        return Image.composite(image, Image.new("RGB", image.size), outline)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    scale = np.divide(image.size, mask.shape[::-1])
    start = np.array([columns[0], rows[0]]) * scale
    end = np.array([columns[-1] + 1, rows[-1] + 1]) * scale
    half = (0.5 + MARGIN) * (end - start).max()
    corners = [*((start + end) / 2 - half), *((start + end) / 2 + half)]
    return image.crop([round(each) for each in corners])


def resize(image, size, *, interpolation="bilinear", crop="centre"):
    """Make an RGB array of an image.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB.
    size : int
        Side of the result, shape (size, size, 3), uint8, in pixels.
    interpolation : {'bilinear', 'nearest', 'bicubic'}
    crop : {'centre', 'none', 'first', 'last', 'whole'}
        ``centre`` cuts the longer side to a square (the authors' MD notebooks), ``none``
        squeezes the whole picture (their AD notebooks). ``first`` and ``last`` are the squares at
        the ends of the longer side, left or top and right or bottom. ``whole`` has the shape
        (size, `WIDE` size, 3): all of a photograph of this form, the middle of any other.
    """
    height, width = shape(size, crop)[:2]
    box = None
    if crop == "whole":
        across = min(image.width, image.height * WIDE)
        down = min(image.height, image.width / WIDE)
        left, top = (image.width - across) / 2, (image.height - down) / 2
        box = (left, top, left + across, top + down)
    elif crop != "none":
        side, part = min(image.size), {"first": 0, "centre": 1, "last": 2}[crop]
        left, top = (image.width - side) * part // 2, (image.height - side) * part // 2
        box = (left, top, left + side, top + side)
    return np.asarray(image.resize((width, height), FILTERS[interpolation], box=box))


def shape(size, crop):
    """Return the shape of what `resize` makes."""
    return size, round(size * WIDE) if crop == "whole" else size, 3


def cached(
    dataset,
    size,
    *,
    interpolation="bilinear",
    crop="centre",
    picture="plain",
    masks=None,
    progress=True,
):
    """Return all images of a `skinlib.data.ham10000.Dataset`, from the cache once they are there.

    The options are those of `resize` and `changed`, with `skinlib.data.masks.Masks` where the
    picture needs one; `progress` shows a bar. The result is a numpy.memmap of shape
    (n, size, size, 3), uint8, read-only, wider for ``whole``; row i is row i of ``dataset.table``.

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
    if picture != "plain":
        key |= {"picture": picture, "masks": masks and masks.provenance()["sha256"]}
    digests, count = [], len(dataset.table)

    def make(row):
        image, digest = decode_and_hash(row.path)
        image = changed(image, picture, masks.read(row.image_id) if masks else None)
        return resize(image, size, interpolation=interpolation, crop=crop), digest

    def blocks():
        made = in_threads(make, dataset.table[["path", "image_id"]].itertuples())
        for image, digest in tqdm(
            made, f"decode to {size}px", count, unit="img", disable=not progress
        ):
            digests.append(digest)
            yield image

    path = paths.cache() / "pixels" / f"{dataset.name}-{size}px-{hash_of(key)}.npy"
    return store.kept(path, (count, *shape(size, crop)), np.uint8, blocks(), {"files": digests})


def file_hashes(cache):
    """Return the SHA-256 of the image file of each row of a cache, as hexadecimal strings."""
    return json.loads(cache.filename.with_suffix(".json").read_text(encoding="utf-8"))["files"]
