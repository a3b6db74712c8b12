"""Open and decode image files, whole or not at all."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image, ImageOps

from skinlib.errors import IntegrityError

# A dermatoscopic photograph has well under 10 million pixels; more is a mistake or an attack.
MAX_PIXELS = 10_000_000


def open_image(path):
    """Open an image file after checking its declared size; decodes nothing yet.

    Raises
    ------
    IntegrityError
        If the file is no image or declares more than `MAX_PIXELS` pixels.
    """
    try:
        image = Image.open(path)
    except FileNotFoundError:
        raise
    except (OSError, Image.DecompressionBombError) as error:
        msg = f"'{path}' is not an image ({error}); fetch this file again"
        raise IntegrityError(msg) from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        msg = (
            f"'{path}' declares {image.width}x{image.height} pixels, more than the limit of "
            f"{MAX_PIXELS}; resize it first"
        )
        raise IntegrityError(msg)
    return image


def decode(path):
    """Decode one image file whole.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, upright (an EXIF rotation is applied), as stored otherwise.

    Raises
    ------
    IntegrityError
        If the file is truncated or not an image.
    """
    with open_image(path) as image:
        try:
            image.load()
        except (OSError, SyntaxError, ValueError) as error:
            msg = f"'{path}' does not decode whole ({error}); fetch this file again"
            raise IntegrityError(msg) from error
        orientation = image.getexif().get(0x0112, 1)
        if orientation != 1:
            image = ImageOps.exif_transpose(image)
        # 16-bit greyscale would wrap when converted directly; scale it first.
        if image.mode.startswith("I"):
            image = Image.fromarray((np.asarray(image) / 257).astype(np.uint8))
        return image.convert("RGB")


def verify_images(paths):
    """Decode every file; raise `IntegrityError` naming the first that fails."""
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(lambda path: decode(path).size, paths):
            pass
