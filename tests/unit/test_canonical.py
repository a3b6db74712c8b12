"""The one form of an ONNX graph: whatever its names and the order of its nodes, the same bytes."""

import numpy as np
import pytest

from skinlib.predict.export import running
from skinlib.predict.export.canonical import canonical

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def graph(names, order, sizes):
    """Return x (n, 2, 3) flattened, times a kernel; `sizes` computed, or as numbers."""
    from onnx import helper, numpy_helper

    one, kernel, flat, shape, first, pair, extra = names
    nodes = {
        "shape": helper.make_node("Shape", ["x"], [shape]),
        "first": helper.make_node("Gather", [shape, f"{one}0"], [first]),
        "pair": helper.make_node("Concat", [first, f"{one}6"], [pair], axis=0),
        "flat": helper.make_node("Reshape", ["x", pair], [flat]),
        "fixed": helper.make_node("Reshape", ["x", f"{one}s"], [flat]),
        "extra": helper.make_node("Neg", ["x"], [extra]),
        "y": helper.make_node("MatMul", [flat, kernel], ["y"], name=kernel, doc_string=extra),
    }
    numbers = {
        f"{one}0": np.array([0]), f"{one}6": np.array([6]),
        f"{one}s": np.array([-1, 6]), kernel: np.arange(12, dtype=np.float32).reshape(6, 2),
    }  # fmt: skip
    left_out = "fixed" if sizes == "computed" else "flat"
    kind = onnx.TensorProto.FLOAT
    found = helper.make_graph(
        [nodes[name] for name in order if name != left_out],
        "graph",
        [helper.make_tensor_value_info("x", kind, ["n", 2, 3])],
        [helper.make_tensor_value_info("y", kind, ["n", 2])],
        [numpy_helper.from_array(value, name) for name, value in numbers.items()],
        doc_string=extra,
    )
    return helper.make_model(found, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


FIRST = graph("abcdefg", ["shape", "first", "pair", "flat", "fixed", "y", "extra"], "computed")


@pytest.mark.parametrize(
    ("names", "order", "sizes"),
    [
        ("gfedcba", ["shape", "first", "pair", "flat", "fixed", "y", "extra"], "computed"),
        ("abcdefg", ["extra", "shape", "first", "pair", "flat", "fixed", "y"], "computed"),
        ("hijklmn", ["shape", "first", "pair", "extra", "flat", "fixed", "y"], "as numbers"),
    ],
)
def test_one_form(names, order, sizes):
    found = canonical(graph(names, order, sizes))
    assert found.SerializeToString() == canonical(FIRST).SerializeToString()
    onnx.checker.check_model(found)
    assert [node.op_type for node in found.graph.node] == ["Reshape", "MatMul"]
    assert len(found.graph.initializer) == 2


def test_it_computes_the_same():
    x = np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float32)
    for proto in (FIRST, canonical(FIRST)):
        found = running.onnx(proto.SerializeToString())({"x": x})["y"]
        expected = x.reshape(4, 6) @ np.arange(12, dtype=np.float32).reshape(6, 2)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
