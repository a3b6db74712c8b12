"""A stand-in for HAM10000 that needs no download: painted lesions in the same file layout.

The pictures are made up. They serve tests, the demo study and the documentation;
no number measured on them says anything about skin. A lesion is painted as five
maps (four pigments and a white scatter) that are functions of lesion coordinates;
a photograph is one view of these maps under its own light, with its own hairs.
"""

import math
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from skinlib import files, paths
from skinlib.classes import CLASSES, HAM10000_COUNTS
from skinlib.errors import DataError

# Part of the cache key. Raise it with every change of the pictures or the table.
GENERATOR_VERSION = 1

METADATA = "HAM10000_metadata.csv"
MARKER = ".complete"

# Nine images a class on average: three lesions of the rarest, and still an imbalance.
MIN_IMAGES = 63
MAX_IMAGES = 100_000  # five free digits in ISIC_90xxxxx
MIN_LESIONS = 3
IMAGES_PER_LESION = 10_015 / 7_470

# The tables below are rounded from the HAM10000 metadata; columns in the order of CLASSES.
EXTRA_PHOTOS = (0.43, 0.57, 0.51, 0.58, 0.81, 0.24, 0.45)  # beyond the first, per lesion
AGE_MEAN = (67, 67, 64, 53, 61, 46, 51)
AGE_SD = (11, 14, 14, 14, 15, 15, 22)
# Twice to ten times the true rate, so that a small set meets a missing age as well.
AGE_MISSING = (0, 0, 2, 0, 2, 2, 0)
SEX = {
    "female": (32, 38, 42, 45, 38, 48, 51),
    "male": (68, 62, 57, 55, 62, 51, 49),
    "unknown": (0, 0, 1, 0, 0, 1, 0),
}
DX_TYPE = {
    "confocal": (0, 0, 6, 0, 0, 0, 0),
    "consensus": (0, 0, 24, 52, 0, 8, 53),
    "follow_up": (0, 0, 0, 0, 0, 55, 0),
    "histo": (100, 100, 70, 48, 100, 37, 47),
}
SITE = {
    "abdomen": (2, 4, 4, 3, 6, 13, 19),
    "back": (9, 36, 18, 2, 29, 21, 15),
    "chest": (4, 9, 7, 0, 6, 3, 4),
    "ear": (1, 0, 1, 0, 2, 0, 0),
    "face": (35, 20, 29, 0, 9, 1, 6),
    "foot": (0, 1, 0, 2, 3, 4, 0),
    "genital": (0, 0, 0, 1, 0, 1, 0),
    "hand": (4, 0, 1, 0, 0, 1, 4),
    "lower extremity": (20, 11, 16, 71, 17, 22, 19),
    "neck": (3, 3, 3, 0, 3, 1, 2),
    "scalp": (4, 4, 3, 0, 1, 1, 1),
    "trunk": (0, 2, 7, 0, 4, 19, 22),
    "unknown": (0, 1, 2, 0, 1, 3, 0),
    "upper extremity": (19, 10, 9, 21, 19, 10, 8),
}

# Pigments, and how strongly one unit of each absorbs red, green and blue. Melanin
# lying deep looks blue-grey because short waves are scattered back before they reach it.
MELANIN, DEEP, BLOOD, KERATIN, WHITE = range(5)
ABSORPTION = np.array(
    [[0.50, 0.83, 1.12], [0.98, 0.82, 0.60], [0.16, 0.95, 0.60], [0.06, 0.22, 0.62]], np.float32
)
SCATTER = np.array([0.95, 0.89, 0.86], np.float32)


