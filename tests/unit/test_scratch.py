"""Networks trained once each: rows, the order of pairs by hand, and what ImageNet is worth."""

import dataclasses
import json
import types

import numpy as np
import pytest
from records import small_run

from skinlib import paper
from skinlib.common import paths
from skinlib.paper import scratch
from skinlib.plots.networks import against


def _run(folder, backbone, right, parameters, **changes):
    name = "-".join([backbone, *changes])
    run = small_run(folder, name, "clean", right)
    record = {"backbone": backbone, "parameters": parameters, **changes}
    return dataclasses.replace(run, record=run.record | record)


@pytest.fixture
def found(tmp_path, monkeypatch):
    """Networks that classify some of ten images a class correctly."""
    imagenet = {"weights": {"source": "imagenet"}}
    runs = [
        _run(tmp_path, "NASNetMobile", 2, 300),
        _run(tmp_path, "MobileNetV2", 3, 200),
        _run(tmp_path, "MobileNetV3Large", 9, 250),
        _run(tmp_path, "MobileNet", 4, 400),
        _run(tmp_path, "MobileNet", 7, 400, **imagenet),
    ]
    clean = runs[0].record["recipe"]
    runs.append(_run(tmp_path, "ResNet152", 5, 900, recipe={**clean, "metadata": False}))
    study = types.SimpleNamespace(finished=lambda: runs)
    monkeypatch.setattr(scratch, "load_study", lambda name: study)
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    bench = tmp_path / "bench"
    bench.mkdir()
    latency = {"backbones": {"ResNet152": {"median": 0.25}}}
    (bench / "latency.json").write_text(json.dumps(latency), encoding="utf-8")
    return scratch.frame()


def test_rows_are_in_order_of_parameters_with_what_the_paper_prints(found):
    assert list(found["network"]) == [
        "MobileNetV2", "MobileNetV3Large", "NASNetMobile", "MobileNet", "MobileNet", "ResNet152",
    ]  # fmt: skip
    assert list(found["start"]) == [scratch.NONE] * 3 + [scratch.IMAGENET] + [scratch.NONE] * 2
    assert [each.value for each in found["accuracy"]] == pytest.approx(
        [0.3, 0.9, 0.2, 0.7, 0.4, 0.5]
    )
    table = paper.printed()["5"]
    assert found["printed"].iloc[0] == table.value("MobileNetV2", "MD")
    assert np.isnan(found["printed"].iloc[3:]).all()
    assert found["seconds"].iloc[-1] == 0.25
    assert found["seconds"].iloc[:-1].isna().all()


def test_pairs_are_counted_by_their_order_and_clearness(found):
    printed = found.set_index("network")["printed"]
    ours = {"MobileNetV2": 0.3, "MobileNetV3Large": 0.9, "NASNetMobile": 0.2}
    names = list(ours)
    pairs = [(a, b) for k, a in enumerate(names) for b in names[k + 1 :]]
    same = [(ours[a] - ours[b]) * (printed[a] - printed[b]) > 0 for a, b in pairs]
    # 0.3 and 0.2 differ by one image of ten in each class, the others by six and more.
    clear = [{a, b} != {"MobileNetV2", "NASNetMobile"} for a, b in pairs]
    both = [one and other for one, other in zip(same, clear, strict=True)]
    assert scratch.order(found)[1:] == (sum(same), sum(clear), sum(both))
    assert scratch.order(found.iloc[:0]) == (0, 0, 0, 0)


def test_worth_is_the_difference_of_the_two_starts(found):
    (name,) = scratch.worth(found)
    assert name == "MobileNet"
    gain = scratch.worth(found)[name]["accuracy"]
    assert gain.value == pytest.approx(0.3)
    assert gain.low < 0.3 < gain.high
    assert scratch.accuracies(found)["ResNet152", "AD"] == pytest.approx(0.5)
    assert scratch.accuracies(found)["MobileNet", "MD"] == pytest.approx(0.4)


def test_the_table_has_text_with_dashes(found):
    shown = scratch.table(found)
    assert list(shown["Seconds"]) == ["–"] * 5 + ["0.250"]
    assert shown["Printed"].iloc[-1] == "–"
    assert shown["Accuracy"].iloc[0].startswith("0.300 [0.")
    assert shown["Parameters"].iloc[0] == "200"


def test_the_figure_says_what_its_marks_are(found):
    words = [text.get_text() for text in against(found).legends[0].get_texts()]
    assert words[:2] == ["MobileNetV2", "MobileNetV3Large"]
    assert words[-3:] == ["with ImageNet weights", "without metadata", "printed in the paper"]


def test_without_a_run_there_are_no_rows(monkeypatch):
    study = types.SimpleNamespace(finished=list)
    monkeypatch.setattr(scratch, "load_study", lambda name: study)
    assert scratch.frame().empty
    assert scratch.worth(scratch.frame()) == {}
