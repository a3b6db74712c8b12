"""What other works do to a photograph before it is cut and resized: recipe field ``picture``."""

import numpy as np
from PIL import Image, ImageOps

from skinlib.common.errors import DataError

PICTURES = ("plain", "equalised", "padded", "lesion", "no_background")
# Those that need the outline of the lesion.
OUTLINED = ("lesion", "no_background")
# Of the longer side of the lesion, added on each side of it.
MARGIN = 0.1


def changed(image, picture, mask=None):
    """Change a decoded photograph.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB.
    picture : str
        ``equalised``: the histogram of each channel is equalised (Garg et al.); ``padded``: to a
        square, with black (Lee et al.); ``lesion``: the smallest square around the lesion and a
        margin, with black outside of the photograph; ``no_background``: black around the lesion
        (both Mahbod et al.).
    mask : numpy.ndarray, optional
        True on the lesion, (h, w) of any size; one without any lesion changes nothing.

    Raises
    ------
    DataError
        An unknown picture, or no mask where it needs one.
    """
    if picture == "plain":
        return image
    if picture == "equalised":
        return ImageOps.equalize(image)
    if picture == "padded":
        side = max(image.size)
        left, top = (side - image.width) // 2, (side - image.height) // 2
        return image.crop((-left, -top, side - left, side - top))
    if picture not in OUTLINED or mask is None:
        msg = f"picture '{picture}' has no mask or is none of {PICTURES}; use plain"
        raise DataError(msg)
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
