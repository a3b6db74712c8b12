"""Write a trained model for other runtimes: ``python -m skinlib export``.

One graph (`skinlib.predict.export.graph`) with the preprocessing in it becomes ONNX, LiteRT,
OpenVINO or Keras' own file, and a JSON file beside it says how to call it.
"""

from skinlib.predict.export.writing import FORMATS, PRECISIONS, export

__all__ = ["FORMATS", "PRECISIONS", "export"]
