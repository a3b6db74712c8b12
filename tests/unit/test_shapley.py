"""Kernel SHAP against Shapley values by their definition, and on pictures whose answer is known."""

import itertools
import math

import numpy as np
import pytest

from skinlib.data.batches import Part
from skinlib.predict import shapley


def by_definition(game, players):
    """Average what each player adds over all orders in which they may come."""
    found = np.zeros(players)
    for order in itertools.permutations(range(players)):
        seen = np.zeros(players, bool)
        for player in order:
            before = game(seen[None])[0]
            seen[player] = True
            found[player] += game(seen[None])[0] - before
    return found / math.factorial(players)


def with_interactions(sets):
    one, two, three, four = np.asarray(sets, float).T
    return 1 + 2 * one + one * two - 3 * two * three * four + 0.5 * four


def test_drawn_sets_give_the_shapley_values():
    found = shapley.values(with_interactions, 4, tried=4000)
    np.testing.assert_allclose(found, by_definition(with_interactions, 4), atol=0.03)


def test_they_do_so_exactly_where_players_only_add_up():
    worth = np.linspace(-1, 2, 12)
    found = shapley.values(lambda sets: 3 + sets @ worth, 12, tried=60)
    np.testing.assert_allclose(found, worth, atol=1e-9)


def test_sets_are_drawn_in_proportion_to_their_weights_with_their_complements():
    sets = shapley.coalitions(12, tried=4000)
    half = len(sets) // 2
    assert (sets[:half] ^ sets[half:]).all()
    sizes = np.bincount(sets.sum(axis=1), minlength=13)
    share = np.array([0, *(1 / (k * (12 - k)) for k in range(1, 12)), 0])
    np.testing.assert_allclose(sizes / sizes.sum(), share / share.sum(), atol=0.02)


class Corner:
    """A network whose class 3 is as probable as one corner of the picture is bright."""

    def predict_on_batch(self, inputs):
        assert len(inputs["metadata"]) == len(inputs["image"])
        bright = inputs["image"][:, :4, 4:].mean(axis=(1, 2, 3)) / 255
        return np.stack([0 * bright, 0 * bright, 0 * bright, bright], axis=1)


def test_the_cells_that_decide_have_the_whole_value():
    pixels = np.zeros((3, 8, 8, 3), np.uint8)
    pixels[2, :4, 4:] = 200
    part = Part(pixels, np.array([1, 2]), np.zeros((2, 21), np.float32), np.array([0, 0]))
    (found,) = shapley.maps(Corner(), part, [1])
    # A hidden corner has the mean colour: a quarter of the picture is bright. It has four cells.
    expected = np.zeros((4, 4))
    expected[:2, 2:] = 150 / 255 / 4
    assert found == pytest.approx(expected, abs=1e-9)
