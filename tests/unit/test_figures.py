"""Every figure is legible; figures of the paper draw what the tables and the logs say."""

import functools
import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from skinlib import paper
from skinlib.common.classes import CLASSES
from skinlib.experiments.study import load_study
from skinlib.plots import curves, effects, front
from skinlib.plots import paper as figures
from skinlib.plots.attention import channel_dependence
from skinlib.plots.photographs import melanoma_nevus
from skinlib.plots.style import to_svg
from skinlib.stats.bootstrap import Estimate


def example(label, predicted, attention=None):
    picture = np.full((40, 40, 3), 200, np.uint8)
    return {"image": picture, "attention": attention, "label": label, "predicted": predicted,
            "probability": 0.83, "image_id": "ISIC_0031531"}  # fmt: skip


@functools.cache
def run():
    return load_study("ham10000-256px-96px").finished()[0]


SOME = {f"network {place}, 96 px": Estimate(0.5, 0.4, 0.7) for place in range(4)}
BINS = pd.DataFrame({"low": [0.4, 14 / 15], "high": [7 / 15, 1.0], "images": [30, 300],
                     "confidence": [0.43, 0.97], "accuracy": [0.2, 0.9]})  # fmt: skip
CHANGES = {"as_coded": [0.3, 0.2, 0.1, 0, 0, 0], "as_described": [0.01] * 6}
DOTS = {"as trained": pd.DataFrame({"recall": [0.4, 0.4, 0.5], "weights": ["on", "off", "on"]})}

DRAWN = {
    "ad_against_md": lambda: figures.ad_against_md("recall", "DenseNet201"),
    "melanoma_nevus": lambda: melanoma_nevus(
        [example("nv", "mel", np.eye(7)), example("nv", "nv")]
    ),
    "auc_all": lambda: figures.auc_all({"MobileNetV2": 0.93}),
    "logged_curves": lambda: figures.logged_curves(["DenseNet201 MD", "VGG16 AD"]),
    "printed_confusion": lambda: figures.printed_against_logged_confusion("10"),
    "learning_curves": lambda: curves.learning_curves(run()),
    "confusion": lambda: curves.confusion(run()),
    "roc": lambda: curves.roc(run()),
    "reliability": lambda: curves.reliability(dict.fromkeys(list(SOME)[:3], (BINS, BINS))),
    "outcomes": lambda: curves.outcomes({"melanoma, official test": (0.68, 0.28, 0.04)}),
    "selection": lambda: curves.selection(
        {"accuracy": ([Estimate(0, np.nan, np.nan), Estimate(0.1, 0, 0.2)], {0: np.zeros(2)})}
    ),
    "intervals": lambda: effects.intervals(
        effects.tidy({"own test set": SOME, "official test set": SOME}, 100), "share, %",
        mark=(45, "aim: 45 %"),
    ),
    "channel_dependence": lambda: channel_dependence(CHANGES),
    "compared": lambda: front.compared(
        {"ours": {"A": [Estimate(0.75, 0.72, 0.77), 0.6]}}, ("accuracy", "mean recall")
    ),
    "waffle": lambda: front.waffle({"hold": 3}),
    "strips": lambda: effects.strips(DOTS, "recall", "weights", "class weights"),
}  # fmt: skip


@functools.cache
def drawn(name):
    return DRAWN[name]()


def words(figure):
    """All texts that show, in the order drawn."""
    unseen = set()
    for axes, name in itertools.product(figure.axes, "xy"):
        axis = getattr(axes, f"{name}axis")
        low, high = sorted(axis.get_view_interval())
        places = zip(axis.get_major_ticks(), axis.get_majorticklocs(), strict=False)
        # A tick beyond the limits is not drawn, whatever its label says.
        unseen |= {tick.label1 for tick, place in places if not low <= place <= high}
        if not axes.axison:
            unseen |= {tick.label1 for tick in axis.get_major_ticks()}
    found = figure.findobj(Text)
    return [text for text in found if text.get_visible() and text.get_text().strip()
            and text not in unseen]  # fmt: skip


def texts(figure):
    return [text.get_text() for text in words(figure)]


def line(axes, marker):
    """x and y of every point drawn with a marker."""
    lines = [item for item in axes.lines if item.get_marker() == marker]
    return np.concatenate([np.transpose(item.get_data()) for item in lines])


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_the_same_file_every_time(name):
    svg = to_svg(drawn(name))
    assert svg == to_svg(DRAWN[name]())
    assert b"<text" in svg, "text stays text"


@pytest.mark.parametrize("name", DRAWN)
def test_words_stay_on_the_page_and_apart(name):
    """And are nine pixels high on a phone: page no wider than its 375 pixels allow."""
    figure = drawn(name)
    FigureCanvasAgg(figure).draw()
    page = figure.bbox
    boxes = []
    for text in words(figure):
        box = text.get_window_extent()
        assert page.x0 <= box.x0 < box.x1 <= page.x1, text.get_text()
        assert page.y0 <= box.y0 < box.y1 <= page.y1, text.get_text()
        assert text.get_fontsize() * 375 / (72 * figure.get_figwidth()) > 8.9, text.get_text()
        boxes.append((text.get_text(), box))
    for (one, first), (other, second) in itertools.combinations(boxes, 2):
        assert not first.padded(-1).overlaps(second.padded(-1)), f"{one!r} on {other!r}"


