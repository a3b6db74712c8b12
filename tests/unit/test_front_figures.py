"""Figures of the front page."""

import numpy as np

from skinlib.plots import front
from skinlib.stats.bootstrap import Estimate

ROWS = {
    "paper": {"A": [0.81, 0.78], "B": [0.9, None]},
    "ours": {"A": [Estimate(0.75, 0.72, 0.77), Estimate(0.6, 0.55, 0.64)]},
}


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_each_value_is_written_at_its_place():
    figure = front.compared(ROWS, ("accuracy", "mean recall"), ("ours", "mean recall", 0.85, 0.88))
    left, right = figure.axes
    assert texts(left) == ["0.81", "0.90", "0.75"]
    assert texts(right) == ["0.78", "0.60"]
    assert [label.get_text() for label in left.get_yticklabels()] == ["paper", "ours"]
    band = [line for line in right.lines if line.get_label() == "published systems"]
    assert [list(line.get_xdata()) for line in band] == [[0.85, 0.88]]
    assert not any(line.get_label() == "published systems" for line in left.lines)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["A", "B", "published systems"]


def test_intervals_are_drawn():
    left, _ = front.compared(ROWS, ("accuracy", "mean recall")).axes
    assert [0.72, 0.77] in [list(line.get_xdata()) for line in left.lines]


def test_a_claim_is_a_square():
    figure = front.waffle({"holds": 17, "true only for …": 2, "open": 1})
    drawn = figure.axes[0].collections[0].get_array()
    assert np.ma.count(drawn) == 20
    assert list(drawn.compressed()) == [0] * 17 + [1] * 2 + [2]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["holds: 17", "true only for …: 2", "open: 1"]