def generate(folder, *, images=700, seed=0, width=160, height=120):
    """Write a synthetic set into `folder`, laid out like HAM10000.

    The same arguments give the same bytes as long as NumPy, SciPy and Pillow stay
    the same. Each lesion and each photograph has its own random stream.

    Parameters
    ----------
    folder : str or pathlib.Path
        Where to write ``ISIC_90xxxxx.jpg`` and ``HAM10000_metadata.csv``. Made when
        absent; must be empty otherwise.
    images : int
        Number of photographs, 63 to 100,000.
    seed : int
        0 to 2**32 - 1.
    width, height : int
        Size of a photograph in pixels, 16 to 2048 each.

    Returns
    -------
    pathlib.Path
        `folder`.

    Raises
    ------
    DataError
        If an argument is out of range or `folder` holds something.
    """
    _check(images, seed, width, height)
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        msg = f"{folder} is not an empty folder. Name one that is absent or empty."
        raise DataError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    table = metadata(images, seed)
    photo = table.groupby("lesion_id").cumcount()
    for row, number in zip(table.itertuples(), photo, strict=True):
        picture = photograph(row.dx, int(row.lesion_id[4:]), number, seed, width, height)
        Image.fromarray(picture).save(folder / f"{row.image_id}.jpg", quality=92)
    files.write_csv(folder / METADATA, table)
    return folder


def ensure(*, images=700, seed=0, width=160, height=120):
    """Return the cached synthetic set of these arguments, made first where it is missing.

    The set is built beside its place and moved there when whole, so a killed process
    leaves nothing that looks finished. A torn set is built anew; processes that ask at once wait for the first.

    Parameters
    ----------
    images, seed, width, height : int
        As in :func:`generate`.

    Returns
    -------
    pathlib.Path
        Folder below ``paths.cache() / "synthetic"``.

    Raises
    ------
    DataError
        If an argument is out of range.
    """
    _check(images, seed, width, height)
    asked = {"images": images, "seed": seed, "width": width, "height": height}
    key = files.hash_of({**asked, "version": GENERATOR_VERSION})
    folder = paths.cache() / "synthetic" / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{key}.lock")):
        if not (folder / MARKER).exists() or len(list(folder.glob("*.jpg"))) != images:
            partial = folder.with_name(f".{key}.partial")
            for torn in (folder, partial):
                shutil.rmtree(torn, ignore_errors=True)
            generate(partial, **asked)
            files.write_json(partial / MARKER, asked)
            os.replace(partial, folder)
    return folder


