"""The authors' way to a batch: decode every picture every time, and warp it with SciPy.

Their augmentation notebooks leave this to the ImageDataGenerator of old Keras; this is what
it does to a picture, written out, so that it can be timed where that class is gone.
"""

import numpy as np
from PIL import Image


def load(path, size):
    """Decode and resize one picture as the ImageDataGenerator does.

    Returns
    -------
    numpy.ndarray
        Shape (size, size, 3), float32, 0 to 255; squeezed, nearest pixel.
    """
    with Image.open(path) as image:
        resized = image.convert("RGB").resize((size, size), Image.Resampling.NEAREST)
    return np.asarray(resized, dtype=np.float32)


def augment(pixels, rng, *, rotation, shift, zoom, flip):
    """Rotate, shift, zoom and flip one picture at random.

    Parameters
    ----------
    pixels : numpy.ndarray
        Shape (height, width, 3), float32.
    rng : numpy.random.Generator
    rotation, shift, zoom, flip
        As in `skinlib.models.augment.RandomAffine`.

    Returns
    -------
    numpy.ndarray
        Of the same shape.
    """
    height, width, _ = pixels.shape
    moved = warp(
        pixels,
        rng.uniform(-rotation, rotation),
        rng.uniform(-shift, shift) * height,
        rng.uniform(-shift, shift) * width,
        *rng.uniform(1 - zoom, 1 + zoom, 2),
    )
    if flip and rng.random() < 0.5:
        moved = moved[:, ::-1]
    if flip and rng.random() < 0.5:
        moved = moved[::-1]
    return moved


def warp(pixels, degrees, down, right, zoom_down, zoom_right):
    """Resample one picture through an affine map, channel by channel, edges repeated.

    Parameters
    ----------
    pixels : numpy.ndarray
        Shape (height, width, channels), float32.
    degrees : float
    down, right : float
        Shift in pixels.
    zoom_down, zoom_right : float

    Returns
    -------
    numpy.ndarray
        Of the same shape, bilinear.
    """
    from scipy import ndimage

    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn * (zoom_down, zoom_right)
    centre = (np.array(pixels.shape[:2]) - 1) / 2
    offset = turn @ (down, right) + centre - matrix @ centre
    channels = [
        ndimage.affine_transform(pixels[..., channel], matrix, offset, order=1, mode="nearest")
        for channel in range(pixels.shape[2])
    ]
    return np.stack(channels, axis=-1)


def batch(pictures, rng, augmentation):
    """Return pictures as one float batch in -1 to 1, augmented when asked for.

    Parameters
    ----------
    pictures : sequence of numpy.ndarray
        Each (size, size, 3), float32, 0 to 255.
    rng : numpy.random.Generator
    augmentation : mapping or None
        Keywords of `augment`.

    Returns
    -------
    numpy.ndarray
        Shape (batch, size, size, 3), float32.
    """
    if augmentation:
        pictures = [augment(picture, rng, **augmentation) for picture in pictures]
    return np.stack(pictures) / np.float32(127.5) - np.float32(1.0)
