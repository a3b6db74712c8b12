"""What exported files and runtimes give: parity, tables, and what was not measured."""

import json

import numpy as np
import pytest

from skinlib.bench import exports, runtimes, tables, tables_exports
from skinlib.common import paths
from skinlib.models.backbones import BACKBONES

MACHINE = {
    "device": "cpu: a box", "cores": 2, "load": [3.0, 2.0, 1.0], "measured": "2026-11-23T00:00:00Z",
    "versions": {"python": "3", "keras": "3", "backend": "tensorflow", "tensorflow": "2"},
}  # fmt: skip
CLOSE = {"probabilities": 2e-6, "attention": 1e-7, "distance": 1e-4, "mean": 1e-8, "same": 193,
         "images": 193}  # fmt: skip
FAR = {**CLOSE, "probabilities": 0.3, "mean": 0.02, "same": 180}


def export(format, precision, change=None, *, calibrated=False, parity=CLOSE):
    row = {"format": format, "precision": precision, "calibrated": calibrated, "bytes": 2_500_000,
           "seconds": 1.0, "parity": {"photographs": parity, "validation": parity}}  # fmt: skip
    if change:
        row["scores"] = {"mean recall": change, "AUC, macro": [0.0, -0.01, 0.01]}
    return row


@pytest.fixture
def found():
    scores = {"mean recall": [0.7, 0.6, 0.8], "AUC, macro": [0.9, 0.8, 0.95]}
    rows = [
        export("onnx", "fp32"),
        export("onnx", "fp16", [-0.001, -0.01, 0.01]),
        export("litert", "int8", [-0.05, -0.08, -0.02], calibrated=True, parity=FAR),
    ]
    return {"exports": {**MACHINE, "model": "tiny", "photographs": 193, "validation": 1503,
                        "calibration": 128, "keras": scores, "exports": rows}}  # fmt: skip


def test_parity_is_that_of_arrays():
    exact = {"probabilities": np.eye(7)[:4] * 0.4 + 0.1, "distance": np.array([1.0, 2, 4, 8])}
    other = {"probabilities": exact["probabilities"].copy(), "distance": exact["distance"] * 1.1}
    other["probabilities"][0] = other["probabilities"][1]
    measured = exports.parity(exact, other)
    assert measured["probabilities"] == pytest.approx(0.4)
    assert measured["distance"] == pytest.approx(0.1)
    assert (measured["same"], measured["images"]) == (3, 4)
    assert measured["mean"] == pytest.approx(2 * 0.4 / 28)


def test_what_files_give(found):
    (_, parity), (_, costs) = tables.of("exports", found)
    assert list(parity["Format"]) == ["ONNX", "ONNX", "LiteRT"]
    assert list(parity["Same answer"]) == ["193 of 193", "193 of 193", "180 of 193"]
    assert list(costs["Stored"]) == ["fp16", "int8, calibrated"]
    assert costs["Change of mean recall"].iloc[1] == "-0.0500 [-0.0800, -0.0200]"


def test_a_distance_that_is_lost_shows(found):
    found["exports"]["exports"][-1]["parity"]["validation"] = {**FAR, "distance": 52.0}
    # Stored in int8 and not calibrated, but off as well.
    weights = {**FAR, "distance": 8.8}
    found["exports"]["exports"].append(export("litert", "int8", [0, -0.1, 0.1], parity=weights))
    costs = tables.of("exports", found)[1][1]
    assert list(costs["Distance, largest share"]) == ["1.0 · 10⁻⁴", "52", "8.8"]


def runtime(name, precision, seconds):
    return {"runtime": name, "precision": precision, "bytes": 10_000_000, "median": seconds,
            "min": seconds / 2, "max": 2 * seconds, "p90": seconds, "count": 3}  # fmt: skip


def test_what_times_as_fast_depends_on():
    def backbone(scale):
        rows = [
            runtime("keras", "fp32", 0.05 + 0.01 * scale),
            runtime("onnx", "fp32", 0.01 * scale),
        ]
        rows += [runtime("onnx", "int8", 0.005 * scale),
                 {"runtime": "litert", "precision": "int8", "error": "ValueError: no"}]  # fmt: skip
        return {"input_size": 224, "parameters": 3_000_000, "runtimes": rows,
                "loads": [0.5 * scale, None]}  # fmt: skip

    record = {**MACHINE, "recipe": "clean", "threads": 1, "visits": 2, "repeats": 3,
              "backbones": {"MobileNetV3Large": backbone(1), "DenseNet201": backbone(20)}}  # fmt: skip
    found = {"runtimes": record}
    made = dict(tables.of("runtimes", found))
    assert made["Runtimes in fp32"]["ONNX Runtime, ms"].iloc[1] == "200 [100, 400]"
    assert made["Lower precisions"]["LiteRT, int8, ms"].iloc[0] == "failed"
    assert made["Sizes"]["ONNX, fp32"].iloc[0] == "10"
    ratios = made["Ratios"].set_index(["Runtime", "Precision"])["DenseNet201 / MobileNetV3Large"]
    assert ratios["ONNX Runtime", "fp32"] == "20"
    assert ratios["Keras", "fp32"] == "4.17"
    speedups = tables_exports.speedups(found).set_index(["Runtime", "Precision"])
    assert speedups.loc[("ONNX Runtime", "int8"), "Times as fast, median"] == "2"


def test_backbones_of_another_machine_do_not_enter_the_table(tmp_path):
    stored = {"device": "a phone", "backbones": {}}
    (tmp_path / "runtimes.json").write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(ValueError, match="a phone.*without --backbone"):
        runtimes.measure(backbones=["MobileNet"], folder=tmp_path, progress=False)


def test_a_bench_that_is_cut_leaves_the_table_that_was_there(tmp_path, monkeypatch):
    class Cut:
        def __init__(self, name, *_):
            self.name = name

        def visit(self, _):
            if self.name == "NASNetMobile":
                raise KeyboardInterrupt

        def result(self):
            return {"runtimes": []}

    monkeypatch.setattr(runtimes, "_Case", Cut)
    whole = tmp_path / "runtimes.json"
    whole.write_text("all of them", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        runtimes.measure(folder=tmp_path, progress=False)
    assert whole.read_text(encoding="utf-8") == "all of them"
    partial = json.loads((tmp_path / "runtimes.partial.json").read_text(encoding="utf-8"))
    assert list(partial["backbones"]) == ["MobileNetV3Small", "MobileNetV2", "MobileNetV3Large"]


@pytest.mark.parametrize("name", ["latency", "runtimes", "step"])
def test_the_committed_tables_have_all_backbones(name):
    path = paths.RESULTS / "bench" / f"{name}.json"
    found = json.loads(path.read_text(encoding="utf-8"))["backbones"]
    # Other tests add a network of their own (tests/tiny.py).
    assert set(found) == set(BACKBONES) - {"Tiny"}


def test_the_committed_runtimes_were_visited_alike():
    """All cells of Table 6 are there, from one process and so often as it says."""
    record = json.loads((paths.RESULTS / "bench" / "runtimes.json").read_text(encoding="utf-8"))
    for row in record["backbones"].values():
        assert len(row["loads"]) == record["visits"]
        assert [(r["runtime"], r["precision"]) for r in row["runtimes"]] == [*runtimes.VARIANTS]
        counts = {r["count"] for r in row["runtimes"] if "error" not in r}
        assert counts == {record["visits"] * record["repeats"]}
