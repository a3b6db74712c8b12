"""Kernel SHAP: by how much each cell of a picture raises the probability of its class.

A hidden cell has the mean colour of the picture. The Shapley values of the cells solve a weighted
least-squares problem over sets of cells that are seen (Lundberg and Lee 2017, theorem 2).
"""

import numpy as np
from scipy.special import comb

# Cells along a side, and sets of cells that are tried for a picture.
CELLS, TRIED = 4, 256


def coalitions(players, tried=TRIED):
    """Return sets of players, (m, players) bool, neither empty nor whole, and weights (m,).

    All sets where there are no more than `tried`; else so many are drawn in proportion to their
    weights, each with its complement.
    """
    if 2**players - 2 <= tried:
        found = (np.arange(1, 2**players - 1)[:, None] >> np.arange(players)) & 1 == 1
        size = found.sum(axis=1)
        return found, (players - 1) / (comb(players, size) * size * (players - size))
    rng, size = np.random.default_rng(0), np.arange(1, players)
    share = 1 / (size * (players - size))
    drawn = rng.choice(size, tried // 2, p=share / share.sum())
    ranks = rng.random((len(drawn), players)).argsort(axis=1)
    half = ranks < drawn[:, None]
    return np.concatenate([half, ~half]), np.ones(2 * len(half))


def values(game, players, tried=TRIED):
    """Return the Shapley values of a game, shape (players,).

    `game` gives the values (m,) of sets of players, (m, players) bool.
    """
    found, weights = coalitions(players, tried)
    empty, whole = game(np.array([[False] * players, [True] * players]))
    # The values add up to those of all players, so the last one follows from the others.
    left = game(found) - empty - found[:, -1] * (whole - empty)
    matrix, root = found[:, :-1].astype(float) - found[:, -1:], np.sqrt(weights)
    first = np.linalg.lstsq(root[:, None] * matrix, root * left, rcond=None)[0]
    return np.append(first, whole - empty - first.sum())


def maps(model, part, index, cells=CELLS):
    """Return the Shapley values of the cells of some photographs of a set, (n, cells, cells).

    Of the probability of the class that `model` predicts; `index` are places in the set, (n,).
    """
    out = []
    for place in index:
        inputs = part.inputs(np.array([place]))
        image = inputs["image"]
        mean = image.mean(axis=(1, 2), keepdims=True)
        line = np.arange(image.shape[1]) * cells // image.shape[1]
        chosen = np.asarray(model.predict_on_batch(inputs)).argmax()

        def game(seen, inputs=inputs, mean=mean, chosen=chosen, cell=cells * line[:, None] + line):
            pictures = np.where(seen[:, cell][..., None], inputs["image"], mean)
            rows = {name: np.repeat(value, len(seen), axis=0) for name, value in inputs.items()}
            rows["image"] = pictures.astype(inputs["image"].dtype)
            return np.asarray(model.predict_on_batch(rows), float)[:, chosen]

        out.append(values(game, cells**2).reshape(cells, cells))
    return np.stack(out)
