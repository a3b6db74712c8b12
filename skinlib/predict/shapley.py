"""Kernel SHAP: by how much each cell of a picture raises the probability of its class.

A hidden cell has the mean colour of the picture. The Shapley values of the cells solve a weighted
least-squares problem over sets of cells that are seen (Lundberg and Lee 2017, theorem 2).
"""

import numpy as np

# Cells along a side, and sets of cells that are tried for a picture.
CELLS, TRIED = 4, 256


def coalitions(players, tried=TRIED):
    """Draw sets of players, neither empty nor whole, in proportion to their weights.

    Each comes with its complement: (tried, players), bool.
    """
    rng, size = np.random.default_rng(0), np.arange(1, players)
    share = 1 / (size * (players - size))
    drawn = rng.choice(size, tried // 2, p=share / share.sum())
    half = rng.random((len(drawn), players)).argsort(axis=1) < drawn[:, None]
    return np.concatenate([half, ~half])


def values(game, players, tried=TRIED):
    """Return the Shapley values of a game, shape (players,).

    `game` gives the values (m,) of sets of players, (m, players) bool.
    """
    found = coalitions(players, tried)
    empty, whole = game(np.array([[False] * players, [True] * players]))
    # The values add up to those of all players, so the last one follows from the others.
    left = game(found) - empty - found[:, -1] * (whole - empty)
    matrix = found[:, :-1].astype(float) - found[:, -1:]
    first = np.linalg.lstsq(matrix, left, rcond=None)[0]
    return np.append(first, whole - empty - first.sum())


def maps(model, part, index):
    """Return the Shapley values of the cells of some photographs of a set, (n, CELLS, CELLS).

    Of the probability of the class that `model` predicts; `index` are places in the set, (n,).
    """
    out = []
    for place in index:
        inputs = part.inputs(np.array([place]))
        image = inputs["image"]
        mean = image.mean(axis=(1, 2), keepdims=True)
        line = np.arange(image.shape[1]) * CELLS // image.shape[1]
        chosen = np.asarray(model.predict_on_batch(inputs)).argmax()

        def game(seen, inputs=inputs, mean=mean, chosen=chosen, cell=CELLS * line[:, None] + line):
            pictures = np.where(seen[:, cell][..., None], inputs["image"], mean)
            rows = {name: np.repeat(value, len(seen), axis=0) for name, value in inputs.items()}
            rows["image"] = pictures.astype(inputs["image"].dtype)
            return np.asarray(model.predict_on_batch(rows), float)[:, chosen]

        out.append(values(game, CELLS**2).reshape(CELLS, CELLS))
    return np.stack(out)
