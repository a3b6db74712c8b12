"""Training photographs that change from epoch to epoch: crops, turns, colours, unknown facts.

All is drawn from the seed, the epoch and the number of the photograph, so an epoch that goes on
after a crash has the pictures that it would have had anyway. One resampling makes the crop, from
the whole photograph.
"""

import dataclasses

import numpy as np
from PIL import Image

from skinlib.data.batches import Part
from skinlib.data.metadata import BLOCKS
from skinlib.data.store import read

# Height of the cached photographs over the side of a crop: small crops are hardly enlarged.
ROOM = 4 / 3
# Shares of red, green and blue in the luminance (ITU-R BT.601), as Pillow and YIQ have it.
LUMA = np.array([0.299, 0.587, 0.114])
YIQ = np.array(
    [LUMA, [0.59590059, -0.27455667, -0.32134392], [0.21153661, -0.52273617, 0.31119955]]
)


@dataclasses.dataclass(frozen=True)
class AugmentedPart:
    """A training set whose inputs are augmented.

    Attributes
    ----------
    part : skinlib.data.batches.Part
    whole : numpy.ndarray or None
        Whole photographs, shape (n_all, h, w, 3), uint8; None: the pictures of `part` as they are.
    options : dict
        Of `crop`.
    dropped : float
        Share of the photographs of which facts are unknown: of one half of these all three, of the
        other half one.
    unknown : numpy.ndarray or None
        `skinlib.data.metadata.MetadataEncoder.nothing`.
    seed, epoch : int
    """

    part: Part
    whole: np.ndarray | None
    options: dict
    dropped: float
    unknown: np.ndarray | None
    seed: int
    epoch: int = 0

    def __len__(self):
        return len(self.part)

    @property
    def labels(self):
        return self.part.labels

    def of_epoch(self, epoch):
        """Return the set as an epoch sees it, counted from 0."""
        return dataclasses.replace(self, epoch=epoch)

    def inputs(self, index):
        """Return inputs as `skinlib.data.batches.Part.inputs` does."""
        rows = self.part.rows[index]
        # 0 is the stream of the order of the epoch.
        draws = [np.random.default_rng([self.seed, self.epoch, 1 + row]) for row in rows]
        found = self.part.facts(index)
        if found:
            pairs = zip(found["metadata"], draws, strict=True)
            found = {"metadata": np.stack([self._forget(facts, rng) for facts, rng in pairs])}
        if self.whole is None:
            return {"image": self.part.inputs(index)["image"], **found}
        side = self.part.pixels.shape[1]
        pictures = zip(read(self.whole, rows), draws, strict=True)
        images = np.stack([crop(picture, side, rng, **self.options) for picture, rng in pictures])
        if self.part.channel_order == "bgr":
            images = images[..., ::-1]
        return {"image": images, **found}

    def _forget(self, facts, rng):
        share, which = rng.random(2)
        if share >= self.dropped:
            return facts
        facts = facts.copy()
        everything = which < 0.5
        for place, block in enumerate(BLOCKS):
            if everything or place == int(len(BLOCKS) * (2 * which - 1)):
                facts[block] = self.unknown[block]
        return facts


def crop(
    picture,
    size,
    rng,
    *,
    scale=1.0,
    ratio=1.0,
    turns=False,
    brightness=0.0,
    contrast=0.0,
    saturation=0.0,
    hue=0.0,
):
    """Return a random part of a picture as a square, shape (size, size, 3), uint8.

    Parameters
    ----------
    picture : numpy.ndarray
        Shape (h, w, 3), uint8.
    size : int
    rng : numpy.random.Generator
    scale : float
        Least share of the area; from [scale, 1]. A side that would leave the picture is shortened.
    ratio : float
        Largest width over height, and height over width.
    turns : bool
        One of the eight turns and mirror images.
    brightness, contrast, saturation : float
        Largest change of these factors, of `colours`.
    hue : float
        Largest change of the hue in degrees.
    """
    height, width = picture.shape[:2]
    area = height * width * rng.uniform(scale, 1.0)
    shape = np.exp(rng.uniform(-1.0, 1.0) * np.log(ratio))
    across, down = min(np.sqrt(area * shape), width), min(np.sqrt(area / shape), height)
    left, top = rng.random() * (width - across), rng.random() * (height - down)
    box = (left, top, left + across, top + down)
    image = Image.fromarray(picture).resize((size, size), Image.Resampling.BILINEAR, box)
    square = np.asarray(image)
    if turns:
        quarters, mirrored = divmod(int(rng.integers(8)), 2)
        square = np.rot90(square[:, ::-1] if mirrored else square, quarters)
    changes = rng.uniform(-1.0, 1.0, 4) * (brightness, contrast, saturation, hue)
    return colours(square, *(1 + changes[:3]), changes[3]) if changes.any() else square


def colours(picture, brightness=1.0, contrast=1.0, saturation=1.0, hue=0.0):
    """Change the colours of a picture, shape (h, w, 3), uint8, with one rounding.

    The hue turns by degrees in YIQ; then saturation and contrast are multiplied about the grey of
    each pixel and the mean luminance of the picture, and brightness about black.
    """
    turn = np.radians(hue)
    plane = np.eye(3)
    plane[1:, 1:] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    grey = np.tile(LUMA, (3, 1))
    matrix = (saturation * np.eye(3) + (1 - saturation) * grey) @ np.linalg.inv(YIQ) @ plane @ YIQ
    # Neither step before changes the luminance.
    mean = picture.reshape(-1, 3).mean(axis=0) @ LUMA
    linear = (brightness * contrast * matrix).astype(np.float32)
    constant = np.float32(brightness * (1 - contrast) * mean)
    moved = picture.astype(np.float32) @ linear.T + constant
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)
