"""Curves and matrices: what is drawn is what scikit-learn or the hand computes."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from skinlib.common.classes import CLASSES
from skinlib.experiments.study import load_study
from skinlib.plots import curves
from skinlib.stats.bootstrap import Estimate


@pytest.fixture(scope="module")
def run():
    return load_study("ham10000-256px-96px").finished()[0]


def legend(box):
    return [text.get_text() for text in box.get_texts()]


def test_a_cell_is_a_count_of_true_and_predicted_class(run):
    labels, probabilities, _ = run.arrays()
    wanted = metrics.confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(7))
    axes = curves.confusion(run).axes[0]
    found = {text.get_position(): int(text.get_text()) for text in axes.texts}
    assert found == {(j + 0.5, i + 0.5): wanted[i, j] for i, j in np.ndindex(7, 7)}
    assert [tick.get_text() for tick in axes.get_yticklabels()] == list(CLASSES)


def test_the_legend_of_the_roc_curves_has_their_areas(run):
    labels, probabilities, _ = run.arrays()
    axes = curves.roc(run).axes[0]
    wanted = [
        f"{name}  {metrics.roc_auc_score(labels == i, probabilities[:, i]):.3f}"
        f"  (n = {(labels == i).sum()})"
        for i, name in enumerate(CLASSES)
    ]
    assert legend(axes.get_legend()) == wanted
    for line in axes.lines[1:]:
        area = metrics.auc(*line.get_data())
        assert f"{area:.3f}" in line.get_label()


def test_small_bins_are_in_the_counts_only():
    bins = pd.DataFrame({
        "low": [0.4, 14 / 15], "high": [7 / 15, 1.0], "images": [9, 30],
        "confidence": [0.43, 0.97], "accuracy": [0.2, 0.9],
    })  # fmt: skip
    figure = curves.reliability({"one": (bins, None), "two": (bins, bins), "three": (bins, bins)})
    shares, counts = figure.axes[0], figure.axes[2]
    assert shares.lines[1].get_xydata().tolist() == [[0.97, 0.9]]
    (outline,) = counts.patches
    heights = dict(outline.get_xy().round(3).tolist())
    assert set(heights.values()) == {0, 9, 30}
    assert [axes.axison for axes in figure.axes[4:]] == [True, False, True, False]


def test_the_first_answers_do_not_set_the_scale():
    coverage = np.array([0.01, 0.5, 1.0])
    axes = curves.risk_coverage({"a": (coverage, np.array([1.0, 0.1, 0.2]))}, 0.8).axes[0]
    assert axes.get_ylim()[1] == pytest.approx(0.22)
    assert axes.lines[-1].get_xdata()[0] == 0.8


def test_what_selection_adds_is_drawn_in_points():
    means = [Estimate(0.0, np.nan, np.nan), Estimate(0.01, 0.005, 0.02)]
    figure = curves.selection({"accuracy": (means, {0: np.array([0.0, 0.02])})})
    assert legend(figure.legends[0]) == ["seed 0", "all runs"]
    (container,) = figure.axes[0].containers
    np.testing.assert_allclose(container[0].get_ydata(), [0, 1])
    np.testing.assert_allclose(container[2][0].get_segments()[-1][:, 1], [0.5, 2])
