"""Which training images an epoch takes, and what is done to its batches before they are learned.

All of it depends on seed, epoch and number of the batch alone, so that a training that was killed
goes on as it would have done.
"""

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.data.batches import epoch_order
from skinlib.data.metadata import SEX_SLOTS
from skinlib.training import distillation
from skinlib.training.losses import weights_of

# Of the Beta distributions of Zhang et al. 2018 and Yun et al. 2019.
ALPHA = {"mixup": 0.2, "cutmix": 1.0}


class Changes:
    """Order and batches of one epoch, counted from 0, for training labels (n,).

    `taught` are the probabilities of the teachers, (n, 7), where there are any.
    """

    def __init__(self, recipe, labels, seed, epoch, taught=None):
        self.recipe, self.labels, self.seed, self.epoch = recipe, labels, seed, epoch
        self.taught = taught
        self.weights = weights_of(recipe, labels, epoch) if recipe.cumulative else None

    def order(self):
        """Return the positions within the training set that the epoch takes, in its order."""
        order = epoch_order(len(self.labels), self.seed, self.epoch)
        if self.recipe.sampling == "balanced":
            share = 1 / np.bincount(self.labels)[self.labels]
            rng = np.random.default_rng([self.seed, self.epoch])
            return rng.choice(len(order), len(order), p=share / share.sum())
        if self.recipe.sampling == "melanoma_nevus":
            wanted = [CLASSES.index(name) for name in ("mel", "nv")]
            return order[np.isin(self.labels[order], wanted)]
        return order

    def __call__(self, step, places, inputs, targets):
        """Return inputs and targets (b, 7) of a batch as they are learned, perhaps with weights.

        Where relations are learned, the targets are (b, 14), see
        `skinlib.training.distillation.with_relations`.

        `step` is the number of the batch within the epoch, `places` (b,) are its positions within
        the training set.
        """
        rng = np.random.default_rng([self.seed, self.epoch, step, 1])
        weights = () if self.weights is None else (targets @ self.weights.astype(np.float32),)
        if self.taught is not None:
            class_weights = weights_of(self.recipe, self.labels)
            targets = distillation.targets(targets, self.taught[places], class_weights)
            if self.recipe.relations:
                targets = np.hstack([targets, self.taught[places]])
        if self.recipe.missing_facts and "metadata" in inputs:
            facts = hide(inputs["metadata"], self.recipe.missing_facts, rng)
            inputs = {**inputs, "metadata": facts}
        if self.recipe.mix != "none":
            other = rng.permutation(len(targets))
            share = rng.beta(*2 * [ALPHA[self.recipe.mix]], len(targets)).astype(np.float32)
            mixed = mixup if self.recipe.mix == "mixup" else cutmix
            inputs, targets, *weights = mixed(inputs, [targets, *weights], other, share, rng)
        return inputs, targets, *weights


def hide(facts, probability, rng):
    """Return metadata (b, 21) where age, sex and site are each missing, all 0, at random."""
    age, sex, site = rng.random((3, len(facts), 1)) >= probability
    known = np.split(np.ones_like(facts), [1, 1 + SEX_SLOTS], axis=1)
    kept = [block * each for block, each in zip(known, (age, sex, site), strict=True)]
    return facts * np.concatenate(kept, axis=1)


def mixup(inputs, rest, other, share, rng=None):
    """Mix a batch with its members `other`, (b,): a `share` (b,) is of its own.

    Returns the inputs, a dictionary, then each of the `rest`: targets and the like.
    """
    mixed = {name: _blend(array, other, share) for name, array in inputs.items()}
    return mixed, *(_blend(array, other, share) for array in rest)


def cutmix(inputs, rest, other, share, rng):
    """Paste a box of the members `other` into pictures or features; see `mixup`.

    The box has about the area 1 - share and any centre. All else is mixed by the true area.
    """
    mixed, corners = {}, _corners(share, rng)
    for name, array in inputs.items():
        if array.ndim == 4:
            inside = _inside(corners, *array.shape[1:3])
            mixed[name] = np.where(inside[..., None], array[other], array)
            kept = 1 - inside.mean(axis=(1, 2), dtype=np.float32)
    for name in set(inputs) - set(mixed):
        mixed[name] = _blend(inputs[name], other, kept)
    return mixed, *(_blend(array, other, kept) for array in rest)


def _corners(share, rng):
    """Return top, bottom, left and right of boxes as shares of the side, (4, b)."""
    half = np.sqrt(1 - share) / 2
    centres = rng.random((2, len(share)))
    return np.clip([end for c in centres for end in (c - half, c + half)], 0, 1)


def _inside(corners, height, width):
    """Return which positions lie in the boxes, (b, height, width)."""
    top, bottom, left, right = (np.asarray(each)[:, None] for each in corners)
    down, across = ((np.arange(side) + 0.5) / side for side in (height, width))
    rows, columns = (down >= top) & (down < bottom), (across >= left) & (across < right)
    return rows[:, :, None] & columns[:, None, :]


def _blend(array, other, share):
    share = share.reshape(-1, *[1] * (array.ndim - 1))
    mixed = share * array + (1 - share) * array[other]
    return (mixed if array.dtype.kind == "f" else np.rint(mixed)).astype(array.dtype)
