"""What the page on speed makes of stored results."""

import itertools

import numpy as np
import pandas as pd
import pytest

from skinlib.bench import facts, found, tables_exports, tables_total
from skinlib.plots.roofline import roofline


def record():
    def row(small):
        times = {("keras", "fp32"): 4, ("onnx", "fp32"): 2, ("onnx", "int8"): 1}
        runtimes = [
            {"runtime": runtime, "precision": precision, "median": small * value / 1000}
            for (runtime, precision), value in times.items()
        ]
        return {"runtimes": runtimes}

    broken = {"runtimes": [{"runtime": "litert", "precision": "fp32", "error": "no"}]}
    names = {"DenseNet201": 10, "InceptionResNetV2": 30, "MobileNetV3Large": 1}
    return {"backbones": {name: row(value) for name, value in names.items()} | {"VGG16": broken}}


def test_columns_in_which_nothing_was_measured_are_not_shown():
    frame = pd.DataFrame({"a": ["1", "2"], "b": ["not measured", "–"], "c": ["not measured", "3"]})
    assert list(found.shown(frame)) == ["a", "c"]


def test_single_photographs_go_from_fast_to_slow():
    frame = found.single_photographs(record())
    assert list(frame["backbone"].unique()) == [
        "MobileNetV3Large",
        "DenseNet201",
        "InceptionResNetV2",
    ]
    assert set(frame["runtime"]) == {"Keras", "ONNX Runtime"}
    assert frame["milliseconds"].max() == pytest.approx(120)


def test_speedups_by_hand():
    frame = tables_exports.speedups({"runtimes": record()})
    assert frame.to_dict("records") == [
        {
            "Runtime": "ONNX Runtime", "Precision": "int8", "Times as fast, median": "2",
            "Least": "2 (DenseNet201)", "Most": "2 (MobileNetV3Large)",
        }
    ]  # fmt: skip


def test_facts_of_prediction_by_hand():
    single = found.single_photographs(record())
    names = ("DenseNet201", "InceptionResNetV2", "MobileNetV3Large")
    alone = {name: {"median": value} for name, value in zip(names, (8, 20, 1), strict=True)}
    values = facts.prediction({"latency": {"backbones": alone}}, single)
    assert values["slow_span"] == "10 to 10"
    assert (values["slow_alone"], values["large_alone"]) == ("8", "20")
    assert (values["least"], values["least_how"]) == ("2", "MobileNetV3Large, ONNX Runtime")
    assert values["runtime_span"] == "2 to 2"


def test_short_times_are_not_told_apart():
    row = {
        "study": "paper", "backbone": "A", "hours_at_most": 0.0001,
        "hours": {"cpu": 0.00002, "gpu": None, "floors": {}},
    }  # fmt: skip
    frame = tables_total.hours_by_backbone({"reproduce": {"runs": [row]}})
    assert frame.loc[0, "CPU, h"] == "< 0.01"


def test_stored_results_make_the_sentences():
    stored = found.read()
    if not {"step", "input", "growth", "reproduce", "runtimes", "latency"} <= set(stored):
        pytest.skip("not every bench is committed")
    single = found.single_photographs(stored["runtimes"])
    values = {
        **facts.prediction(stored, single), **facts.training(stored), **facts.totals(stored),
    }  # fmt: skip
    assert all(isinstance(value, str) and value for value in values.values())
    assert len(found.machines(stored)) == len(stored)


def test_names_in_the_roofline_cover_no_point_and_no_other_name():
    rng = np.random.default_rng(4)
    rows = {}
    for name in ("MobileNet", "NASNetMobile", "MobileNetV3Large", "ResNet152", "VGG16"):
        compute = rng.uniform(0.1, 0.9)
        rows[name] = {
            "of_compute": {"median": compute},
            "of_bandwidth": {"median": compute / rng.uniform(0.2, 4)},
        }
    figure = roofline({"backbones": rows})
    figure.draw_without_rendering()
    (axes,) = figure.axes
    renderer = figure._get_renderer()
    boxes = [text.get_window_extent(renderer) for text in axes.texts]
    assert len(boxes) == len(rows)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    (dots,) = axes.collections
    places = axes.transData.transform(dots.get_offsets())
    assert not any(box.contains(*place) for box in boxes for place in places)