# From the paper's page 18, digit by digit: DenseNet201, Tables A3 and A4.
A3 = {
    "AD": [0.56, 0.75, 0.64, 0.62, 0.60, 0.93, 0.85],
    "MD": [0.84, 0.77, 0.81, 0.83, 0.69, 0.94, 0.97],
}


def test_bars_are_as_high_as_the_printed_numbers():
    axes = figures.ad_against_md("f1", "DenseNet201").axes[0]
    first, second = axes.containers
    assert [bar.get_height() for bar in first] == A3["AD"]
    assert [bar.get_height() for bar in second] == A3["MD"]
    assert axes.get_ylim()[0] == 0
    assert [label.get_text() for label in axes.get_xticklabels()] == list(CLASSES)


def test_a_logged_number_that_differs_is_marked():
    """Recall of DenseNet201 AD: nv and vasc were printed .93 and .85, logged .95 and .81."""
    axes = drawn("ad_against_md").axes[0]
    marked = [item for item in axes.lines if item.get_markersize() == 8 and len(item.get_xdata())]
    points = np.concatenate([np.transpose(item.get_data()) for item in marked])
    assert np.round(points[:, 0]).astype(int).tolist() == [5, 6]
    assert points[:, 1].tolist() == [0.95, 0.81]
    assert {"0.95", "0.81"} <= set(texts(drawn("ad_against_md")))


def test_our_numbers_join_the_bars():
    ours = {"AD": None, "MD": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]}
    axes = figures.ad_against_md("f1", "InceptionResNetV2", ours).axes[0]
    assert line(axes, "o")[:, 1].tolist() == ours["MD"]


def test_auc_markers_stand_at_the_logged_values():
    axes = drawn("auc_all").axes[0]
    rows = list(paper.printed()["7"].rows)
    place = rows.index("ResNet50")
    for marker, value in (("o", 0.935283), ("^", 0.915538), ("s", 0.946057), ("|", 0.93)):
        points = line(axes, marker)
        assert points[points[:, 1] == place][:, 0] == pytest.approx(value, abs=1e-6)
        assert len(points) == len(rows) == 9
    # The printed row of InceptionResNetV2 is of the April training, not of the headline's.
    macro = line(axes, "o")
    inception = macro[macro[:, 1] == rows.index("InceptionResNetV2")]
    assert inception[0, 0] == pytest.approx(0.980256, abs=1e-6)
    assert [0.93, rows.index("MobileNetV2")] in line(axes, "*").tolist()


def test_the_kept_epoch_is_marked_where_the_log_has_it():
    """DenseNet201 MD: epoch 26 of 59, .8855; .8835 at the lowest loss; last ten .8777."""
    axes = drawn("logged_curves").axes[0]
    assert line(axes, "o").tolist() == [[26, 0.8855]]
    assert line(axes, "s")[0, 1] == 0.8835
    mean = next(item for item in axes.lines if item.get_label() == "mean of the last ten")
    assert mean.get_xdata().tolist() == [50, 59]
    assert mean.get_ydata()[0] == pytest.approx(0.8777, abs=5e-5)
    curve = next(item for item in axes.lines if item.get_label() == "test images")
    assert max(curve.get_ydata()) == 0.8855


@pytest.mark.parametrize(
    ("number", "printed", "sum_", "logged"), [("10", 630, 663, 633), ("11", 620, 664, 622)]
)
def test_the_cell_that_differs_is_framed_in_both_matrices(number, printed, sum_, logged):
    """The row of the 666 nevi sums to 663 and 664 as printed (protocol, errata)."""
    figure = figures.printed_against_logged_confusion(number)
    above, below = figure.axes
    nv = CLASSES.index("nv")
    for axes, count, total in ((above, printed, sum_), (below, logged, 666)):
        (frame,) = axes.patches
        assert (frame.get_x(), frame.get_y()) == (nv, nv)
        found = [text.get_text() for text in axes.texts]
        assert str(count) in found
        assert str(total) in found


def test_cells_without_an_example_say_so():
    found = texts(drawn("melanoma_nevus"))
    assert found.count("none") == 6
    assert found.count("no map") == 1
    assert found.index("wrong") < found.index("right")
    assert sum("p = 0.83" in text for text in found) == 2


def test_channels_that_do_not_count_are_zeros_on_the_line():
    figure = drawn("channel_dependence")
    assert "as coded: 3 of 6 channels count" in texts(figure)
    assert "as described: 6 of 6 channels count" in texts(figure)
    coded = figure.axes[1]
    assert line(coded, "|").tolist() == [[3, 0], [4, 0], [5, 0]]
    assert line(coded, "o").tolist() == [[0, 0.3], [1, 0.2], [2, 0.1]]
