"""One form of an ONNX graph: the same file whenever a model is written.

Names from the converter depend on what else was built in a process, and the order of its nodes
and a few of its simplifications on the order in which Python happens to keep a set.
"""

import numpy as np


def canonical(proto):
    """Return the graph of an ``onnx.ModelProto`` in its one form, computing the same.

    Nodes come in the order in which the outputs need them, names inside it are numbers in that
    order, and what no output needs is left out.
    """
    import onnx

    found = onnx.ModelProto()
    found.CopyFrom(proto)
    graph = found.graph
    _write_out_sizes(found)
    nodes = _in_order(graph)
    names = {each.name: each.name for each in (*graph.input, *graph.output)}
    for place, node in enumerate(nodes):
        node.name, node.doc_string = f"{node.op_type}_{place}", ""
        for given in (node.input, node.output):
            # An input that is left out has an empty name.
            given[:] = [name and names.setdefault(name, str(len(names))) for name in given]
    stored = {each.name: _copy(each) for each in graph.initializer}
    stored = [(new, stored[old]) for old, new in names.items() if old in stored]
    for name, each in stored:
        each.name = name
    for field in ("node", "initializer", "value_info", "doc_string"):
        graph.ClearField(field)
    graph.node.extend(nodes)
    graph.initializer.extend(each for _, each in stored)
    return found


def _copy(message):
    return type(message).FromString(message.SerializeToString())


def _write_out_sizes(proto):
    """Give each Reshape its sizes as numbers where all but the batch are known."""
    import onnx

    graph = proto.graph
    inferred = onnx.shape_inference.infer_shapes(proto, data_prop=True).graph.value_info
    shapes = {each.name: each.type.tensor_type.shape.dim for each in inferred}
    fixed = {each.name for each in graph.initializer}
    for node in graph.node:
        sizes = [each.dim_value for each in shapes.get(node.output[0], ())][1:]
        if node.op_type == "Reshape" and node.input[1] not in fixed and sizes and all(sizes):
            node.input[1] += "_known"
            known = np.array([-1, *sizes], np.int64)
            graph.initializer.append(onnx.numpy_helper.from_array(known, node.input[1]))


def _in_order(graph):
    """Return copies of the nodes that the outputs need, each after those that it needs itself."""
    makers = {name: node for node in graph.node for name in node.output}
    waiting, done = [each.name for each in reversed(graph.output)], {}
    while waiting:
        node = makers.get(waiting[-1])
        before = [] if node is None else [name for name in node.input if name in makers]
        before = [name for name in before if makers[name].output[0] not in done]
        if before:
            waiting += reversed(before)
        else:
            waiting.pop()
            if node is not None:
                done.setdefault(node.output[0], _copy(node))
    return list(done.values())
