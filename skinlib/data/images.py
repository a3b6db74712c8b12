"""Open and decode image files, whole or not at all."""

import collections
import hashlib
import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from skinlib.errors import IntegrityError

# A photograph of a data set has well under 10 million pixels; more is a mistake or an attack.
MAX_PIXELS = 10_000_000
# One that a person asks about may come straight from a telephone.
MAX_PHOTOGRAPH = 64_000_000

# What cameras and archives give. The rarer a format, the less its parser has been attacked.
FORMATS = ("JPEG", "PNG")

# Pillow warns above 89 million pixels; our limit is far below and an error.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def open_image(file, name=None, limit=MAX_PIXELS):
    """Open an image file after checking its declared size; decodes nothing yet.

    Parameters
    ----------
    file : str, pathlib.Path or binary file
    name : str or pathlib.Path, optional
        What messages call the file, when it comes from memory.
    limit : int
        Pixels, at most.

    Raises
    ------
    IntegrityError
        If the file is none of `FORMATS` or declares more pixels than `limit`.
    """
    path = name or file
    try:
        image = Image.open(file, formats=FORMATS)
    except FileNotFoundError:
        raise
    except UnidentifiedImageError as error:
        msg = f"'{path}' is not a whole {' or '.join(FORMATS)} image; fetch this file again"
        raise IntegrityError(msg) from error
    except Image.DecompressionBombError as error:
        msg = f"'{path}' is refused: {error} The limit is {limit} pixels; resize it first"
        raise IntegrityError(msg) from error
    # Damage in a header shows as an error of almost any kind.
    except (OSError, ValueError, SyntaxError) as error:
        msg = f"'{path}' is not an image ({error}); fetch this file again"
        raise IntegrityError(msg) from error
    if image.width * image.height > limit:
        image.close()
        msg = (
            f"'{path}' declares {image.width}x{image.height} pixels, more than the limit of "
            f"{limit}; resize it first"
        )
        raise IntegrityError(msg)
    return image


def decode(file, name=None, limit=MAX_PIXELS):
    """Decode one image file whole.

    Parameters
    ----------
    file, name, limit
        See `open_image`.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, upright (an EXIF rotation is applied), as stored otherwise.

    Raises
    ------
    IntegrityError
        If the file is truncated or not an image.
    """
    with open_image(file, name, limit) as image:
        try:
            image.load()
        except (OSError, SyntaxError, ValueError) as error:
            msg = f"'{name or file}' does not decode whole ({error}); fetch this file again"
            raise IntegrityError(msg) from error
        orientation = image.getexif().get(0x0112, 1)
        if orientation != 1:
            image = ImageOps.exif_transpose(image)
        # 16-bit greyscale would wrap when converted directly; scale it first.
        if image.mode.startswith("I"):
            image = Image.fromarray((np.asarray(image) / 257).astype(np.uint8))
        return image.convert("RGB")


def decode_and_hash(path):
    """Decode one image file whole and hash its bytes, reading them once.

    Returns
    -------
    image : PIL.Image.Image
        See `decode`.
    digest : bytes
        SHA-256 of the file, 32 bytes.
    """
    content = Path(path).read_bytes()
    return decode(io.BytesIO(content), path), hashlib.sha256(content).digest()


def verify_images(paths):
    """Decode every file; raise `IntegrityError` naming the first that fails.

    Returns
    -------
    numpy.ndarray
        SHA-256 of every file, shape (n, 32), uint8.
    """
    found = b"".join(in_threads(lambda path: decode_and_hash(path)[1], paths))
    return np.frombuffer(found, np.uint8).reshape(-1, 32)


def in_threads(function, items, ahead=64):
    """Yield ``function(item)`` in order; at most `ahead` results wait, whatever the number."""
    with ThreadPoolExecutor() as pool:
        waiting = collections.deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
