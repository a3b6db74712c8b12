"""Figures of the paper: what is drawn is what the tables and the logs say, legibly."""

import functools
import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.text import Text

from skinlib import paper
from skinlib import plots as figures
from skinlib.common.classes import CLASSES
from skinlib.models.backbones import BACKBONES


def stage(name, blocks, kept, shape, **more):
    return {"name": name, "blocks": blocks, "kept_blocks": kept, "shape": shape, **more}


ENTRIES = [
    {
        "backbone": "DenseNet201", "input_size": 224, "tap_layer": "conv5_block29_1_relu",
        "tap_shape": [7, 7, 128],
        "stages": [
            stage("stem", 1, 1, [56, 56, 64]),
            stage("dense layer", 6, 6, [56, 56, 256]),
            stage("dense layer", 32, 29, [7, 7, 1920]),
        ],
    },
    {
        "backbone": "InceptionResNetV2", "input_size": 299,
        "tap_layer": "batch_normalization_195", "tap_shape": [8, 8, 192],
        "stages": [
            stage("Inception-ResNet A", 10, 10, [35, 35, 320]),
            stage("Inception-ResNet C", 10, 8, [8, 8, 2080], tapped=True),
            stage("final convolution", 1, 0, [8, 8, 1536]),
        ],
    },
    {
        "backbone": "ResNet50", "input_size": 224, "tap_layer": "conv5_block3_out",
        "tap_shape": [7, 7, 2048], "stages": [stage("residual block", 3, 3, [7, 7, 2048])],
    },
]  # fmt: skip


def example(label, predicted, attention=True):
    return {
        "image": np.full((40, 40, 3), 200, np.uint8),
        "attention": np.eye(7) if attention else None,
        "label": label,
        "predicted": predicted,
        "probability": 0.83,
        "image_id": "ISIC_0031531",
    }


MAPS = [
    {"as_described": np.full((7, 7), 3.0), "as_coded": 2 * np.eye(7), "title": "melanoma"},
    {"as_described": np.eye(7), "as_coded": np.ones((7, 7))},
]
CHANGES = {"as_coded": [0.3, 0.2, 0.1, 0, 0, 0], "as_described": [0.01] * 6}

DRAWN = {
    "overall": figures.overall,
    "structures": lambda: figures.structures(ENTRIES, [entry["backbone"] for entry in ENTRIES]),
    "metadata_schema": figures.metadata_schema,
    "soft_attention_layer": figures.soft_attention_layer,
    "soft_attention_module": figures.soft_attention_module,
    "confusion_definition": figures.confusion_definition,
    "auc_definition": figures.auc_definition,
    "ad_against_md": lambda: figures.ad_against_md("recall", "DenseNet201"),
    "melanoma_nevus": lambda: figures.melanoma_nevus(
        [example("nv", "mel"), example("nv", "nv", attention=False)]
    ),
    "auc_all": figures.auc_all,
    "logged_curves": lambda: figures.logged_curves(["DenseNet201 MD", "ResNet152 MD", "VGG16 AD"]),
    "printed_confusion": lambda: figures.printed_against_logged_confusion("10"),
    "channel_dependence": lambda: figures.channel_dependence(CHANGES),
    "attention_examples": lambda: figures.attention_examples(MAPS),
}


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
    svg = figures.to_svg(drawn(name))
    assert svg == figures.to_svg(DRAWN[name]())
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
        assert page.x0 <= box.x0, text.get_text()
        assert page.y0 <= box.y0, text.get_text()
        assert box.x1 <= page.x1, text.get_text()
        assert box.y1 <= page.y1, text.get_text()
        assert text.get_fontsize() * 375 / (72 * figure.get_figwidth()) > 8.9, text.get_text()
        boxes.append((text.get_text(), box))
    for (one, first), (other, second) in itertools.combinations(boxes, 2):
        assert not first.padded(-1).overlaps(second.padded(-1)), f"{one!r} on {other!r}"


def test_the_reach_of_the_kernel_by_hand():
    """H = 7: 13 of the taps, three columns, three channels, 16 maps; H = 8: 15 of them."""
    assert figures.kernel_reach(7, 128) == {
        "weights": 18_432, "meeting_data": 1_872, "share": 1_872 / 18_432, "channels_seen": 3,
    }  # fmt: skip
    reach = figures.kernel_reach(8, 192)
    assert (reach["meeting_data"], reach["weights"]) == (2_160, 27_648)


@pytest.mark.parametrize(("height", "channels"), [(7, 128), (11, 672), (28, 32), (5, 9), (4, 3)])
def test_the_reach_of_the_kernel_counted_tap_by_tap(height, channels):
    before = (channels - 1) // 2
    meeting = {
        tap
        for tap, row in itertools.product(range(channels), range(height))
        if 0 <= row + tap - before < height
    }
    assert figures.kernel_reach(height, channels, maps=1)["meeting_data"] == 9 * len(meeting)


