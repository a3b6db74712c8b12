"""What the pages on speed and export make of stored results, on numbers made by hand."""

import pytest

from skinlib.bench import tables
from skinlib.common.classes import HAM10000_COUNTS
from skinlib.experiments.study import load_study


def spread(value):
    return {"median": value, "p90": value, "min": value / 2, "max": 2 * value, "count": 3}


@pytest.fixture
def times():
    def row(small):
        rows = {("keras", "fp32"): 4, ("onnx", "fp32"): 2, ("onnx", "int8"): 1}
        return {
            "runtimes": [
                {"runtime": runtime, "precision": precision, **spread(small * value / 1000)}
                for (runtime, precision), value in rows.items()
            ]
        }

    broken = {"runtimes": [{"runtime": "litert", "precision": "fp32", "error": "no"}]}
    names = {"DenseNet201": 10, "InceptionResNetV2": 30, "MobileNetV3Large": 1}
    made = {name: row(value) for name, value in names.items()} | {"VGG16": broken}
    return tables.runtimes({"backbones": made})


def test_times_of_single_photographs(times):
    assert set(times["runtime"]) == {"Keras", "ONNX Runtime"}
    assert times["milliseconds"].max() == pytest.approx(120)
    cell = times.set_index(["backbone", "runtime", "precision"])["cell"]
    assert cell["MobileNetV3Large", "ONNX Runtime", "int8"] == "1\u00a0[0.5,\u00a02]"


def test_ratios_and_speedups(times):
    found = tables.ratios(times, ("DenseNet201",), "MobileNetV3Large")
    assert found.iloc[0].tolist() == [
        "Keras", "fp32", "MobileNetV3Large", "InceptionResNetV2", "30", "10",
    ]  # fmt: skip
    assert tables.speedups(times).to_dict("records") == [
        {
            "Runtime": "ONNX Runtime", "Precision": "int8", "Times as fast, median": "2",
            "Least": "2 (DenseNet201)", "Most": "2 (MobileNetV3Large)",
        }
    ]  # fmt: skip


def test_a_gpu_adds_rows_and_a_failure_leaves_one_out(monkeypatch):
    entry = {"input_size": 224, "parameters": 3e6}
    record = {"device": "cpu", "backbones": {"A": entry, "B": {"error": "no memory"}}}
    records = [record]
    monkeypatch.setattr(tables, "stored", lambda name: records)
    row = {"Backbone": "A", "px": 224, "parameters, M": "3"}
    assert tables.frame("runtimes").to_dict("records") == [row]
    records.append({**record, "device": "gpu"})
    found = tables.frame("runtimes").to_dict("records")
    assert found == [{"Device": "cpu", **row}, {"Device": "gpu", **row}]


def test_hours_by_hand(monkeypatch):
    """One image a second in training and ten in prediction, at the authors' size.

    On the GPUs a step moves 22 bytes of each activation, which takes longer than its arithmetic, and
    a prediction takes a third of it.
    """
    spec = next(spec for spec in load_study("paper").specs if spec.recipe == "clean")
    rates = {"train": spread(1.0), "forward": spread(10.0), "macs": 1e9, "activations": 1e7}
    record = {"device": "cpu: a box", "backbones": {spec.backbone: rates}}
    monkeypatch.setattr(tables, "stored", lambda name: [record])
    recipe, images = spec.resolve(), sum(HAM10000_COUNTS.values())
    train = round(images * (1 - recipe.test_share - recipe.validation_share))
    scored, epochs = round(images * recipe.validation_share), tables.logged_epochs()
    row = tables._hours(spec)
    assert row["CPU, at most, h"] == pytest.approx(recipe.epochs * (train + scored / 10) / 3600)
    assert row["CPU, h"] == pytest.approx(epochs * (train + scored / 10) / 3600)
    for gpu, bytes_per_second in {"H100 SXM": 3.35e12, "A100 SXM 80 GB": 2.039e12}.items():
        floor = epochs * (train + scored / 3) * 22 * 1e7 / bytes_per_second / 3600
        assert row[f"NVIDIA {gpu}, floor, h"] == pytest.approx(floor)
