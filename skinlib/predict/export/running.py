"""Open exported files in their runtimes: ONNX to predict, all to test and to measure them.

Not those of Keras, which can hold code: skinlib opens none, not even its own.
"""

import os

from skinlib.common.errors import SkinlibError
from skinlib.common.process import quiet


def opened(path, threads=None):
    """Return a callable, inputs to outputs by name, for a file that `export` has just written.

    Its suffix says which runtime. The callable raises `SkinlibError` when OpenVINO gives other
    rows than it was given: OpenVINO 2026.4.1 returns no row, and no error, for an int8 file on a
    processor that has SSE4.1 alone.
    """
    return {".onnx": onnx, ".tflite": _litert, ".xml": _openvino}[path.suffix](path, threads)


def onnx(graph, threads=None):
    """Return a callable, inputs to outputs by name, or to some, of an ONNX graph: a path or bytes.

    `threads`: by default as many as this process may have.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count()
    options.intra_op_num_threads = threads or cores
    # Waiting threads sleep. Else they take as much processor time as those that compute.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    outputs = [each.name for each in session.get_outputs()]

    def run(inputs, names=outputs):
        return dict(zip(names, session.run(names, inputs), strict=True))

    run.outputs = outputs
    return run


def _litert(path, threads):
    with quiet():
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_path=str(path), num_threads=threads)
        runner = interpreter.get_signature_runner()
    return lambda inputs: runner(**inputs)


def _openvino(path, threads):
    import openvino

    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    if threads:
        options |= {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    request = openvino.Core().compile_model(path, "CPU", options).create_infer_request()

    def run(inputs):
        outputs = {key.any_name: each for key, each in request.infer(inputs).items()}
        rows = len(next(iter(inputs.values())))
        if odd := {name for name, each in outputs.items() if len(each) != rows}:
            msg = (
                f"{path.name}: OpenVINO {openvino.__version__} gives other rows of {min(odd)} than "
                f"the {rows} of the input. It does so on a processor of SSE4.1 alone (or with "
                "ONEDNN_MAX_CPU_ISA): use the file exported in fp32"
            )
            raise SkinlibError(msg)
        return outputs

    return run
