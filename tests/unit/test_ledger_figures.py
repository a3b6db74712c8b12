"""Figures of the ledger's tables say what the tables say, and mark what differs from the logs."""

import types

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from skinlib.common.classes import CLASSES
from skinlib.experiments import examples
from skinlib.plots import paper as figures


@pytest.fixture
def scores():
    """Two models, the second with a cell that differs from its log, and a run of ours."""
    rows = ["One MD paper", "One MD logged", "Two MD paper", "Two MD logged", "Two MD ours"]
    frame = pd.Series(rows).str.extract(r"(?P<Model>.* MD) (?P<Source>.*)")
    for name in CLASSES:
        frame[name] = ["0.50", "0.50", "0.75", "0.75", "0.61 ± 0.02"]
    frame.loc[2, "vasc"], frame.loc[3, "vasc"] = "0.75*", "0.14"
    return frame


def test_differences_are_printed_minus_logged(scores):
    gaps = figures.differences(scores)
    assert gaps.loc["Two MD", "vasc"] == pytest.approx(0.61)
    assert gaps.abs().to_numpy().sum() == pytest.approx(0.61)


def test_the_map_frames_and_names_what_the_log_says_otherwise(scores):
    axes = figures.classes(scores, "F1").axes[0]
    (frame,) = (patch for patch in axes.patches if isinstance(patch, Rectangle))
    row, column = 1, CLASSES.index("vasc")
    assert (int(frame.get_x()), int(frame.get_y())) == (column, row)
    cells = [text.get_text() for text in axes.texts]
    assert cells[len(CLASSES) * row + column] == "0.75\n(0.14)"
    assert cells.count("0.61") == len(CLASSES)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["One MD", "Two MD", "Two,\nours"]
    alone = figures.classes(scores[:4], "F1").axes[0]
    assert len(alone.get_yticklabels()) == 2


def stub(name, images, maps=None):
    """A run whose test set is three nevi, the last two of one lesion, and a melanoma."""
    probabilities = np.full((4, 7), 0.01)
    # Predicted: melanoma, nevus, nevus with more confidence, melanoma.
    for row, (label, p) in enumerate((("mel", 0.5), ("nv", 0.6), ("nv", 0.9), ("mel", 0.7))):
        probabilities[row, CLASSES.index(label)] = p
    predictions = pd.DataFrame(probabilities, columns=list(CLASSES)).assign(
        image_id=list("abcd"), lesion_id=["1", "2", "2", "3"], label=["nv", "nv", "nv", "mel"]
    )
    return types.SimpleNamespace(
        record={"data": {"name": name, "images": images}},
        predictions=lambda part: predictions,
        attention=lambda: maps or {},
    )


@pytest.fixture
def dataset(tmp_path):
    """Four pictures."""
    files = [tmp_path / f"{name}.png" for name in "abcd"]
    for path in files:
        Image.new("RGB", (8, 6)).save(path)
    table = pd.DataFrame({"image_id": list("abcd"), "path": files})
    return types.SimpleNamespace(name="mine", table=table)


def test_the_most_confident_of_each_kind_one_a_lesion(dataset):
    chosen = examples.choose(stub("mine", 4, {"c": np.ones((2, 2))}), dataset)
    found = [" ".join((each["image_id"], each["label"], each["predicted"])) for each in chosen]
    assert found == ["a nv mel", "d mel mel", "c nv nv"]
    assert chosen[2]["attention"] is not None
    assert chosen[0]["attention"] is None
    assert chosen[0]["image"].shape == (160, 160, 3)


def test_the_shown_run_is_on_these_pictures_and_has_maps(dataset):
    plain, mapped = stub("mine", 4), stub("mine", 4, {"a": np.ones((2, 2))})
    others = [stub("other", 4), stub("mine", 5)]
    assert examples.run_on(dataset, [*others, plain, mapped]) is mapped
    assert examples.run_on(dataset, [*others, plain]) is plain
    assert examples.run_on(dataset, others) is None
