"""How long one photograph takes by backbone, runtime and precision.

Every backbone is visited in turn, several times: its files are opened, each is called once
unmeasured, and then they take turns, so that other work on the machine falls on all runtimes of
a backbone alike.
"""

import importlib.metadata
import tempfile
import types
from pathlib import Path

import numpy as np

from skinlib.bench import timing
from skinlib.experiments.recipes import get_recipe
from skinlib.models.backbones import BACKBONES, get_backbone

RECIPE, VISITS, REPEATS = "md-as-logged", 3, 3
KERAS = ("keras", "fp32")
PRECISIONS = ("fp32", "fp16", "int8")
SUFFIXES = {"onnx": ".onnx", "litert": ".tflite", "openvino": ".xml"}
VARIANTS = (KERAS, *((runtime, precision) for runtime in SUFFIXES for precision in PRECISIONS))
PACKAGES = ("onnxruntime", "ai-edge-litert", "openvino", "tensorflow", "keras")
# Random pictures that int8 is calibrated on: only its time is measured here.
CALIBRATION = 2


def measure(*, backbones=None, quick=False):
    """Time the classification of single images on one thread; see `skinlib.bench`.

    Returns
    -------
    dict
        By backbone ``input_size``, ``parameters`` and ``runtimes``: rows of ``runtime``,
        ``precision`` and the spread of the seconds, or ``error`` where a conversion failed.
    """
    from tqdm import tqdm

    names = backbones or (["MobileNet"] if quick else list(BACKBONES))
    visits = 1 if quick else VISITS
    found = {
        **timing.machine(), "quick": quick, "recipe": RECIPE, "threads": 1, "visits": visits,
        "repeats": REPEATS,
        "runtime_versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        cases = {}
        for visit in range(visits):
            for name in tqdm(names, desc=f"visit {visit + 1}", disable=None):
                if name not in cases:
                    cases[name] = _Case(name, Path(temporary))
                cases[name].visit()
    return {**found, "backbones": {name: case.result() for name, case in cases.items()}}


class _Case:
    """One backbone: its files, and the seconds measured so far."""

    def __init__(self, name, folder):
        self.model, several = network(name)
        self.one = {key: values[:1] for key, values in several.items()}
        size, parameters = several["image"].shape[1], self.model.count_params()
        self.about = {"input_size": size, "parameters": parameters}
        self.files = {
            (runtime, precision): folder / f"{name}-{runtime}-{precision}{SUFFIXES[runtime]}"
            for runtime, precision in VARIANTS[1:]
        }
        try:
            # Converters keep in memory what they have built.
            self.errors = timing.apart(_write, name, self.files)
        except timing.ProcessError as error:
            self.errors = dict.fromkeys(self.files, str(error))
        self.seconds = {variant: [] for variant in VARIANTS}

    def visit(self):
        """Open all files, call each once, then take turns."""
        from skinlib.predict.export.running import opened

        cases = {}
        for variant in VARIANTS:
            if variant in self.errors:
                continue
            try:
                keras = variant == KERAS
                call = self.model.predict_on_batch if keras else opened(self.files[variant], 1)
                call(self.one)
                cases[variant] = lambda call=call: call(self.one)
            except Exception as error:
                self.errors[variant] = timing.first_line(error)
        for variant, values in timing.interleave(cases, REPEATS).items():
            self.seconds[variant] += values

    def result(self):
        """Return what was measured, as plain values."""
        rows = []
        for variant in VARIANTS:
            row = dict(zip(("runtime", "precision"), variant, strict=True))
            if variant in self.errors:
                rows.append({**row, "error": self.errors[variant]})
            else:
                rows.append({**row, **timing.spread(self.seconds[variant])})
        return {**self.about, "runtimes": rows}


def network(name):
    """Return the network of a backbone as it is exported, with random weights, and inputs."""
    from skinlib.models.classifier import build_classifier
    from skinlib.predict.export.graph import servable

    recipe, size = get_recipe(RECIPE), get_backbone(name).input_size
    # What `servable` reads of a classifier.
    classifier = types.SimpleNamespace(
        recipe=recipe, model=build_classifier(name, recipe), detector=None,
        record={"backbone": name, "input_size": size},
    )  # fmt: skip
    rng = np.random.default_rng(0)
    return servable(classifier), {
        "image": rng.integers(0, 256, (CALIBRATION, size, size, 3), dtype=np.uint8),
        "metadata": rng.normal(size=(CALIBRATION, 21)).astype(np.float32),
    }


def _write(name, files):
    """Write a file of each variant; return the errors by variant."""
    from skinlib.predict.export import formats

    model, pictures = network(name)
    errors, graphs = {}, {}
    for (runtime, precision), path in files.items():
        try:
            if runtime == "onnx":
                plain = graphs.get("fp32") or formats.to_onnx(model)
                given = pictures if precision == "int8" else None
                graphs[precision] = formats.smaller(plain, precision, pictures=given)
                formats.save_onnx(graphs[precision], path)
            elif runtime == "openvino":
                stored = "int8" if precision == "int8" else "fp32"
                formats.save_openvino(graphs[stored], path, precision)
            else:
                formats.save_litert(model, path, precision)
        except Exception as error:
            # A backbone that a runtime cannot take is a result too.
            errors[runtime, precision] = timing.first_line(error)
    return errors
