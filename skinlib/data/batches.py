"""Batches of one set of a split, read from the pixel cache."""

import dataclasses

import numpy as np

from skinlib.data.store import read

_ONE_HOT = np.eye(7, dtype=np.float32)


@dataclasses.dataclass(frozen=True)
class Part:
    """All inputs and labels of one set of a split.

    Attributes
    ----------
    pixels : numpy.ndarray
        The whole cache (`skinlib.data.pixels.cached`), shape (n_all, size, size, 3), uint8.
    rows : numpy.ndarray
        Rows of `pixels` that belong to the set, shape (n,).
    metadata : numpy.ndarray or None
        Shape (n, 21), float32; None for a recipe that has none.
    labels : numpy.ndarray
        Class index, shape (n,), int.
    channel_order : {'rgb', 'bgr'}
        Order in which the channels are handed out. The cache is always RGB.
    sides : tuple of numpy.ndarray
        Caches of other squares of the same photographs, for the views ``crops``.
    masks : numpy.ndarray or None
        Of all images (`skinlib.data.masks.grids`), for a recipe that has a path for them.
    """

    pixels: np.ndarray
    rows: np.ndarray
    metadata: np.ndarray | None
    labels: np.ndarray
    channel_order: str = "rgb"
    sides: tuple = ()
    masks: np.ndarray | None = None

    def __len__(self):
        return len(self.rows)

    def inputs(self, index):
        """Return the model inputs at `index`, positions within the set, shape (b,).

        ``image`` (b, size, size, 3) uint8 and, if there is any, ``metadata`` (b, 21) float32.
        """
        images = read(self.pixels, self.rows[index])
        if self.channel_order == "bgr":
            images = images[..., ::-1]
        return {"image": images, **self.facts(index)}

    def squares(self):
        """Yield a set for each square of the photographs, the one in the centre first."""
        for pixels in (self.pixels, *self.sides):
            yield dataclasses.replace(self, pixels=pixels, sides=())

    def facts(self, index):
        """Return the inputs beside the pictures, if any: ``metadata``, ``mask`` (b, h, w, 1)."""
        found = {} if self.metadata is None else {"metadata": self.metadata[index]}
        if self.masks is not None:
            found["mask"] = read(self.masks, self.rows[index])
        return found


def epoch_order(count, seed, epoch):
    """Return the order of one epoch: a permutation that depends on (seed, epoch) alone.

    So an epoch resumed after a crash has the order that it would have had anyway.
    """
    return np.random.default_rng([seed, epoch]).permutation(count)


def batches(part, batch_size, order=None):
    """Yield ``(inputs, one_hot)`` over a part once, see `batch`; the last batch may be smaller.

    `order` has positions within the part, ascending by default.
    """
    order = np.arange(len(part)) if order is None else order
    for start in range(0, len(order), batch_size):
        yield batch(part, order[start : start + batch_size])


def batch(part, index):
    """Return `Part.inputs` and one-hot labels (b, 7), float32, of the members at `index`."""
    return part.inputs(index), _ONE_HOT[part.labels[index]]
