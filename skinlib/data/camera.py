"""How a made-up lesion is photographed: from somewhere, under some light, hairs included."""

import math

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from skinlib.data import lesions

TILE, REPEATS = 80, 6  # noise tile in pixels, and how often it is laid side by side


def take(dx, rng, camera, width, height):
    """Take one photograph of one lesion.

    Parameters
    ----------
    dx : str
        One of `CLASSES`.
    rng, camera : numpy.random.Generator
        Streams of the lesion and of this photograph.
    width, height : int
        Size in pixels.

    Returns
    -------
    numpy.ndarray
        RGB, uint8, shape (height, width, 3).
    """
    view = View(rng, camera, width, height)
    return _expose(lesions.paint(dx, view, rng), view, camera)


class View:
    """Where each pixel of one photograph lies on the lesion, and noise fixed to the skin.

    Attributes
    ----------
    x, y : numpy.ndarray
        Picture coordinates of the pixels, float32, shape (height, width); y is -1..1.
    u, v : numpy.ndarray
        Lesion coordinates of the pixels, likewise.
    """

    def __init__(self, rng, camera, width, height):
        grain = rng.standard_normal((TILE, TILE), np.float32)
        smooth = ndimage.gaussian_filter(grain, 3, mode="wrap")
        rough = smooth + sum(np.tile(smooth[::k, ::k], (k, k)) / k for k in (2, 4))
        self.sheets = [
            Image.fromarray(np.tile(tile / tile.std(), (REPEATS, REPEATS)))
            for tile in (smooth, rough)
        ]
        turn, mirror = camera.uniform(0, math.tau), camera.choice([-1, 1])
        cos, sin = math.cos(turn), math.sin(turn)
        self.turn = np.array([[cos, -sin], [mirror * sin, mirror * cos]])
        self.turn /= camera.uniform(0.9, 1.15)
        self.shift = camera.uniform(-0.15, 0.15, 2)
        self.size = np.array([width, height])
        y, x = np.mgrid[:height, :width].astype(np.float32)
        self.x, self.y = (2 * x + 1 - width) / height, (2 * y + 1 - height) / height
        self.u, self.v = (
            float(a) * self.x + float(b) * self.y + float(c)
            for (a, b), c in zip(self.turn, self.shift, strict=True)
        )

    def noise(self, rng, scale, rough=True):
        """Return noise, mean 0 and deviation 1, with features `scale` wide, at least 0.1.

        Rough noise has two finer octaves on top.
        """
        # Features on the sheet are some 10 px wide. Pillow's affine transform is several times
        # faster than ndimage's; off the sheet (pictures much wider than high) it returns 0.
        step = 10 / scale
        start = TILE * ((REPEATS - 1) / 2 + rng.random(2)) + step * self.shift
        matrix = 2 * step / self.size[1] * self.turn
        start -= matrix @ self.size / 2
        affine = np.column_stack([matrix, start]).ravel().tolist()
        sheet = self.sheets[int(rough)]
        size = tuple(self.size.tolist())
        return np.asarray(sheet.transform(size, Image.Transform.AFFINE, affine, Image.BILINEAR))

    def strokes(self, curves, width):
        """Return the coverage, 0..1, of `curves` (lesion coordinates, shape (k, 2) each)."""
        sheet = Image.new("L", tuple(2 * self.size))
        draw = ImageDraw.Draw(sheet)
        for curve in curves:
            ends = np.linalg.solve(self.turn, (curve - self.shift).T).T
            pixels = ends * self.size[1] + self.size
            draw.line(pixels.ravel().tolist(), fill=255, width=max(1, round(width * self.size[1])))
        return np.asarray(sheet.reduce(2), np.float32) / 255


def _hairs(camera):
    """Return one to eight bent curves across the picture."""
    t = np.linspace(0, 1, 16)[:, None]
    for _ in range(camera.integers(1, 9)):
        start, bow, end = camera.uniform(-1.4, 1.4, (3, 2))
        middle = (start + end) / 2 + 0.3 * bow
        yield (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end


def _expose(picture, view, camera):
    """Add what the camera adds: hairs, a ruler, bubbles, light, focus and grain."""
    if camera.random() < 0.35:
        hairs = list(_hairs(camera))
        hair = camera.uniform(0.5, 0.9) * view.strokes(hairs, camera.uniform(0.01, 0.025))
        picture += (np.float32([0.2, 0.13, 0.1]) - picture) * hair[..., None]
    turn = camera.uniform(0, math.tau)
    along = view.x * math.cos(turn) + view.y * math.sin(turn)
    across = view.y * math.cos(turn) - view.x * math.sin(turn)
    if camera.random() < 0.08:
        ticks = (np.abs(across - 0.85) < 0.05) & (along % 0.12 < 0.025)
        picture[ticks] = 0.15
    for _ in range(camera.integers(1, 4) if camera.random() < 0.08 else 0):
        far = np.hypot(view.x - camera.uniform(-1.3, 1.3), view.y - camera.uniform(-1, 1))
        ring = lesions.ramp(np.abs(far - camera.uniform(0.03, 0.1)), 0.025, 0)
        picture += 0.2 * ring[..., None]
    radius = np.hypot(view.x, view.y)
    light = camera.uniform(0.88, 1.12) * (1 - camera.uniform(0.02, 0.12) * radius**2)
    light *= 1 + camera.uniform(0, 0.1) * along
    if camera.random() < 0.12:  # the round edge of the instrument
        light *= lesions.ramp(radius, camera.uniform(1.35, 1.6), 1.2)
    cast = 1 + camera.normal(0, 1, 3) * (0.02, 0.03, 0.06)
    picture *= light[..., None] * cast.astype(np.float32)
    focus = camera.uniform(0, 0.006) * view.size[1]
    picture = ndimage.gaussian_filter(picture, (focus, focus, 0), truncate=2)
    picture += 0.012 * camera.standard_normal(picture.shape, np.float32)
    return (255 * np.clip(picture, 0, 1) + 0.5).astype(np.uint8)