def test_the_layer_figure_quotes_the_reach():
    everything = " ".join(texts(drawn("soft_attention_layer")))
    assert "1,872 of 18,432 weights" in everything
    assert "(10.2 %)" in everything
    assert "3 of 128 channels" in everything


def test_the_shaded_part_of_the_kernel_is_to_scale():
    """As coded: the height in full, three columns of seven, three channels of 128."""
    axes = drawn("soft_attention_layer").axes[0]
    shaded = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    described_front, described_side, coded_front, coded_side = shaded
    assert described_front.get_width() == pytest.approx(described_front.get_height())
    assert coded_front.get_width() == pytest.approx(described_front.get_width())
    assert coded_front.get_height() == pytest.approx(7 / 3 * described_front.get_height())
    assert coded_side.get_height() == pytest.approx(coded_front.get_height())
    assert coded_side.get_width() == pytest.approx(3 / 128 * described_side.get_width())


def test_structures_say_what_is_kept():
    figure = drawn("structures")
    found = texts(figure)
    assert "dense layer: 29 of 32" in found
    assert "dense layer × 6" in found
    assert "Inception-ResNet C: 8 of 10" in found
    assert "tap inside no. 9" in found
    assert "conv5_block29_1_relu\n7 × 7 × 128" in found
    assert found.count("Soft-Attention module") == 3
    outlines = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    dashed = [patch for patch in outlines if patch.get_linestyle() not in ("solid", "-")]
    assert len(dashed) == 2, "the dropped stage, and the one in the legend"
    full = max(patch.get_width() for patch in outlines)
    widths = {round(patch.get_width() / full, 4) for patch in outlines}
    assert {round(29 / 32, 4), 0.85} <= widths, "whole layers count one, the tapped one half"


def test_structures_draw_the_chosen_ones_in_order():
    found = texts(figures.structures(ENTRIES, ["ResNet50", "DenseNet201"]))
    assert found.index("ResNet50") < found.index("DenseNet201")
    assert "InceptionResNetV2" not in found


@pytest.mark.parametrize(
    ("backbone", "head"),
    [("DenseNet201", 8_192), ("InceptionResNetV2", 10_240), ("ResNet50", 69_632)],
)
def test_the_whole_model_ends_in_the_logged_head(backbone, head):
    """Numbers into the last layer, from the authors' summaries (protocol, table of taps)."""
    found = texts(figures.overall(backbone))
    assert f"concatenate\n{head:,}" in found
    assert any("MD only" in text for text in found)
    assert backbone in BACKBONES


def test_the_metadata_vector_has_21_numbers_and_one_hot_each():
    found = texts(drawn("metadata_schema"))
    assert found.count("0") == 18
    assert found.count("1") == 2
    assert "−2.17" in found, "(15 − 51.86) / 16.97"
    assert found.count("not seen in training") == 2
    assert "upper extremity" in found
    assert any(text.startswith("21 numbers → Dense 4,096") for text in found)
    few = figures.metadata_schema({"sex": ["male"], "localization": ["back"]})
    assert any(text.startswith("5 numbers") for text in texts(few))


def test_the_module_is_drawn_in_both_orders():
    """Printed: a ReLU before and after; coded: after only."""
    found = texts(drawn("soft_attention_module"))
    assert found.count("ReLU") == 3
    assert found.count("MaxPool 2 × 2\n4 × 4 × 128") == 4
    assert found.count("concatenate  4 × 4 × 256") == 2
    boxes = [
        p for p in drawn("soft_attention_module").axes[0].patches if isinstance(p, FancyBboxPatch)
    ]
    assert len(boxes) == 8 + 7


def test_the_area_under_the_defining_curve():
    figure = drawn("auc_definition")
    below = figure.axes[1]
    false, true = below.lines[0].get_data()
    assert abs(np.trapezoid(true, false)) == pytest.approx(0.8556, abs=0.001)
    assert "AUC = 0.856" in " ".join(texts(figure))


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
    ours = line(figures.auc_all({"MobileNetV2": 0.93}).axes[0], "*")
    assert [0.93, rows.index("MobileNetV2")] in ours.tolist()


def test_the_kept_epoch_is_marked_where_the_log_has_it():
    """DenseNet201 MD: epoch 26 of 59, .8855; .8835 at the lowest loss; last ten .8777."""
    axes = figures.logged_curves(["DenseNet201 MD"]).axes[0]
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
        assert (frame.get_x(), frame.get_y()) == (nv - 0.5, nv - 0.5)
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


def test_attention_maps_are_multiples_of_their_mean_on_one_scale():
    images = [image for axes in drawn("attention_examples").axes for image in axes.images]
    even, diagonal = images[0].get_array(), images[1].get_array()
    assert np.allclose(even, 1)
    assert diagonal.max() == pytest.approx(7)
    assert {image.get_clim() for image in images[:4]} == {(0, 7)}
