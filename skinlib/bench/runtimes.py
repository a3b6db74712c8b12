"""How long one photograph takes by backbone, runtime and precision: the paper's Table 6, redone.

Every backbone is visited in turn, several times: its files are opened, each answers unmeasured
once, and they take turns. So whatever else the machine does falls on all runtimes of a backbone
alike, and no more than one backbone's files lie in memory. They are written before the first
visit.
"""

import json
import math
import types
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from skinlib.bench import timing
from skinlib.common.files import write_json

# Runtime, precision and how int8 is meant: `static` computes in int8, `weights` stores in it.
VARIANTS = (
    ("keras", "fp32"), ("onnx", "fp32"), ("onnx", "fp16"), ("onnx", "int8"), ("litert", "fp32"),
    ("litert", "fp16"), ("litert", "int8"), ("openvino", "fp32"), ("openvino", "fp16"),
    ("openvino", "int8"),
)  # fmt: skip
SUFFIXES = {"onnx": ".onnx", "litert": ".tflite", "openvino": ".xml"}
# Random pictures for int8: only its time is measured here.
CALIBRATION = 2


def measure(*, backbones=None, recipe="md-as-logged", visits=3, repeats=3, quick=False, folder=None,
            progress=True):  # fmt: skip
    """Time the classification of single images on one thread.

    Random weights cost the same as trained ones. After each backbone what there is so far is
    written beside ``runtimes.json``, so that a bench that is cut leaves that and the table
    that was there before.

    Parameters
    ----------
    backbones : sequence of str, optional
        The whole table by default; else those that `folder` has of the others stay.
    recipe : str
    visits, repeats : int
        Every backbone is visited so often, and asked so often on each visit.
    quick : bool
        One network, one visit.
    folder : pathlib.Path, optional
        Where ``runtimes.json`` is, and ``runtimes.partial.json`` goes.
    progress : bool

    Returns
    -------
    dict
        `skinlib.bench.timing.machine`, ``recipe``, ``visits``, ``repeats``, ``variants`` and
        ``backbones``: by name ``input_size``, ``parameters``, ``loads`` (the load average over
        a minute before each visit) and ``runtimes``, a list of ``runtime``, ``precision``,
        ``bytes`` and the spread of the seconds; ``error`` where a conversion failed.

    Raises
    ------
    ValueError
        If the other backbones of the file in `folder` were timed on another machine or with
        other versions.
    """
    import tempfile

    from tqdm import tqdm

    from skinlib.models.backbones import BACKBONES

    names = list(backbones or (["MobileNet"] if quick else sorted(BACKBONES, key=_small_first)))
    visits = 1 if quick else visits
    path = None if folder is None else Path(folder) / "runtimes.json"
    partial = path and path.with_suffix(".partial.json")
    found = {**timing.machine(), "quick": quick, "recipe": recipe, "threads": 1, "visits": 0,
             "repeats": repeats, "runtime_versions": _versions(), "backbones": {}}  # fmt: skip
    if path is not None and backbones and path.is_file():
        _check_joinable(path, found)
    with tempfile.TemporaryDirectory() as temporary:
        cases = {}
        for visit in range(visits):
            for name in tqdm(names, desc=f"visit {visit + 1}", disable=not progress):
                if name not in cases:
                    cases[name] = _Case(name, recipe, Path(temporary) / name)
                cases[name].visit(repeats)
                found["backbones"][name] = cases[name].result()
                found |= {"visits": visit + 1, "load_after": timing.load()}
                if partial is not None:
                    write_json(partial, found)
    return found


