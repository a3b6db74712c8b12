"""Interval plots: every value and every end of an interval is where it belongs."""

import numpy as np
import pandas as pd
import pytest

from skinlib.plots import front
from skinlib.plots.effects import changes, forest, intervals, pairwise, tidy
from skinlib.plots.style import BLUE, MUTED, VERMILLION
from skinlib.stats.bootstrap import Estimate
from skinlib.stats.paired import Effect
from skinlib.stats.scores import SCORES

FOUND = {
    "ours": {"a": Estimate(0.5, 0.4, 0.7), "b": Estimate(0.2, 0.1, 0.3)},
    "theirs": {"b": 0.9, "c": 0.6},
}


def drawn(axes):
    """Return the marks of each kind, and the ends of each interval, in rows from the top."""
    marks, ends = {}, {}
    for container in axes.containers:
        line, _, bars = container
        marks[container.get_label()] = np.transpose(line.get_data()).tolist()
        ends[container.get_label()] = [part[:, 0].tolist() for bar in bars for part in
                                       bar.get_segments()]  # fmt: skip
    return marks, ends


def test_a_row_has_its_marks_and_their_intervals():
    axes = intervals(tidy(FOUND, 100), "per cent").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert axes.get_xlabel() == "per cent"
    marks, ends = drawn(axes)
    (one, first), (two, second) = marks["ours"]
    (three, third), (four, fourth) = marks["theirs"]
    assert [one, two, three, four] == pytest.approx([50, 20, 90, 60])
    assert (first, fourth) == (0, 2), "alone in its row"
    assert 0.5 < second < 1 < third < 1.5, "side by side"
    assert ends["ours"] == [pytest.approx([40, 70]), pytest.approx([10, 30])]
    assert ends["theirs"] == []


def test_panels_have_their_own_rows_and_empty_ones_stay():
    frame = pd.DataFrame({
        "panel": ["Age", "Age", "Site"], "row": ["old", "young", "ear"],
        "value": [0.5, np.nan, 0.7], "low": [0.4, np.nan, 0.6], "high": [0.6, np.nan, 0.8],
    })  # fmt: skip
    figure = intervals(frame, "accuracy", limits=(0, 1))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Age", "Site"]
    assert [len(axes.get_yticks()) for axes in figure.axes] == [2, 1]
    assert not figure.legends, "one kind needs no legend"


def test_a_forest_has_three_scores_and_every_seed():
    by_seed = np.arange(2 * len(SCORES)).reshape(2, -1) / 100
    ends = by_seed.mean(axis=0) - 0.1, by_seed.mean(axis=0) + 0.1
    effect = Effect(ends[0], ends[1], by_seed, *ends)
    alone = Effect(ends[0], ends[1], by_seed[:1], *ends)
    axes = forest({"two seeds": effect, "one seed": alone}).axes[0]
    marks, _ = drawn(axes)
    assert list(marks) == ["accuracy", "mean recall", "AUC, macro"]
    index = SCORES.index("mean recall")
    assert marks["mean recall"][0][0] == pytest.approx(by_seed[:, index].mean())
    dots = [line.get_xdata() for line in axes.lines if line.get_marker() == "."]
    np.testing.assert_allclose(dots, by_seed[:, [SCORES.index(name) for name in marks]].T)


def test_every_change_is_in_its_group_and_below_its_score_in_the_colour_of_its_outcome():
    effects = {
        title: Effect(*[np.full(3, value)] * 2, np.full((2, 3), value), *np.full((2, 3), value),
                      names=("accuracy", "mean recall", "other"))
        for title, value in {"a": 0.1, "b": -0.2, "c": 0.0}.items()
    }  # fmt: skip
    words = {0.1: "better", -0.2: "worse", 0.0: "not clear"}
    figure = changes(
        effects, ("mean recall", "accuracy"), {"a": "one", "b": "two", "c": "one"},
        lambda effect, score: words[effect.estimate(score).value],
    )  # fmt: skip
    axes = np.array(figure.axes).reshape(2, 2)
    assert [row[0].get_title(loc="right") for row in axes] == ["one", "two"]
    assert [[t.get_text() for t in row[0].get_yticklabels()] for row in axes] == [["a", "c"], ["b"]]
    assert [each.get_xlabel() for each in axes[-1]] == [
        "mean recall",
        "accuracy",
    ]
    marks = [
        [(line.get_xdata()[0], line.get_color()) for line in each.lines if line.get_marker() in "oD"
         and len(line.get_xdata())]
        for each in axes[:, 1]
    ]  # fmt: skip
    assert marks == [[(0.1, BLUE), (0.0, MUTED)], [(-0.2, VERMILLION)]]


def test_a_pair_is_in_its_cell_with_a_star_where_it_is_apart():
    pairs = {("x, 96 px", "y"): Estimate(-0.031, -0.05, -0.01), ("x, 96 px", "z"): Estimate(0, 0, 0),
             ("y", "z"): Estimate(0.02, 0, 0.04)}  # fmt: skip
    axes = pairwise(pairs, dict.fromkeys(pairs, False) | {("x, 96 px", "y"): True}).axes[0]
    cells = {tuple(text.get_position()): text.get_text() for text in axes.texts}
    assert cells == {(0.5, 0.5): "−3.1*", (1.5, 0.5): "+0.0", (1.5, 1.5): "+2.0"}


def texts(box):
    return [text.get_text() for text in box.get_texts()]


ROWS = {
    "paper": {"A": [0.81, 0.78], "B": [0.9, None]},
    "ours": {"A": [Estimate(0.75, 0.72, 0.77), Estimate(0.6, 0.55, 0.64)]},
}


def test_the_front_page_writes_each_value_at_its_place():
    figure = front.compared(ROWS, ("accuracy", "mean recall"), ("ours", "mean recall", 0.85, 0.88))
    left, right = figure.axes
    assert [[text.get_text() for text in axes.texts] for axes in (left, right)] == [
        ["0.81", "0.90", "0.75"], ["0.78", "0.60"],
    ]  # fmt: skip
    assert [label.get_text() for label in left.get_yticklabels()] == ["paper", "ours"]
    spans = [[tuple(line.get_xdata()) for line in axes.lines] for axes in (left, right)]
    assert (0.72, 0.77) in spans[0]
    assert [(0.85, 0.88) in each for each in spans] == [False, True]
    assert texts(figure.legends[0]) == ["A", "B", "published systems"]


def test_a_claim_is_a_square():
    figure = front.waffle({"holds": 17, "true only for …": 2, "open": 1})
    squares = figure.axes[0].collections[0].get_array()
    assert list(squares.compressed()) == [0] * 17 + [1] * 2 + [2]
    assert texts(figure.legends[0]) == ["holds: 17", "true only for …: 2", "open: 1"]
