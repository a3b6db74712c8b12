"""Pictures that do not show a lesion, made by code from a seed, to test `skinlib.predict.ood`."""

import numpy as np
from PIL import Image, ImageDraw

COUNT = 100


def kinds(size, some):
    """Return pictures by kind, each of shape (n, size, size, 3), uint8; `COUNT` of those drawn.

    Parameters
    ----------
    size : int
        Side in pixels.
    some : numpy.ndarray
        Photographs to be spoilt, shape (m, size, size, 3), uint8.
    """
    rng = np.random.default_rng(0)
    flat = rng.integers(0, 256, (COUNT, 1, 1, 3), np.uint8)
    return {
        "noise": rng.integers(0, 256, (COUNT, size, size, 3), np.uint8),
        "one colour": flat.repeat(size, axis=1).repeat(size, axis=2),
        "printed text": np.stack([_text(size, rng) for _ in range(COUNT)]),
        "coloured shapes": np.stack([_shapes(size, rng) for _ in range(COUNT)]),
        "crops of a photograph of a temple": _crops("china.jpg", size, rng),
        "crops of a photograph of a flower": _crops("flower.jpg", size, rng),
        "test photographs in negative colours": 255 - some,
        "test photographs without colour": _grey(some),
    }


def _text(size, rng):
    image = Image.new("RGB", (size, size), (250, 250, 245))
    draw = ImageDraw.Draw(image)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz     "))
    for top in range(2, size - 8, 12):
        draw.text((4, top), "".join(rng.choice(letters, 60)), fill=(20, 20, 20))
    return np.asarray(image)


def _shapes(size, rng):
    image = Image.new("RGB", (size, size), tuple(rng.integers(0, 256, 3).tolist()))
    draw = ImageDraw.Draw(image)
    for _ in range(8):
        corners = np.sort(rng.integers(0, size, (2, 2)), axis=0).ravel().tolist()
        paint = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        paint(corners, fill=tuple(rng.integers(0, 256, 3).tolist()))
    return np.asarray(image)


def _crops(name, size, rng):
    """Cut squares out of a photograph that scikit-learn brings along."""
    from sklearn.datasets import load_sample_image

    photograph, found = Image.fromarray(load_sample_image(name)), []
    for _ in range(COUNT):
        side = int(rng.integers(120, min(photograph.size)))
        left = int(rng.integers(0, photograph.width - side + 1))
        top = int(rng.integers(0, photograph.height - side + 1))
        box = (left, top, left + side, top + side)
        found.append(np.asarray(photograph.resize((size, size), box=box)))
    return np.stack(found)


def _grey(pictures):
    light = np.einsum("nhwc,c->nhw", pictures, [0.299, 0.587, 0.114])
    return np.repeat(light.round().astype(np.uint8)[..., None], 3, axis=-1)