def _check_joinable(path, found):
    """Refuse to let backbones be measured that may not stand beside those of a file."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    for name in ("device", "recipe", "runtime_versions"):
        if stored.get(name) != found[name]:
            msg = (
                f"{path} was measured with {name} {stored.get(name)!r}, here it is "
                f"{found[name]!r}: they do not belong into one table; measure all backbones, "
                "without --backbone"
            )
            raise ValueError(msg)


def _small_first(name):
    from skinlib.models.backbones import get_backbone

    # VGG16, whose dense layers hold more than all else, has no logged count.
    return get_backbone(name).logged_parameters or math.inf


def _versions():
    from importlib import metadata

    names = ("onnxruntime", "ai-edge-litert", "openvino", "tensorflow", "keras")
    return {name: metadata.version(name) for name in names}


class _Case:
    """One backbone: its files, and the seconds measured so far."""

    def __init__(self, name, recipe, folder):
        self.model, several = _network(name, recipe)
        self.one = {key: values[:1] for key, values in several.items()}
        folder.mkdir()
        self.files = {
            variant: folder / f"{'-'.join(variant)}{SUFFIXES[variant[0]]}"
            for variant in VARIANTS
            if variant[0] in SUFFIXES
        }
        self.errors = _write_apart(name, recipe, self.files)
        self.seconds = {variant: [] for variant in VARIANTS if variant not in self.errors}
        described = {"input_size": several["image"].shape[1]}
        self.described = {**described, "parameters": self.model.count_params(), "loads": []}

    def visit(self, repeats):
        """Open all files, let each answer once, then take turns."""
        from skinlib.predict.export.running import opened

        self.described["loads"].append((timing.load() or [None])[0])
        callers = {("keras", "fp32"): self.model.predict_on_batch}
        callers |= {
            variant: opened(path, 1) for variant, path in self.files.items()
            if variant not in self.errors
        }  # fmt: skip
        for variant, call in list(callers.items()):
            try:
                call(self.one)
            except Exception as error:
                self.errors[variant] = _first_line(error)
                self.seconds.pop(variant)
                del callers[variant]
        cases = {key: (lambda call=call: call(self.one)) for key, call in callers.items()}
        for variant, values in timing.interleave(cases, repeats, progress=False).items():
            self.seconds[variant] += values

    def result(self):
        rows = []
        for variant in VARIANTS:
            row = {"runtime": variant[0], "precision": variant[1]}
            if variant in self.errors:
                rows.append({**row, "error": self.errors[variant]})
            elif self.seconds[variant]:
                rows.append({**row, **self._bytes(variant), **timing.spread(self.seconds[variant])})
        return {**self.described, "runtimes": rows}

    def _bytes(self, variant):
        path = self.files.get(variant)
        if path is None:
            return {"bytes": None}
        both = [path, path.with_suffix(".bin")] if path.suffix == ".xml" else [path]
        return {"bytes": sum(each.stat().st_size for each in both)}


def _network(name, recipe):
    """Build the exported network of a backbone, with random weights, and some pictures for it."""
    from skinlib.experiments.recipes import get_recipe
    from skinlib.models.backbones import get_backbone
    from skinlib.models.classifier import build_classifier
    from skinlib.predict.export.graph import servable

    recipe, size = get_recipe(recipe), get_backbone(name).input_size
    model = servable(
        types.SimpleNamespace(
            recipe=recipe, model=build_classifier(name, recipe), likeness=None,
            record={"backbone": name, "input_size": size},
        )
    )  # fmt: skip
    rng = np.random.default_rng(0)
    several = {"image": rng.integers(0, 256, (CALIBRATION, size, size, 3), dtype=np.uint8)}
    if recipe.metadata:
        several["metadata"] = rng.normal(size=(CALIBRATION, 21)).astype(np.float32)
    return model, several


def _write_apart(name, recipe, files):
    """Write the files in a process of its own: converters keep what they have built in memory.

    Returns
    -------
    dict
        What failed, by variant.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(_write, name, recipe, files).result()
        except BrokenProcessPool:
            return dict.fromkeys(files, "the process that converted it was ended, by the system?")


def _write(name, recipe, files):
    import onnx

    from skinlib.predict.export import to_litert, to_onnx, to_openvino

    model, pictures = _network(name, recipe)
    errors, plain = {}, None
    for variant, path in files.items():
        runtime, precision = variant
        try:
            if variant == ("onnx", "fp32"):
                plain = to_onnx.convert(model)
                to_onnx.write(path, plain, {})
            elif runtime == "onnx":
                proto = onnx.ModelProto()
                proto.CopyFrom(plain)
                if precision == "int8":
                    proto = to_onnx.quantise(proto, pictures)
                else:
                    to_onnx.shrink(proto, precision)
                to_onnx.write(path, proto, {})
            elif runtime == "openvino":
                source = files["onnx", "int8" if precision == "int8" else "fp32"]
                to_openvino.write(source, path, precision, {})
            else:
                path.write_bytes(to_litert.convert(model, precision))
        except Exception as error:
            # One of many that cannot be converted is a result too.
            errors[variant] = _first_line(error)
    return errors


def _first_line(error):
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