def contact_sheet(folder, per_class=6):
    """Return a picture of a set: one row a class, its short name on the left.

    Parameters
    ----------
    folder : str or pathlib.Path
        A folder written by :func:`generate`.
    per_class : int
        Lesions shown of each class; rows with fewer stay short.

    Returns
    -------
    PIL.Image.Image

    Raises
    ------
    DataError
        If `folder` holds no set.
    """
    folder = Path(folder)
    if not (folder / METADATA).is_file():
        msg = f"{folder / METADATA} is missing; expected a folder made by synthetic.generate"
        raise DataError(msg)
    table = pd.read_csv(folder / METADATA).drop_duplicates("lesion_id")
    rows = [table.image_id[table.dx == name][:per_class] for name in CLASSES]
    pictures = [[Image.open(folder / f"{image}.jpg") for image in row] for row in rows]
    width, height = pictures[0][0].size
    label, gap = 64, 4
    across, down = width + gap, height + gap
    sheet = Image.new("RGB", (label + per_class * across, len(CLASSES) * down), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for y, (name, row) in enumerate(zip(CLASSES, pictures, strict=True)):
        draw.text((8, y * down + height // 2), name, "black", font, anchor="lm")
        for x, picture in enumerate(row):
            sheet.paste(picture, (label + x * across, y * down))
    return sheet


def _check(images, seed, width, height):
    limits = {
        "images": (images, MIN_IMAGES, MAX_IMAGES),
        "seed": (seed, 0, 2**32 - 1),
        "width": (width, 16, 2048),
        "height": (height, 16, 2048),
    }
    for name, (value, low, high) in limits.items():
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            msg = f"{name} must be a whole number from {low} to {high}. Received: {value!r}"
            raise DataError(msg)


def metadata(images, seed):
    """Draw the table of a synthetic set: `images` rows, columns as in HAM10000.

    Class sizes follow the square root of the true ones, which keeps their order but
    leaves every class useful in a small set.
    """
    rng = _rng(seed, 0)
    lesions = round(images / IMAGES_PER_LESION)
    labels = rng.permutation(np.repeat(np.arange(len(CLASSES)), _lesions_per_class(lesions)))
    weights = np.take(EXTRA_PHOTOS, labels)
    photos = 1 + rng.multinomial(images - lesions, weights / weights.sum())
    # Shuffled, so that neither the number nor the neighbour of an image gives its class away.
    numbers = iter(rng.permutation(images))
    rows = []
    for lesion, (label, count) in enumerate(zip(labels, photos, strict=True), start=1):
        facts = _patient(label, _rng(seed, lesion))
        rows += [
            (f"SYN_{lesion:07d}", f"ISIC_90{next(numbers):05d}", CLASSES[label], *facts)
            for _ in range(count)
        ]
    columns = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]
    return pd.DataFrame(rows, columns=columns)


def _lesions_per_class(lesions):
    """Share out `lesions` by the square root of the true counts, at least three each."""
    share = np.sqrt([HAM10000_COUNTS[name] for name in CLASSES])
    share *= lesions / share.sum()
    counts = np.maximum(MIN_LESIONS, share.astype(int))
    while counts.sum() != lesions:
        more = counts.sum() < lesions
        counts[np.argmax(share - counts) if more else np.argmax(counts)] += 1 if more else -1
    return counts


def _patient(label, rng):
    """Draw dx_type, age in years (a multiple of 5, or None), sex and site of one lesion."""

    def pick(table):
        weights = np.array([row[label] for row in table.values()], float)
        return rng.choice(list(table), p=weights / weights.sum())

    age = 5.0 * np.clip(np.round(rng.normal(AGE_MEAN[label], AGE_SD[label]) / 5), 0, 17)
    missing = 100 * rng.random() < AGE_MISSING[label]
    return pick(DX_TYPE), None if missing else age, pick(SEX), pick(SITE)


def _rng(seed, *numbers):
    # Zeros at the end of a seed list are ignored by NumPy, hence the closing 1.
    return np.random.default_rng([seed, *numbers, 1])


# ---------------------------------------------------------------------------------------
# Painting. Everything below works in lesion coordinates: the unit is half the height of
# a picture taken head-on, the lesion lies at the origin.

TURN = 2 * math.pi
TILE, REPEATS = 80, 6  # noise tile in pixels, and how often it is laid side by side


def photograph(dx, lesion, number, seed, width, height):
    """Take one photograph of one lesion.

    Parameters
    ----------
    dx : str
        One of `CLASSES`.
    lesion, number : int
        Lesion, and photograph of this lesion; both choose random streams.
    seed, width, height : int
        As in :func:`generate`.

    Returns
    -------
    numpy.ndarray
        RGB, uint8, shape (height, width, 3).
    """
    # The lesion's stream starts anew for every photograph: same draws, same lesion.
    rng, camera = _rng(seed, lesion, 1), _rng(seed, lesion, 2 + number)
    view = _View(rng, camera, width, height)
    skin = np.array([0.89, 0.70, 0.61]) + rng.normal(0, 1, 3) * (0.03, 0.04, 0.05)
    ink = _skin(view, rng)
    PAINTERS[dx](view, rng, ink)
    white = np.clip(ink[WHITE], 0, 0.95)[..., None]
    absorbed = np.tensordot(np.maximum(ink[:WHITE], 0), ABSORPTION, (0, 0))
    picture = skin.astype(np.float32) * np.exp(-absorbed)
    return _expose(picture + (SCATTER - picture) * white, view, camera)


class _View:
    """Where each pixel of one photograph lies on the lesion, and noise fixed to the skin.

    Attributes
    ----------
    x, y : numpy.ndarray
        Picture coordinates of the pixels, float32, shape (height, width); y is -1..1.
    u, v : numpy.ndarray
        Lesion coordinates of the pixels, likewise.
    """

    def __init__(self, rng, camera, width, height):
        smooth = ndimage.gaussian_filter(
            rng.standard_normal((TILE, TILE), np.float32), 3, mode="wrap"
        )
        rough = smooth + sum(np.tile(smooth[::k, ::k], (k, k)) / k for k in (2, 4))
        self.sheets = [
            Image.fromarray(np.tile(tile / tile.std(), (REPEATS, REPEATS)))
            for tile in (smooth, rough)
        ]
        turn, mirror = camera.uniform(0, TURN), camera.choice([-1, 1])
        cos, sin = math.cos(turn), math.sin(turn)
        self.turn = np.array([[cos, -sin], [mirror * sin, mirror * cos]]) / camera.uniform(
            0.9, 1.15
        )
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


def _ramp(value, start, stop):
    """Rise smoothly from 0 at `start` to 1 at `stop`, which may be the smaller one."""
    t = np.clip((value - start) / (stop - start), 0, 1)
    return t * t * (3 - 2 * t)


def _outline(view, rng, size, lobes, rough):
    """Return the relative radius: 0 in the centre of the lesion, 1 on its border."""
    axis = rng.uniform(0, TURN)
    u = view.u * math.cos(axis) + view.v * math.sin(axis)
    v = (view.v * math.cos(axis) - view.u * math.sin(axis)) / rng.uniform(0.72, 1)
    angle, border = np.arctan2(v, u), 1
    for wave in range(2, 7):
        height = lobes * rng.normal() / wave
        border = border + height * np.cos(wave * angle + rng.uniform(0, TURN))
    return np.hypot(u, v) / (size * np.maximum(border, 0.4)) + rough * view.noise(rng, 0.3)


def _scatter(view, rng, count, spread):
    """Yield the squared distance of every pixel from `count` places in a disc."""
    for _ in range(count):
        reach, turn = spread * math.sqrt(rng.random()), rng.uniform(0, TURN)
        yield (view.u - reach * math.cos(turn)) ** 2 + (view.v - reach * math.sin(turn)) ** 2


def _dots(view, rng, count, spread, size, hard=False):
    """Return `count` spots of radius about `size` inside the radius `spread`, 0..1."""
    near = np.full_like(view.u, 99)
    for square in _scatter(view, rng, count, spread):
        np.minimum(near, square / (size * rng.uniform(0.5, 1.4)) ** 2, out=near)
    return _ramp(near, 1.6, 0.5) if hard else np.exp(-near)


def _network(view, rng, period):
    """Return a pigment network: 0 in its holes, 1 on its lines, faint in places.

    A hexagonal lattice, bent until it no longer looks like one.
    """
    turn, bend = rng.uniform(0, TURN), 0.45 * period
    u = view.u + bend * view.noise(rng, 3.5 * period, rough=False)
    v = view.v + bend * view.noise(rng, 3.5 * period, rough=False)
    waves = 0
    for angle in (turn, turn + TURN / 6, turn + TURN / 3):
        waves = waves + np.cos(TURN / period * (u * math.cos(angle) + v * math.sin(angle)))
    return _ramp(waves, 1.5, -1.2) * _ramp(view.noise(rng, 0.4), -1.5, 0.8)


def _vessels(rng, count, size):
    """Return branching curves that run from the border of the lesion towards its middle."""
    curves = []
    for _ in range(count):
        start = rng.uniform(0, TURN)
        point = 1.05 * size * np.array([math.cos(start), math.sin(start)])
        todo = [(point, start + TURN / 2 + rng.normal(0, 0.6), 12)]
        while todo:
            point, heading, length = todo.pop()
            bends = heading + np.cumsum(rng.normal(0, 0.28, length))
            steps = 0.085 * size * np.stack([np.cos(bends), np.sin(bends)], 1)
            curve = point + np.vstack([np.zeros(2), np.cumsum(steps, 0)])
            curves.append(curve)
            for at in rng.integers(2, length, 2) if length > 4 else ():
                fork = bends[at - 1] + rng.choice([-1, 1]) * rng.uniform(0.4, 0.9)
                todo.append((curve[at], fork, length // 2))
    return curves


def _skin(view, rng):
    """Lay out skin without a lesion: tan, redness, mottling and grain."""
    ink = np.zeros((5, *view.u.shape), np.float32)
    mottled = rng.uniform(0.01, 0.07)
    ink[MELANIN] = rng.gamma(2, 0.05) + mottled * view.noise(rng, 0.6)
    ink[BLOOD] = rng.gamma(3, 0.05) + mottled * view.noise(rng, 0.35)
    ink[MELANIN] += rng.uniform(0.01, 0.04) * view.noise(rng, 0.1)
    return ink


def _paint_akiec(view, rng, ink):
    """Red, rough and scaly; fades into sun-damaged skin."""
    rho = _outline(view, rng, rng.uniform(0.4, 0.8), 0.3, 0.16)
    area = _ramp(rho, 1.35, 0.55)
    ink[BLOOD] += area * rng.uniform(0.25, 0.75) * (1 + 0.35 * view.noise(rng, 0.13))
    ink[BLOOD] += rng.uniform(0, 0.12) * np.maximum(view.noise(rng, 0.25), 0)
    ink[MELANIN] += area * rng.uniform(0.05, 0.8) * _ramp(view.noise(rng, 0.3), -0.5, 1.2)
    ink[KERATIN] += area * rng.uniform(0.2, 0.9) * _ramp(view.noise(rng, 0.25), 0, 1.5)
    scale = _ramp(view.noise(rng, 0.1), 0.6, 1.6) * _ramp(view.noise(rng, 0.4), -0.8, 0.7)
    ink[WHITE] += area * rng.uniform(0.1, 0.75) * scale


def _paint_bcc(view, rng, ink):
    """Pink and pearly, crossed by branching vessels; often with blue-grey nests."""
    size = rng.uniform(0.35, 0.75)
    rho = _outline(view, rng, size, 0.2, 0.06)
    area = _ramp(rho, 1.15, 0.8)
    ink[BLOOD] += area * rng.uniform(0.1, 0.45) * (1 + 0.2 * view.noise(rng, 0.3))
    ink[WHITE] += area * rng.uniform(0.1, 0.45) * _ramp(view.noise(rng, 0.35), -1, 1.3)
    ink[MELANIN] += area * max(0, rng.normal(0, 0.2)) * _ramp(view.noise(rng, 0.2), -0.5, 1)
    vessels = view.strokes(_vessels(rng, rng.integers(1, 7), size), 0.02)
    ink[BLOOD] += rng.uniform(0.3, 0.9) * _ramp(rho, 1.3, 1) * vessels
    if rng.random() < 0.55:
        nests = _dots(view, rng, rng.integers(1, 9), 0.8 * size, rng.uniform(0.15, 0.35) * size)
        nests = _ramp(nests * (1 + 0.35 * view.noise(rng, 0.15)), 0.2, 1)
        ink[DEEP] += nests * rng.uniform(0.5, 1.2)
        ink[MELANIN] += nests * rng.uniform(0, 0.8)
    if rng.random() < 0.25:
        sore = _dots(view, rng, 1, 0.3, 0.35 * size) * _ramp(view.noise(rng, 0.2), -2, 0.5)
        ink[BLOOD] += 1.1 * sore
        ink[MELANIN] += 0.4 * sore


def _paint_bkl(view, rng, ink):
    """Waxy tan to dark brown with a sharp border, bright milia and dark openings."""
    size = rng.uniform(0.4, 0.8)
    flat = rng.random() < 0.25  # a lentigo: even, thin, moth-eaten border
    rho = _outline(view, rng, size, 0.2, 0.09 if flat else 0.035)
    area = _ramp(rho, 1.06, 0.95)
    tone = rng.uniform(0.25, 0.6) if flat else rng.uniform(0.4, 1.5)
    ink[MELANIN] += area * tone * (1 + 0.2 * view.noise(rng, 0.15))
    ink[KERATIN] += area * rng.uniform(0.1, 0.7)
    ink[BLOOD] += area * rng.uniform(0, 0.25)
    ink[WHITE] += area * rng.uniform(0, 0.25)
    if flat:
        ink[MELANIN] += area * 0.4 * _network(view, rng, 0.1)
        return
    milia = area * _dots(view, rng, rng.integers(0, 18), 0.8 * size, 0.045, hard=True)
    ink[MELANIN] *= 1 - 0.6 * milia
    ink[WHITE] += rng.uniform(0.15, 0.5) * milia
    ink[KERATIN] += 0.4 * milia
    openings = area * _dots(view, rng, rng.integers(0, 16), 0.85 * size, 0.045)
    ink[MELANIN] += rng.uniform(0.4, 1.4) * openings
    furrows = _ramp(np.abs(view.noise(rng, 0.25)), 0.3, 0)
    ink[MELANIN] += area * rng.uniform(0, 0.8) * furrows


def _paint_df(view, rng, ink):
    """A white, scar-like centre in a soft brown ring with a delicate network."""
    rho = _outline(view, rng, rng.uniform(0.4, 0.75), 0.12, 0.07)
    area = _ramp(rho, 1.35, 0.65)
    core = _ramp(rho + 0.08 * view.noise(rng, 0.1), rng.uniform(0.5, 0.85), 0.1)
    net = 0.75 + 0.45 * _network(view, rng, rng.uniform(0.08, 0.12))
    ink[MELANIN] += area * (1 - 0.85 * core) * rng.uniform(0.25, 0.8) * net
    ink[BLOOD] += area * rng.uniform(0.05, 0.5) * (1 - 0.5 * core)
    ink[WHITE] += core * rng.uniform(0.2, 0.7) * (1 + 0.25 * view.noise(rng, 0.13))


def _paint_mel(view, rng, ink):
    """Asymmetric and notched, in several colours; an early one passes for a nevus."""
    grade = rng.uniform(0.1, 1)
    rho = _outline(view, rng, rng.uniform(0.45, 0.9), 0.12 + 0.25 * grade, 0.04 + 0.12 * grade)
    area = _ramp(rho, 1.15, 0.85)
    lean = rng.uniform(0, TURN)
    side = view.u * math.cos(lean) + view.v * math.sin(lean)
    dark = _ramp(view.noise(rng, 0.35) + 1.5 * grade * side, -1, 1.4)
    ink[MELANIN] += area * (rng.uniform(0.4, 1) + (0.4 + 1.7 * grade) * dark)
    ink[MELANIN] += area * rng.uniform(0.2, 0.6) * _network(view, rng, rng.uniform(0.09, 0.13))
    ink[BLOOD] += area * rng.uniform(0, 0.6) * _ramp(view.noise(rng, 0.4), -0.5, 1)
    veil = area * _ramp(view.noise(rng, 0.45), 0.9 - grade, 2.2)
    ink[DEEP] += rng.uniform(0.4, 1.3) * veil
    ink[WHITE] += rng.uniform(0.1, 0.4) * veil
    scar = area * grade * _ramp(view.noise(rng, 0.35), 0.6, 2.2)
    ink[MELANIN] *= 1 - 0.8 * np.maximum(scar, 0.8 * veil)
    ink[WHITE] += 0.4 * scar
    ink[MELANIN] += grade * 1.2 * _dots(view, rng, rng.integers(0, 12), 0.7, 0.035) * area


def _paint_nv(view, rng, ink):
    """Round, even and brown with a fine network; one in six is atypical."""
    odd = rng.random() < 0.17
    rho = _outline(view, rng, rng.uniform(0.3, 0.7), 0.3 if odd else 0.1, 0.09 if odd else 0.04)
    area = _ramp(rho, 1 + rng.uniform(0.08, 0.3), 0.85)
    tone = rng.uniform(0.35, 1.5) * (1 + rng.uniform(-0.3, 0.6) * _ramp(rho, 0.95, 0))
    ink[MELANIN] += area * tone * (1 + (0.35 if odd else 0.12) * view.noise(rng, 0.25))
    ink[BLOOD] += area * rng.uniform(0, 0.45)
    if rng.random() < 0.7:
        ink[MELANIN] += area * rng.uniform(0.2, 0.7) * _network(view, rng, rng.uniform(0.08, 0.11))
    else:
        ink[MELANIN] += area * 0.5 * _dots(view, rng, rng.integers(8, 20), 0.5, 0.04)


def _paint_vasc(view, rng, ink):
    """Red to purple lagoons, sharply set apart by paler walls."""
    size = rng.uniform(0.3, 0.65)
    rho = _outline(view, rng, size, 0.15, 0.05)
    area = _ramp(rho, 1.08, 0.92)
    near, second, shade = np.full((3, *view.u.shape), 9, np.float32)
    wobble = 0.012 * view.noise(rng, 0.15)
    for square in _scatter(view, rng, rng.integers(8, 26), size):
        far = np.sqrt(square) + wobble * rng.normal()
        second = np.minimum(second, np.maximum(near, far))
        shade = np.where(far < near, np.float32(rng.random()), shade)
        near = np.minimum(near, far)
    lagoon = _ramp(second - near, rng.uniform(-0.05, 0.01), rng.uniform(0.1, 0.2))
    ink[BLOOD] += area * rng.uniform(0.6, 1.4) * (0.5 + lagoon * (0.3 + 0.5 * shade))
    ink[DEEP] += area * lagoon * rng.uniform(0, 0.8) * _ramp(shade, 0.2, 1.1)
    ink[WHITE] += area * rng.uniform(0, 0.3) * _ramp(view.noise(rng, 0.3), -1, 2) * (1 - lagoon)


PAINTERS = {
    "akiec": _paint_akiec, "bcc": _paint_bcc, "bkl": _paint_bkl, "df": _paint_df,
    "mel": _paint_mel, "nv": _paint_nv, "vasc": _paint_vasc,
}  # fmt: skip


def _expose(picture, view, camera):
    """Add what the camera adds: hairs, a ruler, bubbles, light, focus and grain."""
    if camera.random() < 0.35:
        hairs = []
        for _ in range(camera.integers(1, 9)):
            start, bow, end = camera.uniform(-1.4, 1.4, (3, 2))
            t = np.linspace(0, 1, 16)[:, None]
            middle = (start + end) / 2 + 0.3 * bow
            hairs.append((1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end)
        hair = camera.uniform(0.5, 0.9) * view.strokes(hairs, camera.uniform(0.01, 0.025))
        picture = picture + (np.float32([0.2, 0.13, 0.1]) - picture) * hair[..., None]
    turn = camera.uniform(0, TURN)
    along = view.x * math.cos(turn) + view.y * math.sin(turn)
    across = view.y * math.cos(turn) - view.x * math.sin(turn)
    if camera.random() < 0.08:
        ticks = (np.abs(across - 0.85) < 0.05) & (along % 0.12 < 0.025)
        picture = np.where(ticks[..., None], np.float32(0.15), picture)
    for _ in range(camera.integers(1, 4) if camera.random() < 0.08 else 0):
        far = np.hypot(view.x - camera.uniform(-1.3, 1.3), view.y - camera.uniform(-1, 1))
        ring = _ramp(np.abs(far - camera.uniform(0.03, 0.1)), 0.025, 0)
        picture = picture + 0.2 * ring[..., None]
    radius = np.hypot(view.x, view.y)
    light = camera.uniform(0.88, 1.12) * (1 - camera.uniform(0.02, 0.12) * radius**2)
    light = light * (1 + camera.uniform(0, 0.1) * along)
    if camera.random() < 0.12:  # the round edge of the instrument
        light = light * _ramp(radius, camera.uniform(1.35, 1.6), 1.2)
    cast = 1 + camera.normal(0, 1, 3) * (0.02, 0.03, 0.06)
    picture = picture * (light[..., None] * cast.astype(np.float32))
    focus = camera.uniform(0, 0.006) * view.size[1]
    picture = ndimage.gaussian_filter(picture, (focus, focus, 0), truncate=2)
    picture += 0.012 * camera.standard_normal(picture.shape, np.float32)
    return (255 * np.clip(picture, 0, 1) + 0.5).astype(np.uint8)
