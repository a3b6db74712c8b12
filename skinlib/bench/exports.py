"""What the released model's exported files answer, against Keras: every runtime and precision.

Parity is measured on the photographs of the data's folder ``validation``; what storing less
costs on the validation part, with the interval of the paired change over lesions. One view.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from skinlib.bench import timing

# Format, precision, and whether int8 is computed in too.
VARIANTS = (
    ("onnx", "fp32", False), ("litert", "fp32", False), ("openvino", "fp32", False),
    ("onnx", "fp16", False), ("litert", "fp16", False), ("openvino", "fp16", False),
    ("onnx", "int8", False), ("litert", "int8", False), ("openvino", "int8", False),
    ("onnx", "int8", True), ("litert", "int8", True), ("openvino", "int8", True),
)  # fmt: skip
SCORES = ("mean recall", "AUC, macro")
BATCH = 16
FOLDER = "validation"


def measure(*, quick=False, progress=True):
    """Export the newest released model in every way, and compare the answers with Keras'.

    The data are those of ``SKINLIB_DATA``. A folder without photographs in ``validation``
    leaves out the parity on them.

    Parameters
    ----------
    quick : bool
        Two ways, some pictures.
    progress : bool

    Returns
    -------
    dict
        `skinlib.bench.timing.machine`, ``model``, ``photographs`` and ``validation`` (how many
        pictures), ``calibration``, ``keras`` (scores by name with their interval) and
        ``exports``: a list of ``format``, ``precision``, ``calibrated``, ``bytes``, ``seconds``
        and by kind of picture ``parity``; with ``scores`` where less than float32 is stored.
    """
    from tqdm import tqdm

    from skinlib.predict import released
    from skinlib.predict.export import calibration
    from skinlib.predict.export.graph import servable
    from skinlib.predict.release_measuring import prepare

    classifier = released.load(released.newest())
    prepared = prepare(classifier, progress=progress)
    part, table = prepared.parts["validation"], prepared.tables["validation"]
    chosen = np.arange(len(part))[: 40 if quick else None]
    given = {"validation": calibration.inputs(part, chosen)}
    photographs = _photographs(classifier, prepared.dataset.folder / FOLDER, 8 if quick else None)
    if photographs:
        given["photographs"] = photographs
    train = prepared.parts["train"]
    count = 8 if quick else calibration.COUNT
    pictures = calibration.inputs(train, np.linspace(0, len(train) - 1, count).astype(int))
    model = servable(classifier)
    exact = {kind: _all(model.predict_on_batch, inputs) for kind, inputs in given.items()}
    pair = _Pairs(part.labels[chosen], table["lesion_id"].to_numpy()[chosen])
    found = {
        **timing.machine(),
        "quick": quick,
        "model": classifier.record["name"],
        "input_size": classifier.record["input_size"],
        "photographs": len(photographs["image"]) if photographs else 0,
        "validation": len(chosen),
        "calibration": count,
        "keras": pair.scores(exact["validation"]["probabilities"]),
        "exports": [],
    }
    variants = (("onnx", "fp32", False), ("onnx", "fp16", False)) if quick else VARIANTS
    for format, precision, calibrated in tqdm(variants, unit="file", disable=not progress):
        use = pictures if calibrated else None
        row = _compared(classifier, format, precision, use, given, exact, pair)
        found["exports"].append(row)
    return found


def _photographs(classifier, folder, count):
    """Return inputs of all photographs of a folder; nothing is known of the patients."""
    paths = sorted(Path(folder).glob("*.jpg"))[:count]
    if not paths:
        return None
    inputs = {"image": np.stack([classifier.prepare(path) for path in paths])}
    if classifier.recipe.metadata:
        from skinlib.predict.release_measuring import UNKNOWN

        inputs["metadata"] = classifier.encoder.transform(pd.DataFrame([UNKNOWN] * len(paths)))
    return inputs


def _compared(classifier, format, precision, pictures, given, exact, pair):
    """Export once; return what the file answers beside what Keras answers."""
    from skinlib.predict.export import FORMATS, export
    from skinlib.predict.export.running import opened

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{FORMATS[format][1]}"
        start = time.monotonic()
        made = export(classifier, format, path, precision, pictures=pictures)
        seconds = time.monotonic() - start
        run = opened(path, threads=1)
        # In float32 nothing is left to score once the answers are the same.
        kinds = [kind for kind in given if precision != "fp32" or kind == "photographs"]
        answers = {kind: _all(run, given[kind]) for kind in kinds or given}
    row = {
        "format": format,
        "precision": precision,
        "calibrated": pictures is not None,
        "bytes": sum(each["bytes"] for each in made["files"].values()),
        "seconds": round(seconds, 1),
        "parity": {kind: parity(exact[kind], answers[kind]) for kind in answers},
    }
    if precision != "fp32":
        probabilities = [each["validation"]["probabilities"] for each in (exact, answers)]
        row["scores"] = pair.change(*probabilities)
    return row


def _all(run, inputs):
    """Return the outputs of all pictures, some at a time."""
    count = len(inputs["image"])
    found = [
        run({name: values[start : start + BATCH] for name, values in inputs.items()})
        for start in range(0, count, BATCH)
    ]
    return {name: np.concatenate([np.asarray(each[name]) for each in found]) for name in found[0]}


def parity(exact, other):
    """Return how far outputs are from those of Keras.

    Parameters
    ----------
    exact, other : dict of str to numpy.ndarray
        ``probabilities`` (n, 7) and perhaps ``attention`` and ``distance``.

    Returns
    -------
    dict
        Largest absolute difference by output, that of ``distance`` as a share of the distance;
        ``mean`` of the probabilities'; ``same`` answers of all ``images``.
    """
    found = {}
    for name, values in exact.items():
        change = np.abs(other[name] - values)
        found[name] = float((change / np.abs(values) if name == "distance" else change).max())
    first, second = (each["probabilities"] for each in (exact, other))
    found["mean"] = float(np.abs(second - first).mean())
    found["same"] = int((first.argmax(axis=1) == second.argmax(axis=1)).sum())
    return {**found, "images": len(first)}


class _Pairs:
    """Scores of the validation part, and paired changes of them."""

    def __init__(self, labels, lesions):
        self.labels, self.lesions = labels, lesions

    def scores(self, probabilities):
        """Return the scores with their intervals."""
        from skinlib.stats import bootstrap, scores

        weights = bootstrap.cluster_weights(self.lesions)
        columns = scores.scores(weights, self.labels, probabilities).T
        return {
            name: _plain(bootstrap.estimate(columns[scores.SCORES.index(name)])) for name in SCORES
        }

    def change(self, exact, other):
        """Return the change of each score, other minus exact, with its interval."""
        from skinlib.stats import paired, scores

        effect = paired.effect([paired.Pair(self.labels, exact, other, self.lesions)])
        return {name: _plain(effect.estimate(scores.SCORES.index(name))) for name in SCORES}


def _plain(estimate):
    return [float(estimate.value), float(estimate.low), float(estimate.high)]
