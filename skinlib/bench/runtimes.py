"""How long one photograph takes by backbone, runtime and precision.

Every backbone is visited in turn, several times: its files are opened, each is called once
unmeasured, and then they take turns, so that other work on the machine falls on all runtimes of
a backbone alike.
"""

import importlib.metadata
import math
import tempfile
import types
from pathlib import Path

import numpy as np

from skinlib.bench import timing
from skinlib.experiments.recipes import get_recipe
from skinlib.models.backbones import BACKBONES, get_backbone

KERAS = ("keras", "fp32")
VARIANTS = (
    KERAS, ("onnx", "fp32"), ("onnx", "fp16"), ("onnx", "int8"), ("litert", "fp32"),
    ("litert", "fp16"), ("litert", "int8"), ("openvino", "fp32"), ("openvino", "fp16"),
    ("openvino", "int8"),
)  # fmt: skip
SUFFIXES = {"onnx": ".onnx", "litert": ".tflite", "openvino": ".xml"}
PACKAGES = ("onnxruntime", "ai-edge-litert", "openvino", "tensorflow", "keras")
# Random pictures that int8 is calibrated on: only its time is measured here.
CALIBRATION = 2


def measure(*, backbones=None, recipe="md-as-logged", visits=3, repeats=3, quick=False,
            progress=True):  # fmt: skip
    """Time the classification of single images on one thread; see `skinlib.bench`.

    Parameters
    ----------
    backbones : sequence of str, optional
    recipe : str
    visits, repeats : int
        How often each backbone is visited, and each runtime timed on a visit.
    quick, progress : bool

    Returns
    -------
    dict
        By backbone ``input_size``, ``parameters``, ``loads`` (before each visit) and
        ``runtimes``: rows of ``runtime``, ``precision``, ``bytes`` and the spread of the seconds,
        or ``error`` where a conversion failed.
    """
    from tqdm import tqdm

    # VGG16, the largest, has no logged count.
    small_first = sorted(BACKBONES, key=lambda name: BACKBONES[name].logged_parameters or math.inf)
    names = backbones or (["MobileNet"] if quick else small_first)
    visits = 1 if quick else visits
    found = {
        **timing.machine(), "quick": quick, "recipe": recipe, "threads": 1, "visits": visits,
        "repeats": repeats,
        "runtime_versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        cases = {}
        for visit in range(visits):
            for name in tqdm(names, desc=f"visit {visit + 1}", disable=not progress):
                if name not in cases:
                    cases[name] = _Case(name, recipe, Path(temporary) / name)
                cases[name].visit(repeats)
        rows = {name: case.result() for name, case in cases.items()}
    return {**found, "load_after": timing.load(), "backbones": rows}


class _Case:
    """One backbone: its files, and the seconds measured so far."""

    def __init__(self, name, recipe, folder):
        self.model, several = network(name, recipe)
        self.one = {key: values[:1] for key, values in several.items()}
        size, parameters = several["image"].shape[1], self.model.count_params()
        self.about = {"input_size": size, "parameters": parameters, "loads": []}
        folder.mkdir()
        self.files = {
            variant: folder / f"{'-'.join(variant)}{SUFFIXES[variant[0]]}"
            for variant in VARIANTS
            if variant != KERAS
        }
        try:
            # Converters keep in memory what they have built.
            self.errors = timing.apart(_write, name, recipe, self.files)
        except timing.ProcessError as error:
            self.errors = dict.fromkeys(self.files, str(error))
        self.seconds = {variant: [] for variant in VARIANTS}

    def visit(self, repeats):
        """Open all files, call each once, then take turns."""
        from skinlib.predict.export.running import opened

        self.about["loads"].append((timing.load() or [None])[0])
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
        for variant, values in timing.interleave(cases, repeats, progress=False).items():
            self.seconds[variant] += values

    def result(self):
        """Return what was measured, as plain values."""
        rows = []
        for variant in VARIANTS:
            row = dict(zip(("runtime", "precision"), variant, strict=True))
            if variant in self.errors:
                rows.append({**row, "error": self.errors[variant]})
            else:
                path = self.files.get(variant)
                files = [path, path.with_suffix(".bin")] if path else []
                size = sum(each.stat().st_size for each in files if each.is_file())
                rows.append({**row, "bytes": size or None, **timing.spread(self.seconds[variant])})
        return {**self.about, "runtimes": rows}


def network(name, recipe):
    """Return the network of a backbone as it is exported, with random weights, and inputs."""
    from skinlib.models.classifier import build_classifier
    from skinlib.predict.export.graph import servable

    recipe, size = get_recipe(recipe), get_backbone(name).input_size
    record = {"backbone": name, "input_size": size}
    model = build_classifier(name, recipe)
    # What `servable` reads of a classifier.
    fields = {"recipe": recipe, "model": model, "detector": None, "record": record}
    rng = np.random.default_rng(0)
    inputs = {"image": rng.integers(0, 256, (CALIBRATION, size, size, 3), dtype=np.uint8)}
    if recipe.metadata:
        inputs["metadata"] = rng.normal(size=(CALIBRATION, 21)).astype(np.float32)
    return servable(types.SimpleNamespace(**fields)), inputs


def _write(name, recipe, files):
    """Write a file of each variant; return the errors by variant."""
    from skinlib.predict.export import formats

    model, pictures = network(name, recipe)
    errors, plain = {}, None
    for variant, path in files.items():
        runtime, precision = variant
        try:
            if runtime == "onnx":
                plain = plain or formats.to_onnx(model)
                given = pictures if precision == "int8" else None
                formats.save_onnx(formats.smaller(plain, precision, pictures=given), path, {})
            elif runtime == "openvino":
                source = files["onnx", "int8" if precision == "int8" else "fp32"]
                formats.save_openvino(source, path, precision, {})
            else:
                formats.save_litert(model, path, precision)
        except Exception as error:
            # A backbone that a runtime cannot take is a result too.
            errors[variant] = timing.first_line(error)
    return errors
