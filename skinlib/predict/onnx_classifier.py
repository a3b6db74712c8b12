"""A released model in ONNX Runtime, which answers as Keras does in a tenth of the time to start."""

import os

from skinlib.common.errors import IntegrityError
from skinlib.predict.export import running
from skinlib.predict.model import Predictor


class OnnxClassifier(Predictor):
    """A released model whose network, with its out-of-distribution check, is an ONNX graph.

    Parameters
    ----------
    record : dict
        Of ``model.json``.
    graph : bytes
        What `skinlib.predict.export` wrote as ONNX, its hash checked.
    rule : skinlib.predict.abstention.Rule, optional

    Raises
    ------
    IntegrityError
        ONNX Runtime does not take the graph.
    """

    # What a processor keeps near: more at a time is slower.
    batch = 8

    def __init__(self, record, graph, *, rule=None):
        import onnxruntime

        super().__init__(record, rule)
        self.runtime = f"ONNX Runtime {onnxruntime.__version__}"
        try:
            self._run = running.onnx(graph, threads=_cores())
        # It has no error of its own that all of its errors are.
        except Exception as error:
            msg = (
                f"ONNX Runtime cannot read the network of '{self.name}' ({error}); "
                "fetch its folder again"
            )
            raise IntegrityError(msg) from error

    def _inside(self, inputs):
        found = self._run(inputs)
        return {
            "probabilities": found["probabilities"],
            "colours": None,
            "features": None,
            "distances": found["distance"],
            "maps": found.get("attention"),
        }

    def _probabilities(self, inputs):
        return self._run(inputs, ["probabilities"])["probabilities"]


def _cores():
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count()
