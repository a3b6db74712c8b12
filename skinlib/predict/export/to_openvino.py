"""The graph of an ONNX file as OpenVINO's: a graph in XML, and beside it the weights."""

from skinlib.common.process import quiet


def write(source, path, precision, properties):
    """Convert an ONNX file.

    Parameters
    ----------
    source : pathlib.Path
        From `skinlib.predict.export.to_onnx`; float32 for fp16, which OpenVINO rounds itself.
    path : pathlib.Path
        Ends in ``.xml``; the weights go to a file of the same name in ``.bin``.
    precision : {'fp32', 'fp16', 'int8'}
    properties : dict of str to str
        Written into the graph.
    """
    with quiet():
        import openvino

        graph = openvino.convert_model(source)
        for key, value in properties.items():
            graph.set_rt_info(value, key)
        openvino.save_model(graph, path, compress_to_fp16=precision == "fp16")
