"""Photographs of made-up lesions: the skin, the light, and a camera."""

import math

import numpy as np
import scipy
from PIL import Image, ImageDraw

from skinlib.data.lesions import BLOOD, MELANIN, PAINTERS, WHITE, ramp

# How strongly one unit of each pigment absorbs red, green and blue.
ABSORPTION = np.array(
    [[0.50, 0.83, 1.12], [0.98, 0.82, 0.60], [0.16, 0.95, 0.60], [0.06, 0.22, 0.62]], np.float32
)
SCATTER = np.array([0.95, 0.89, 0.86], np.float32)
VISIBLE = 0.15  # change of a pigment or of the scatter that belongs to the lesion in its mask
TILE, REPEATS = 80, 6  # noise tile in pixels, and how often it is laid side by side


class View:
    """Position of each pixel of one photograph on the lesion, and noise fixed to the skin.

    `x`, `y` are coordinates in the picture, y from -1 to 1, and `u`, `v` on the lesion: float32,
    shape (height, width).
    """

    def __init__(self, rng, camera, width, height):
        grain = rng.standard_normal((TILE, TILE), np.float32)
        smooth = scipy.ndimage.gaussian_filter(grain, 3, mode="wrap")
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
        """Return noise, mean 0 and deviation 1, with features `scale` wide, at least 0.1."""
        step = 10 / scale  # features on the sheet are some 10 px wide
        start = TILE * ((REPEATS - 1) / 2 + rng.random(2)) + step * self.shift
        matrix = 2 * step / self.size[1] * self.turn
        start -= matrix @ self.size / 2
        affine = np.column_stack([matrix, start]).ravel().tolist()
        size = tuple(self.size.tolist())
        sheet = self.sheets[int(rough)]
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


def take(dx, rng, camera, width, height):
    """Return a photograph, uint8, (height, width, 3), from the streams of lesion and photograph."""
    view = View(rng, camera, width, height)
    skin, _, ink = _layers(dx, view, rng)
    white = np.clip(ink[WHITE], 0, 0.95)[..., None]
    absorbed = np.tensordot(np.maximum(ink[:WHITE], 0), ABSORPTION, (0, 0))
    picture = skin.astype(np.float32) * np.exp(-absorbed)
    return _expose(picture + (SCATTER - picture) * white, view, camera)


def mask(dx, rng, camera, width, height):
    """Return the pixels of the lesion in `take` of the same arguments: bool, without holes."""
    _, before, ink = _layers(dx, View(rng, camera, width, height), rng)
    changed = np.abs(ink - before).max(axis=0) > VISIBLE
    # Small gaps belong to the lesion, and single specks in the skin around it do not.
    whole = scipy.ndimage.binary_fill_holes(scipy.ndimage.binary_closing(changed, iterations=3))
    parts, count = scipy.ndimage.label(whole)
    if not count:
        return whole
    return parts == 1 + np.argmax(scipy.ndimage.sum_labels(whole, parts, range(1, count + 1)))


def _layers(dx, view, rng):
    """Return the colour of the skin, and the maps without and with the lesion."""
    skin = np.array([0.89, 0.70, 0.61]) + rng.normal(0, 1, 3) * (0.03, 0.04, 0.05)
    ink = np.zeros((5, *view.u.shape), np.float32)
    mottled = rng.uniform(0.01, 0.07)
    ink[MELANIN] = rng.gamma(2, 0.05) + mottled * view.noise(rng, 0.6)
    ink[BLOOD] = rng.gamma(3, 0.05) + mottled * view.noise(rng, 0.35)
    ink[MELANIN] += rng.uniform(0.01, 0.04) * view.noise(rng, 0.1)
    before = ink.copy()
    PAINTERS[dx](view, rng, ink)
    return skin, before, ink


def _expose(picture, view, camera):
    """Add what the camera adds: hairs, a ruler, bubbles, light, focus and grain."""
    if camera.random() < 0.35:
        hairs = []
        t = np.linspace(0, 1, 16)[:, None]
        for _ in range(camera.integers(1, 9)):
            start, bow, end = camera.uniform(-1.4, 1.4, (3, 2))
            middle = (start + end) / 2 + 0.3 * bow
            hairs.append((1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end)
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
        ring = ramp(np.abs(far - camera.uniform(0.03, 0.1)), 0.025, 0)
        picture += 0.2 * ring[..., None]
    radius = np.hypot(view.x, view.y)
    light = camera.uniform(0.88, 1.12) * (1 - camera.uniform(0.02, 0.12) * radius**2)
    light *= 1 + camera.uniform(0, 0.1) * along
    if camera.random() < 0.12:  # the round edge of the instrument
        light *= ramp(radius, camera.uniform(1.35, 1.6), 1.2)
    cast = 1 + camera.normal(0, 1, 3) * (0.02, 0.03, 0.06)
    picture *= light[..., None] * cast.astype(np.float32)
    focus = camera.uniform(0, 0.006) * view.size[1]
    picture = scipy.ndimage.gaussian_filter(picture, (focus, focus, 0), truncate=2)
    picture += 0.012 * camera.standard_normal(picture.shape, np.float32)
    return (255 * np.clip(picture, 0, 1) + 0.5).astype(np.uint8)
